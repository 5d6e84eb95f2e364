"""C2SP tlog-tiles: the log's hashes and entries in files of 256, that any web server can hand out."""

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from brightline.permit.notation import Illegible
from brightline.proof.merkle import Nodes, node_hash
from brightline.proof.note import whole

HEIGHT, WIDTH = 8, 256
ENTRY = (1 << 16) - 1  # bytes of an entry
LEVELS = 63 // HEIGHT


@dataclass(frozen=True, slots=True)
class Tile:
    """Hashes `number*256` and so on of a level (in steps of 8), or as many entries. `width` below 256 is a partial tile."""

    level: int | None  # None: a bundle of entries
    number: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """tile/0/x001/x234/067.p/5."""
        groups = f"{self.number:03d}"
        groups = groups.zfill(-(-len(groups) // 3) * 3)
        parts = [groups[at : at + 3] for at in range(0, len(groups), 3)]
        number = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
        level = "entries" if self.level is None else str(self.level)
        return f"tile/{level}/{number}" + ("" if self.width == WIDTH else f".p/{self.width}")


def read_path(path: str) -> Tile:
    """Raises Illegible."""
    front, partial, width = path.partition(".p/")
    kind, level, *groups = [*front.split("/"), "", ""][: max(2, front.count("/") + 1)]
    digits = "".join(group.removeprefix("x") for group in groups)
    tile = Tile(
        None if level == "entries" else whole(level or "x"),
        whole(digits.lstrip("0") or "0") if digits else -1,
        whole(width) if partial else WIDTH,
    )
    if kind != "tile" or tile.path != path or not 0 < tile.width <= WIDTH or (tile.level or 0) > LEVELS:
        raise Illegible(f"{path[:80]!r} names no tile")
    return tile


def tiles(old: int, size: int) -> Iterator[Tile]:
    """The tiles that a log of `size` entries has and one of `old` entries had not: new ones and those that grew."""
    for level in [None, *range(LEVELS)]:
        shift = HEIGHT * (level or 0)
        before, after = old >> shift, size >> shift
        for number in range(before // WIDTH, -(-after // WIDTH)):
            width = min(WIDTH, after - number * WIDTH)
            if number * WIDTH + width > before:
                yield Tile(level, number, width)


def nodes_of(read: Callable[[int, int], bytes]) -> Nodes:
    """Any node of the tree out of its tiles. `read(level, number)` gives a tile's hashes, as many as there are."""
    cached = lru_cache(maxsize=64)(read)

    def node(level: int, number: int) -> bytes:
        depth = level % HEIGHT
        first = number << depth
        content = cached(level // HEIGHT, first // WIDTH)
        start = first % WIDTH * 32
        row = content[start : start + (32 << depth)]
        if len(row) != 32 << depth:
            raise Illegible("the log's tiles hold fewer hashes than its checkpoint says")
        return fold(row)

    return node


def fold(hashes: bytes) -> bytes:
    """The root over a power of two of hashes."""
    row = [hashes[at : at + 32] for at in range(0, len(hashes), 32)]
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]


def bundle(entries: Sequence[bytes]) -> bytes:
    """Entries as a tile of entries: each behind its length in two bytes."""
    return b"".join(struct.pack(">H", len(entry)) + entry for entry in entries)


def unbundle(content: bytes) -> list[bytes]:
    """Raises Illegible."""
    entries, at = [], 0
    while at < len(content):
        if at + 2 > len(content):
            raise Illegible("a tile of entries breaks off")
        length = struct.unpack_from(">H", content, at)[0]
        entry = content[at + 2 : at + 2 + length]
        if len(entry) != length:
            raise Illegible("a tile of entries breaks off")
        entries.append(entry)
        at += 2 + length
    return entries
