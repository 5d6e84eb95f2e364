"""Arrivals: names are said here before bytes get them, so that no collector takes what somebody is about to need.

The order makes it right: first the name, in a transaction; then the bytes; then the row that needs them. A collector looks for
names and removes bytes within one transaction. Either it comes first, and the bytes are put there after it; or it sees the name.
"""

import time
from collections.abc import Callable, Iterable
from datetime import datetime
from threading import Lock

from sqlalchemy import Connection, Engine, delete, insert

from brightline.storage.sql import shelves
from brightline.storage.sql.database import stored, writing

FRESH = 900  # seconds for which a name that this process said need not be said again
KEPT = 200_000


class Arrivals:
    """Of one process."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine, self._clock = engine, clock
        self._said: dict[str, float] = {}
        self._lock = Lock()

    def expect(self, names: Iterable[str], also: Callable[[Connection], None] | None = None) -> None:
        """Durable when this returns; with what is `also` done in the same transaction. What that raises undoes both."""
        since = time.monotonic() - FRESH
        fresh = sorted({name for name in names if self._said.get(name, since) <= since})
        if not fresh and also is None:
            return
        with writing(self._engine) as connection:
            if also is not None:
                also(connection)
            _say(connection, fresh, self._clock())
        with self._lock:
            if len(self._said) > KEPT:
                self._said.clear()
            self._said |= dict.fromkeys(fresh, time.monotonic())


def _say(connection: Connection, names: list[str], at: datetime) -> None:
    table = shelves.arrivals
    for start in range(0, len(names), 500):
        some = names[start : start + 500]
        connection.execute(delete(table).where(table.c.name.in_(some)))
        connection.execute(insert(table), [{"name": name, "at": stored(at)} for name in some])
