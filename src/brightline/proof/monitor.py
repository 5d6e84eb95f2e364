"""Watching a log: does what it shows today begin with what it showed before."""

from collections.abc import Callable
from dataclasses import dataclass

from brightline.permit.notation import Illegible, written
from brightline.permit.word import Word, read_word
from brightline.proof.merkle import Nodes, consistency, consistent, leaf_hash, root
from brightline.proof.note import Checkpoint, NoteKey
from brightline.proof.tile import HEIGHT, WIDTH, Tile, fold, nodes_of, tiles, unbundle


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
    before = 0 if old is None else old.size
    if old is not None:
        _grown(old, new, nodes)
    for tile in tiles(before, new.size):
        _tied(tile, nodes, read)
    _entries(before, new.size, read)
    return Watched(new, new.size - before)


def _grown(old: Checkpoint, new: Checkpoint, nodes: Nodes) -> None:
    if new.size < old.size:
        raise Forked(f"{new.origin} had {old.size} entries and shows {new.size}: entries were taken out")
    if not consistent(old.size, new.size, consistency(nodes, old.size, new.size), old.root, new.root):
        raise Forked(f"the {new.size} entries of {new.origin} do not begin with the {old.size} it showed before")


def _tied(tile: Tile, nodes: Nodes, read: Read) -> None:
    """A full tile is what the level above says; those above, to the root, are too. A partial one is part of the root."""
    if tile.level is None or tile.width < WIDTH:
        return
    if fold(read(tile.path)) != nodes(HEIGHT * (tile.level + 1), tile.number):
        raise Forked(f"{tile.path} is not the tile whose hash the level above it holds")


def _tile(level: int, number: int, size: int) -> Tile:
    return Tile(level, number, min(WIDTH, (size >> HEIGHT * level) - number * WIDTH))


def _entries(start: int, size: int, read: Read) -> None:
    """Every new entry is really the one whose hash the tree holds, and follows from the one before it."""
    last: Word | None = None
    for number in range(max(0, start - 1) // WIDTH, -(-size // WIDTH)):
        width = min(WIDTH, size - number * WIDTH)
        entries = unbundle(read(Tile(None, number, width).path))
        hashes = read(Tile(0, number, width).path)
        if len(entries) != width or b"".join(map(leaf_hash, entries)) != hashes:
            raise Illegible(f"the entries from {number * WIDTH} on are not those that the log's hashes name")
        for entry in entries:
            last = _following(last, entry)


def _following(last: Word | None, entry: bytes) -> Word | None:
    """Verifiers believe a word's moment and its charter: neither may go back. Entries of another kind of log say nothing."""
    try:
        word = read_word(entry)
    except Illegible:
        return last
    if last is not None:
        charter = last.body.get("version") if last.act == "charter" else last.charter
        if word.at < last.at or (isinstance(charter, int) and word.charter < charter):
            raise Forked(f"{word.act} of {written(word.at)} under charter {word.charter} is entered after a later word")
    return word
