"""Watching a log: does what it shows today begin with what it showed before."""

from collections.abc import Callable
from dataclasses import dataclass

from brightline.permit.notation import Illegible
from brightline.proof.merkle import consistency, consistent, leaf_hash, root
from brightline.proof.note import Checkpoint, NoteKey
from brightline.proof.tile import WIDTH, Tile, nodes_of, unbundle


class Forked(Exception):
    """The log showed two histories, or one that cannot be checked. The sentence says which."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What was checked: the new head, and how many entries are new."""

    checkpoint: Checkpoint
    fresh: int


Read = Callable[[str], bytes]
"""A tile's bytes by its path."""


def watch(old: Checkpoint | None, new: Checkpoint, key: NoteKey, read: Read) -> Watched:
    """Raises Forked; Illegible where the log's answers cannot be read."""
    if new.origin != key.name or not new.signed_by(key):
        raise Forked(f"the checkpoint is not signed by {key.name}")
    nodes = nodes_of(lambda level, number: read(_tile(level, number, new.size).path))
    if new.size and root(nodes, new.size) != new.root:
        raise Forked(f"the tiles of {new.origin} do not have the root that its checkpoint of {new.size} entries says")
    if old is None:
        _entries(0, new.size, read)
        return Watched(new, new.size)
    if new.size < old.size:
        raise Forked(f"{new.origin} had {old.size} entries and shows {new.size}: entries were taken out")
    if not consistent(old.size, new.size, consistency(nodes, old.size, new.size), old.root, new.root):
        raise Forked(f"the {new.size} entries of {new.origin} do not begin with the {old.size} it showed before")
    _entries(old.size, new.size, read)
    return Watched(new, new.size - old.size)


def _tile(level: int, number: int, size: int) -> Tile:
    return Tile(level, number, min(WIDTH, (size >> 8 * level) - number * WIDTH))


def _entries(start: int, size: int, read: Read) -> None:
    """Every new entry is really the one whose hash the tree holds."""
    for number in range(start // WIDTH, -(-size // WIDTH)):
        width = min(WIDTH, size - number * WIDTH)
        entries = unbundle(read(Tile(None, number, width).path))
        hashes = read(Tile(0, number, width).path)
        if len(entries) != width or b"".join(map(leaf_hash, entries)) != hashes:
            raise Illegible(f"the entries from {number * WIDTH} on are not those that the log's hashes name")
