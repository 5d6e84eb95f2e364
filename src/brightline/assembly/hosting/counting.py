"""Downloads of what is open are counted, and written down once a second: a count is not worth a disk's patience each."""

import threading
from collections import Counter
from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError

from brightline.assembly.office import Office
from brightline.storage import shelf
from brightline.storage.database import writing
from brightline.storage.shelf import Repo

PAUSE = 1.0  # seconds between the first download and its being written; a crash loses what came in it


class Counting:
    """Of one office."""

    def __init__(self, office: Office) -> None:
        self._office, self._lock = office, threading.Lock()
        self._counts = Counter[int]()

    def count(self, repo: Repo) -> None:
        with self._lock:
            first = not self._counts
            self._counts[repo.id] += 1
        if first:
            timer = threading.Timer(PAUSE, self._write)
            timer.daemon = True
            timer.start()

    def _write(self) -> None:
        with self._lock:
            counts, self._counts = self._counts, Counter()
        with suppress(SQLAlchemyError), writing(self._office.engine) as connection:
            for repo, count in counts.items():
                shelf.count_downloads(connection, repo, count)
