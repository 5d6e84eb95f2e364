"""What every part of the hub shares: one office, and one answer a transaction."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from brightline.assembly.hosting.sight.shelving import Absent, Shelving
from brightline.storage.sql.database import writing

_Answer = TypeVar("_Answer")


class Room:
    """Of one office."""

    def __init__(self, shelving: Shelving) -> None:
        self._shelving, self._office = shelving, shelving.office

    def _read(self, ask: Callable[[Connection], _Answer]) -> _Answer:
        try:
            with self._office.engine.begin() as connection:
                return ask(connection)
        except Absent as absent:
            raise self._shelving.told(absent) from None

    def _write(self, change: Callable[[Connection], _Answer]) -> _Answer:
        """What is looked for and then written is written by one at a time."""
        with writing(self._office.engine) as connection:
            return change(connection)
