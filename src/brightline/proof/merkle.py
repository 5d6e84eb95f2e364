"""RFC 6962 section 2: hashes of a growing list, and proofs that something is in it or that nothing in it changed."""

import hashlib
from collections.abc import Callable, Sequence

Nodes = Callable[[int, int], bytes]
"""(level, number) -> the hash of the complete subtree over leaves number*2^level to (number+1)*2^level."""

EMPTY = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(nodes: Nodes, size: int) -> bytes:
    """MTH(D[size])."""
    return subtree(nodes, 0, size) if size else EMPTY


def subtree(nodes: Nodes, start: int, end: int) -> bytes:
    """The hash over leaves start to end, where start is a multiple of the next power of two. From complete subtrees."""
    parts = []
    while start < end:
        level = (end - start).bit_length() - 1
        parts.append(nodes(level, start >> level))
        start += 1 << level
    return join(parts)


def join(subtrees: Sequence[bytes]) -> bytes:
    """The hash over complete subtrees, each smaller than the one before it; EMPTY over none."""
    if not subtrees:
        return EMPTY
    *others, hashed = subtrees
    for left in reversed(others):
        hashed = node_hash(left, hashed)
    return hashed


def _split(size: int) -> int:
    """The largest power of two smaller than size."""
    return 1 << (size - 1).bit_length() - 1


def inclusion(nodes: Nodes, index: int, size: int) -> list[bytes]:
    """PATH(index, D[size]), from the leaf upwards. Raises ValueError where there is no such leaf."""
    if not 0 <= index < size:
        raise ValueError(f"a log of {size} entries has no entry {index}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(subtree(nodes, middle, end))
            end = middle
        else:
            path.append(subtree(nodes, start, middle))
            start = middle
    return path[::-1]


def consistency(nodes: Nodes, old: int, size: int) -> list[bytes]:
    """PROOF(old, D[size]). Raises ValueError where old is not between 0 and size."""
    if not 0 <= old <= size:
        raise ValueError(f"a log of {size} entries never had {old}")
    if old in {0, size}:
        return []
    path: list[bytes] = []
    start, end, whole = 0, size, True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(subtree(nodes, middle, end))
            end = middle
        else:
            path.append(subtree(nodes, start, middle))
            start, whole = middle, False
    if not whole:
        path.append(subtree(nodes, start, end))
    return path[::-1]


def included(leaf: bytes, index: int, size: int, path: Sequence[bytes], head: bytes) -> bool:
    """RFC 9162 section 2.1.3.2: whether the path leads from the leaf's hash to the head."""
    if not 0 <= index < size:
        return False
    hashed, number, last = leaf, index, size - 1
    for step in path:
        if last == 0:
            return False
        if number & 1 or number == last:
            hashed = node_hash(step, hashed)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            hashed = node_hash(hashed, step)
        number, last = number >> 1, last >> 1
    return last == 0 and hashed == head


def consistent(old: int, size: int, path: Sequence[bytes], old_head: bytes, head: bytes) -> bool:
    """RFC 9162 section 2.1.4.2: whether the log of `size` entries begins with the one of `old` entries."""
    if not 0 <= old <= size:
        return False
    if old == size:
        return not path and old_head == head
    if old == 0:
        return not path and old_head == EMPTY
    steps = [old_head, *path] if old & (old - 1) == 0 else list(path)
    if not steps:
        return False
    number, last = old - 1, size - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            before, after = node_hash(step, before), node_hash(step, after)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            after = node_hash(after, step)
        number, last = number >> 1, last >> 1
    return last == 0 and before == old_head and after == head
