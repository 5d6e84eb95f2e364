"""Garbage collection: what no revision, no case and no running upload needs is removed, beside a server that goes on.

Every way in says a name before it gives it to bytes (storage.blobs.arrivals), and a name is unsaid only by a row that needs it or by
time. So whatever is looked for and removed within one transaction, with the one writer's lock, was needed by nobody.
"""

import shutil
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from stat import S_ISDIR

import obstore
from obstore.exceptions import BaseError
from sqlalchemy import Connection

from brightline.assembly.office import Office, now
from brightline.assembly.refusal import Refused
from brightline.storage import collection
from brightline.storage.accounts import charges
from brightline.storage.blobs.parcels import PREFIX as PARCELS
from brightline.storage.blobs.store import PREFIX as BLOBS
from brightline.storage.blobs.store import first_line
from brightline.storage.collection import Gone
from brightline.storage.repositories import holdings, shelf
from brightline.storage.sql.database import writing

GRACE = timedelta(days=1)  # longer than a link is good for: a client may be between its upload and its commit
LEAST = timedelta(hours=2)
PAUSE = 0.1  # seconds after which a writer that waits looks again, at the most
LOCKED = 100  # blobs that are looked up and removed by one transaction, for which all who write wait
Told = Callable[[int], None]
Idle = Callable[[Connection, Collection[str], datetime, Collection[Gone]], set[str]]


@dataclass(slots=True)
class Collected:
    """What went, or would go."""

    repos: int = 0  # looked at
    commits: int = 0
    listings: int = 0
    possessions: int = 0
    xorbs: int = 0
    files: int = 0  # blobs and parcels of the store, and what was cut off
    size: int = 0  # bytes of them


class Collecting:
    """One pass over an office. A dry one asks the same questions, and removes nothing."""

    def __init__(
        self, office: Office, grace: timedelta = GRACE, *, dry: bool = False, told: Told = lambda _: None
    ) -> None:
        self._office, self._dry, self._told = office, dry, told
        self._since = office.clock() - grace
        self._found = Collected()
        self._gone: dict[str, set[Gone]] = {PARCELS: set(), BLOBS: set()}

    def collect(self) -> Collected:
        """Raises Refused where the store does not answer; what went by then was needed by nobody."""
        with self._office.engine.begin() as connection:
            marks = collection.every_repo(connection)
        for mark in marks:
            self._repository(mark)
        self._listings()
        try:
            self._stored(PARCELS, collection.idle_parcels)
            self._stored(BLOBS, collection.idle_blobs)
            self._cut_off()
        except (BaseError, OSError) as trouble:
            raise Refused(f"the store of blobs does not answer: {first_line(trouble)}.", "STORE") from None
        self._charges()
        with self._turn() as connection:
            collection.drop_arrivals(connection, self._since)
        return self._found

    @contextmanager
    def _turn(self) -> Iterator[Connection]:
        """A transaction that no other writer shares; undone where nothing is to be removed. Who waited for it comes before the
        next one: SQLite has no queue.
        """
        with writing(self._office.engine) as connection:
            began = time.monotonic()
            yield connection
            if self._dry:
                connection.rollback()
        time.sleep(min(PAUSE, time.monotonic() - began))

    def _repository(self, mark: str) -> None:
        """What its refs reach is read without a lock; where they have moved by then, the next pass looks again."""
        with self._office.engine.begin() as connection:
            repo = shelf.find_incarnation(connection, mark)
            if repo is None:
                return
            refs = shelf.read_refs(connection, repo)
            live = collection.reached(connection, repo, refs.values(), self._since)
            needed = set(collection.listed(connection, live.values()))
        with self._turn() as connection:
            if shelf.read_refs(connection, repo) == refs:
                self._found.commits += collection.drop_commits(connection, repo, live)
                dropped = collection.drop_possessions(connection, repo, needed, self._since)
                self._found.possessions += len(dropped)
                self._gone[BLOBS] |= {(repo.id, sha256) for sha256 in dropped}
            old = collection.old_xorbs(connection, repo, self._since)
            holdings.drop_xorbs(connection, repo.id, old)
            self._found.xorbs += len(old)
            self._gone[PARCELS] |= {(repo.id, name) for name in old}
        self._found.repos += 1

    def _listings(self) -> None:
        with self._office.engine.begin() as connection:
            idle = sorted(collection.idle_listings(connection))
        for some in collection.batches(idle, LOCKED):
            with self._turn() as connection:
                self._found.listings += collection.drop_listings(connection, some)

    def _charges(self) -> None:
        """Those of what is gone by now, or needed by others only."""
        after, swept = None, min(self._since, self._office.clock() - GRACE)
        while True:
            with self._office.engine.begin() as connection:
                some = charges.old_charges(connection, after, self._since)
            if not some:
                return
            after = some[-1]
            with self._turn() as connection:
                charges.settle(connection, some, self._since, swept)

    def _stored(self, prefix: str, idle: Idle) -> None:
        """Asked first without a lock: most of what is stored is needed."""
        gone = self._gone[prefix] if self._dry else ()
        for page in obstore.list(self._office.blobs.store, prefix, chunk_size=collection.SOME):
            sizes = {PurePosixPath(one["path"]).name: (one["path"], one["size"]) for one in page}
            with self._office.engine.begin() as connection:
                found = sorted(idle(connection, list(sizes), self._since, gone))
            for some in collection.batches(found, LOCKED):
                with self._turn() as connection:
                    names = sorted(idle(connection, some, self._since, gone))
                    self._remove([sizes[name] for name in names])
            self._told(sum(size for _, size in sizes.values()))

    def _remove(self, rows: Sequence[tuple[str, int]]) -> None:
        self._found.files += len(rows)
        self._found.size += sum(size for _, size in rows)
        if not self._dry:
            self._office.blobs.remove([path for path, _ in rows])

    def _cut_off(self) -> None:
        """Uploads to a store that ended in the middle: nobody waits for them after so long."""
        for page in obstore.list(self._office.blobs.store, "incoming"):
            self._remove([(one["path"], one["size"]) for one in page if one["last_modified"] < now() - GRACE])
        if self._office.blobs.folder is None:
            files, size = sweep(self._office.settings.folder / "incoming", dry=self._dry)
            self._found.files, self._found.size = self._found.files + files, self._found.size + size


def sweep(incoming: Path, *, dry: bool = False) -> tuple[int, int]:
    """What a crash cut off a day ago or earlier, where bodies and imports come in: nobody waits for it. How many files it was,
    and their bytes. Others may sweep here too, and uploads end meanwhile; a long import's folder is older than what is in it.
    What cannot be taken away, as it is a link or somebody else's, stays: a server starts all the same.
    """
    old, files, size = (now() - GRACE).timestamp(), 0, 0
    for place in incoming.iterdir() if incoming.is_dir() else ():
        with suppress(OSError):
            kept = [one.stat() for one in (place, *place.rglob("*"))]
            if max(one.st_mtime for one in kept) < old:
                lengths = [one.st_size for one in kept if not S_ISDIR(one.st_mode)]
                if not dry:
                    shutil.rmtree(place) if place.is_dir() else place.unlink()
                files, size = files + len(lengths), size + sum(lengths)
    return files, size
