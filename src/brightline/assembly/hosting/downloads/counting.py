"""Downloads of what is open are counted, and written down once a second: a count is not worth a disk's patience each."""

import threading
from collections import Counter

from sqlalchemy.exc import SQLAlchemyError

from brightline.assembly.office import Office
from brightline.storage.repositories import changes
from brightline.storage.repositories.shelf import Repo
from brightline.storage.sql.database import writing

PAUSE = 1.0  # seconds between the first download and its being written; a crash loses what came in it
TRIES = 10  # of a database that is busy


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
            self._later(TRIES)

    def _later(self, tries: int) -> None:
        timer = threading.Timer(PAUSE, self._write, [tries])
        timer.daemon = True
        timer.start()

    def write(self) -> None:
        """What there is, now: the office closes."""
        self._write(1)

    def _write(self, tries: int) -> None:
        """What a busy database, or one whose disk is full, does not take is counted with what comes next, so often."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        try:
            with writing(self._office.engine) as connection:
                for repo, count in sorted(counts.items()) if counts else ():
                    changes.count_downloads(connection, repo, count)
        except (SQLAlchemyError, OSError):
            if tries > 1:
                with self._lock:
                    self._counts.update(counts)
                self._later(tries - 1)
