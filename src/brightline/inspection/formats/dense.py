"""Links and attributes that HDF5 keeps densely: a B-tree of version 2 over a fractal heap.

Source: HDF5 File Format Specification 3.0, III.A.2 (B-tree), III.G (fractal heap).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from brightline.inspection.probe import Malformed

NODES = 20_000
_IDENTITY = {5: (4, 11), 6: (8, 15), 8: (0, 8), 9: (0, 8)}  # type of record -> its heap identity's bytes (III.A.2)


class Unfollowed(Exception):
    """A form of storage that is not followed here; the file is searched instead. The text says which."""


@dataclass(frozen=True, slots=True)
class Storage:
    """How to get at the file: `at(address, length)` is bounded and raises Malformed; widths are in bytes."""

    at: Callable[[int, int], bytes]
    offsets: int
    lengths: int

    def objects(self, heap: int, tree: int) -> Iterator[bytes]:
        """Every object that the tree names, as its bytes. Raises Malformed and Unfollowed."""
        found = self._heap(heap)
        for identity in self._identities(tree):
            yield found.object(identity)

    def _identities(self, tree: int) -> Iterator[bytes]:
        head = self.at(tree, 22 + self.offsets + self.lengths)
        if head[:4] != b"BTHD":
            raise Malformed("no B-tree of version 2", tree)
        kind, node, record = head[5], _number(head, 6, 4), _number(head, 10, 2)
        depth, root, count = _number(head, 12, 2), _number(head, 16, self.offsets), _number(head, 16 + self.offsets, 2)
        if kind not in _IDENTITY or not 11 <= record <= 64 or not 64 <= node <= 1 << 16 or depth > 8:
            raise Malformed("an impossible B-tree", tree)
        widths = self._pointer_widths(node, record, depth)
        waiting, seen = [(root, count, depth)] if count else [], 0
        while waiting:
            address, count, level = waiting.pop()
            seen += 1
            raw = self.at(address, node)
            if seen > NODES or raw[:4] != (b"BTIN" if level else b"BTLF") or 6 + count * record > node:
                raise Malformed("a damaged node of a B-tree", address)
            start, end = _IDENTITY[kind]
            for number in range(count):
                at = 6 + number * record
                yield raw[at + start : at + end]
            if level:
                step = self.offsets + widths[0] + widths[level - 1] * (level > 1)
                for number in range(count + 1):
                    at = 6 + count * record + number * step
                    child = _number(raw, at, self.offsets), _number(raw, at + self.offsets, widths[0]), level - 1
                    waiting.append(child)

    def _pointer_widths(self, node: int, record: int, depth: int) -> list[int]:
        """Bytes of the number of records below a child: of the child alone at 0, of all below it from 1 on."""
        most = (node - 10) // record
        widths, all_below = [_width(most)], most
        for level in range(1, depth + 1):
            pointer = self.offsets + widths[0] + (widths[level - 1] if level > 1 else 0)
            inner = (node - 10 - pointer) // (record + pointer)
            all_below = (inner + 1) * all_below + inner
            widths.append(_width(all_below))
        return widths

    def _heap(self, address: int) -> "Heap":
        o, n = self.offsets, self.lengths
        head = self.at(address, 22 + 3 * o + 12 * n)
        if head[:4] != b"FRHP":
            raise Malformed("no fractal heap", address)
        if _number(head, 7, 2):
            raise Unfollowed("a fractal heap with filters")
        at = 14 + 10 * n + 2 * o
        width, start, direct = _number(head, at, 2), _number(head, at + 2, n), _number(head, at + 2 + n, n)
        bits = _number(head, at + 2 + 2 * n, 2)
        root, rows = _number(head, at + 6 + 2 * n, o), _number(head, at + 6 + 2 * n + o, 2)
        if (
            not width
            or not start
            or start & start - 1
            or direct & direct - 1
            or direct < start
            or bits > 64
            or rows > 64
        ):
            raise Malformed("an impossible fractal heap", address)
        return Heap(self, width, start, direct, (bits + 7) // 8, root, rows)


@dataclass(frozen=True, slots=True)
class Heap:
    """A fractal heap: blocks in rows of `width`, of `start` bytes in the first two rows and twice that in each next."""

    storage: Storage
    width: int
    start: int
    direct: int  # bytes of the largest block that holds objects itself
    position: int  # bytes of an offset in the heap
    root: int
    rows: int  # of the root; 0 where the root holds objects itself

    def object(self, identity: bytes) -> bytes:
        kind = identity[0] >> 4 & 3
        if kind == 2:
            return identity[1 : 2 + (identity[0] & 15)]
        if kind != 0:
            raise Unfollowed("an object too large for its heap")
        length = _number(identity, 1 + self.position, len(identity))  # the rest of it
        return self.storage.at(self._address(_number(identity, 1, self.position)), length)

    def _address(self, offset: int) -> int:
        """Where in the file the heap's byte `offset` stands."""
        if not self.rows:
            return self.root + offset
        block = self.root
        for _ in range(64):
            row = 0 if offset < self.width * self.start else (offset // (self.width * self.start)).bit_length()
            size = self.start << max(0, row - 1)
            before = 0 if row == 0 else self.width * size
            column = (offset - before) // size
            head = 5 + self.storage.offsets + self.position
            at = block + head + (row * self.width + column) * self.storage.offsets
            block, offset = (
                _number(self.storage.at(at, self.storage.offsets), 0, self.storage.offsets),
                offset - before - column * size,
            )
            if size <= self.direct:
                return block + offset
        raise Malformed("a fractal heap without end", self.root)


def _number(raw: bytes, at: int, width: int) -> int:
    return int.from_bytes(raw[at : at + width], "little")


def _width(most: int) -> int:
    return (most.bit_length() + 7) // 8
