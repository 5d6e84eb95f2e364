"""What the database's state is called: two moments of one name have the same rows, whichever process wrote."""

import asyncio
import sqlite3
from collections.abc import Hashable
from typing import Protocol

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError


class State(Protocol):
    """Of one database."""

    async def now(self) -> Hashable | None:
        """A name for all that was committed when this was asked; None where it cannot be told."""

    def at_once(self) -> Hashable | None:
        """The same, where nothing has to be waited for; else None."""


def watch(engine: Engine) -> State:
    return _Snapshot(engine) if engine.dialect.name == "postgresql" else _Version(str(engine.url.database))


class _Version:
    """SQLite counts the commits of others; this connection is one to which everybody else is another. It takes two microseconds."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._cursor: sqlite3.Cursor | None = None

    async def now(self) -> Hashable | None:
        return self.at_once()

    def at_once(self) -> Hashable | None:
        try:
            if self._cursor is None:
                self._cursor = sqlite3.connect(self._place, timeout=0, isolation_level=None).cursor()
            row = self._cursor.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error:
            return None
        return int(row[0])


class _Snapshot:
    """PostgreSQL names which transactions a moment sees. One question answers all who waited when it was put."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._running: asyncio.Task[Hashable | None] | None = None
        self._next: asyncio.Task[Hashable | None] | None = None

    async def now(self) -> Hashable | None:
        if self._next is None:
            self._next = asyncio.create_task(self._after(self._running))
        return await asyncio.shield(self._next)

    def at_once(self) -> Hashable | None:
        return None

    async def _after(self, running: "asyncio.Task[Hashable | None] | None") -> Hashable | None:
        if running is not None:
            await asyncio.wait([running])
        self._running, self._next = self._next, None
        return await asyncio.to_thread(self._ask)

    def _ask(self) -> Hashable | None:
        try:
            with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                return str(connection.execute(text("SELECT pg_current_snapshot()")).scalar_one())
        except SQLAlchemyError:
            return None
