"""Seats at the examiners' table: one a process, held by a lock that is taken back when the process dies.

Whoever takes a seat goes on with the jobs that its last holder left. So a job is never run by two, and never by nobody. The lock is the
kernel's where the office lies on one machine, and the database's where several machines share one.
"""

import fcntl
import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event, Thread

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

SEATS = 64
AGAIN = 1.0  # seconds between two looks at whether a database still has the lock
PATIENCE = 5.0  # seconds until a look that does not end is given up
_TABLE = 0x73656174  # of PostgreSQL's advisory locks: ours
_NAME = re.compile(r"seat-(\d{1,2})")
Leave = Callable[[], None]
Table = Callable[[int], Leave | None]  # takes the seat of a number; None where somebody holds it


@dataclass(frozen=True, slots=True)
class Seat:
    """`name` is what jobs remember of who runs them."""

    name: str
    leave: Leave


def table_of(folder: Path, engine: Engine) -> Table:
    return partial(_in_database, engine) if engine.dialect.name == "postgresql" else partial(in_folder, folder)


def take_seat(table: Table) -> Seat:
    """The first that is free. Raises OSError where all are taken."""
    for number in range(SEATS):
        leave = table(number)
        if leave is not None:
            return Seat(f"seat-{number}", leave)
    raise OSError(f"{SEATS} processes examine already")


def is_taken(table: Table, name: str | None) -> bool:
    """Whether somebody who lives holds the seat."""
    named = _NAME.fullmatch(name or "")
    if named is None:
        return False
    leave = table(int(named[1]))
    if leave is not None:
        leave()
    return leave is None


def in_folder(folder: Path, number: int) -> Leave | None:
    (folder / "seats").mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(folder / "seats" / f"seat-{number}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return partial(os.close, descriptor)


def _in_database(engine: Engine, number: int) -> Leave | None:
    """The server gives the lock back when the connection ends; it ends with the server, too, and then it is taken again."""
    connection, left = _locked(engine, number), Event()
    if connection is None:
        return None
    keeping = Thread(target=_keep, args=(engine, number, connection, left), name="seat", daemon=True)
    keeping.start()

    def leave() -> None:
        left.set()
        keeping.join(PATIENCE)

    return leave


def _locked(engine: Engine, number: int) -> Connection | None:
    """A connection of its own that holds the lock; None where another one does."""
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    connection.detach()
    if connection.execute(select(func.pg_try_advisory_lock(_TABLE, number))).scalar_one():
        return connection
    connection.close()
    return None


def _keep(engine: Engine, number: int, connection: Connection | None, left: Event) -> None:
    while not left.wait(AGAIN):
        try:
            if connection is None:
                connection = _locked(engine, number)
            else:
                connection.execute(select(1))
        except SQLAlchemyError:
            _end(connection)
            connection = None
    _end(connection)


def _end(connection: Connection | None) -> None:
    with suppress(SQLAlchemyError):
        if connection is not None:
            connection.close()
