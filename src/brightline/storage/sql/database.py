"""Opening the database: SQLite with a write-ahead log and full synchronisation, or PostgreSQL."""

import errno
import os
import sqlite3
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, func, inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from brightline.storage.sql import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NEWEST = "0012"  # of the migrations
_MIGRATING = 0x62726967  # of PostgreSQL's advisory locks: ours while tables are made
_PENDING = "pending"  # what a transaction does at its end
MAPPED = 1 << 30  # bytes of the database's file that are read without a copy
PATIENCE = 30  # seconds to wait for another writer
FULL = "53100"  # PostgreSQL's word for a disk that is
_GONE = {  # after how many seconds a server that a network cut off is one; the last one's are thousandths
    "connect_timeout": 10,
    "keepalives_idle": 20,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": PATIENCE * 1000,
}


class Unopened(Exception):
    """The database cannot be worked with. The sentence says why, and what to do."""


def open_database(url: str) -> Engine:
    """`sqlite:///file` or `postgresql://...`. Raises Unopened where it cannot be reached."""
    if url.startswith("sqlite:"):
        given = {"timeout": PATIENCE, "isolation_level": None}
        engine = create_engine(url, connect_args=given, pool_size=8, hide_parameters=True)
        event.listen(engine, "connect", _pragmas)
        event.listen(engine, "begin", _begin)
    elif url.startswith(("postgresql:", "postgres:")):
        engine = _postgresql(url)
    else:
        raise Unopened(
            f"{url.partition(':')[0]}: is no database this office knows; use sqlite:///FILE or postgresql://..."
        )
    event.listen(engine, "handle_error", _full)
    try:
        engine.connect().close()
    except DBAPIError as trouble:
        raise Unopened(
            f"the database does not answer: {str(trouble.orig).splitlines()[0]}. Check its address, or restore a backup."
        ) from None
    return engine


def _postgresql(url: str) -> Engine:
    """What a statement carried is never part of an error: it may be somebody's words.

    Our questions take milliseconds: compiling one takes tens of them, and planning it one. So what a connection is asked twice it plans once
    and for all, as nearly all of it names a few rows by their keys; `planned_anew` is for the rest.
    """
    try:
        place = make_url(f"postgresql+psycopg:{url.partition(':')[2]}")
        given = {"options": "-c jit=off -c plan_cache_mode=force_generic_plan", "prepare_threshold": 1}
        given |= {name: figure for name, figure in _GONE.items() if name not in place.query}
        return create_engine(place, pool_pre_ping=True, pool_size=8, hide_parameters=True, connect_args=given)
    except (ArgumentError, ValueError):
        raise Unopened("the database's address cannot be read; write postgresql://user@host:port/name.") from None


def _pragmas(connection: Any, _record: Any) -> None:
    """FULL: an acknowledged act survives a power cut. What is read often lies in memory, once for all connections."""
    for pragma in (
        f"mmap_size={MAPPED}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={PATIENCE * 1000}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _full(context: ExceptionContext) -> None:
    """Its disk is full as any other is: what did not fit is refused, and not told as a fault. Raises OSError."""
    told = context.original_exception
    if getattr(told, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL or getattr(told, "sqlstate", None) == FULL:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from told


def _begin(connection: Connection) -> None:
    """The driver begins nothing by itself; a writer takes the lock before it reads, so that nothing changes below it."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writing") else "BEGIN")


def migrate(engine: Engine) -> None:
    """Bring the tables up to date. Several processes may do this at once; one does the work."""
    from alembic import command  # noqa: PLC0415 - needed once in an office's life, and slow to import
    from alembic.config import Config  # noqa: PLC0415

    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).parents[1] / "migrations"))
    fresh = not is_current(engine)
    with engine.connect().execution_options(writing=True) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(_MIGRATING)))
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")
    if engine.dialect.name == "postgresql" and fresh:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE shown"))  # lists read rows in indices alone, where all can see them


def is_current(engine: Engine) -> bool:
    """Whether the newest migration was applied. Alembic itself is too slow to be asked each time."""
    if not inspect(engine).has_table("alembic_version"):
        return False
    with engine.begin() as connection:
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == NEWEST


def one_moment(engine: Engine) -> dict[str, Any]:
    """Options of a connection whose transaction sees one moment: SQLite's always does, PostgreSQL's when it is asked to."""
    return {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}


def planned_anew(connection: Connection) -> None:
    """Until the transaction ends: PostgreSQL plans questions for what they ask, as it makes a great difference there."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))


@contextmanager
def writing(engine: Engine) -> "Iterator[Connection]":
    """A transaction that no other writer shares: BEGIN IMMEDIATE, or the head's row locked."""
    with engine.connect().execution_options(writing=True) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(select(schema.head.c.id).with_for_update())
        pending: dict[str, Callable[[], None]] = {}
        connection.info[_PENDING] = pending
        try:
            yield connection
            for work in pending.values():
                work()
        finally:
            del connection.info[_PENDING]


def at_the_end(connection: Connection, name: str, work: "Callable[[], None]") -> None:
    """Before the transaction ends, once for each name; at once where nobody holds the writer's lock."""
    pending = connection.info.get(_PENDING)
    if pending is None:
        work()
    else:
        pending[name] = work


def stored(at: datetime) -> datetime:
    """As the database keeps moments: UTC, without saying so."""
    return at.astimezone(UTC).replace(tzinfo=None)


def restored(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC)
