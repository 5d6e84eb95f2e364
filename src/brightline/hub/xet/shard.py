"""A shard: of which stretches of which xorbs a file is made."""

import struct
from dataclasses import dataclass

from brightline.hub.xet.xorb import Garbled, hash_text

ROW = 48  # bytes of the header, and of every row
SIZE = 64 << 20  # bytes of a shard
STRETCHES = 300_000  # of one shard: they are in memory together
_END = b"\xff" * 32
_VERIFIED, _DESCRIBED = 1 << 31, 1 << 30  # flags: verification rows follow; a row with the file's sha256 follows


@dataclass(frozen=True, slots=True)
class Stretch:
    """Chunks `start` to before `end` of a xorb, which are `length` bytes."""

    xorb: str
    length: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Assembled:
    """A file, as Xet names it, and its stretches in order. `sha256` is what its sender says: it can disprove what was
    assembled, and proves nothing.
    """

    hash: str
    stretches: tuple[Stretch, ...]
    sha256: str | None = None


def read_shard(content: bytes) -> list[Assembled]:
    """Raises Garbled."""
    if len(content) < ROW:
        raise Garbled("a shard has a header of 48 bytes")
    found: list[Assembled] = []
    at, known = ROW, 0
    while True:
        row = content[at : at + ROW]
        if len(row) < ROW:
            raise Garbled(f"the shard breaks off at byte {at}")
        if row.startswith(_END):
            return found
        flags, count = struct.unpack_from("<II", row, 32)
        at += ROW
        if at + count * ROW > len(content):
            raise Garbled(f"the shard says {count} stretches at byte {at}, and is shorter")
        known += count
        if known > STRETCHES or len(found) >= STRETCHES:
            raise Garbled(f"a shard names at most {STRETCHES} stretches and files")
        stretches = tuple(_stretch(content, at + one * ROW) for one in range(count))
        at += count * ROW * (2 if flags & _VERIFIED else 1)
        said = hash_text(content[at : at + 32]) if flags & _DESCRIBED and len(content) >= at + ROW else None
        found.append(Assembled(hash_text(row[:32]), stretches, said))
        at += ROW if flags & _DESCRIBED else 0


def _stretch(content: bytes, at: int) -> Stretch:
    _flags, length, start, end = struct.unpack_from("<4I", content, at + 32)
    return Stretch(hash_text(content[at : at + 32]), length, start, end)
