"""How the pure rooms see a file: give me the bytes from here, so many."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

BLOCK = 1 << 20


class Unreadable(Exception):
    """The bytes cannot be had: no permission, a broken stream, a file that changed. The text says which."""


class Reader(Protocol):
    """Random access to the bytes of one file."""

    @property
    def size(self) -> int: ...

    def read(self, offset: int, length: int) -> bytes:
        """Bytes from `offset`; fewer than `length` only where the file ends. Raises Unreadable."""


@dataclass(frozen=True, slots=True)
class Memory:
    """A reader over bytes that are already here."""

    content: bytes

    @property
    def size(self) -> int:
        return len(self.content)

    def read(self, offset: int, length: int) -> bytes:
        return self.content[offset : offset + length]


@dataclass(frozen=True, slots=True)
class Window:
    """A part of another reader, seen as a file of its own."""

    whole: Reader
    start: int
    size: int

    def read(self, offset: int, length: int) -> bytes:
        length = min(length, self.size - offset)
        return self.whole.read(self.start + offset, length) if length > 0 and offset >= 0 else b""


def blocks(reader: Reader, start: int = 0, length: int = BLOCK) -> Iterator[bytes]:
    """The content from `start` to the end, in order, a bounded block at a time."""
    while block := reader.read(start, length):
        yield block
        start += len(block)
