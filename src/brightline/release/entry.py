"""One file of a release as its source offers it, before anything is known of its content."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from brightline.release.reader import Reader


class Entry(Protocol):
    """A file: a path inside the release with `/` between its parts, and a way to read it."""

    @property
    def path(self) -> str: ...

    def open(self) -> AbstractContextManager[Reader]:
        """Raises Unreadable, on entering or on leaving: leaving is where a file that changed is noticed."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Something in the release that is no readable file: a FIFO, a link out of the folder, an unsafe path in an archive."""

    path: str
    reason: str
