"""What every source of a release offers."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from brightline.release.entry import Entry, Obstacle


class NoSource(Exception):
    """There is no release at this address. The sentence says what, where, and what to do."""


@dataclass(frozen=True, slots=True)
class Oddity:
    """What is odd about the archive that holds the release: code, sentence, offset (see release.archive.damaged)."""

    code: str
    message: str
    offset: int | None


class Source(Protocol):
    """A release as it lies somewhere: its name, its files in the order of their paths, what was left out and why."""

    @property
    def title(self) -> str: ...

    @property
    def notes(self) -> list[str]: ...

    @property
    def oddities(self) -> list[Oddity]: ...

    def entries(self) -> Iterator[Entry | Obstacle]: ...


@dataclass(slots=True)
class Listed:
    """A source whose entries are already known."""

    title: str
    listed: list[Entry | Obstacle]
    notes: list[str] = field(default_factory=list)
    oddities: list[Oddity] = field(default_factory=list)

    def entries(self) -> Iterator[Entry | Obstacle]:
        return iter(sorted(self.listed, key=lambda entry: entry.path))
