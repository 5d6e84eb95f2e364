"""The log in the database: entries, the tiles over them, and the head that the log's key signs."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, insert, select, update

from brightline.permit.key import Signer
from brightline.proof import merkle
from brightline.proof.note import Checkpoint, NoteKey, read_checkpoint
from brightline.proof.tile import ENTRY, HEIGHT, LEVELS, WIDTH, Tile, bundle, fold, nodes_of
from brightline.storage import schema

_FULL = WIDTH * 32


@dataclass(slots=True)
class Edge:
    """The last tile of each level, and how many entries the log has: all that is needed to append."""

    size: int = 0
    hashes: dict[int, bytearray] = field(default_factory=lambda: {level: bytearray() for level in range(LEVELS)})

    def append(self, entries: Sequence[bytes]) -> dict[tuple[int, int], bytes]:
        """Grow by the entries. Returns the tiles that changed: (level, number) -> hashes."""
        changed: dict[tuple[int, int], bytes] = {}
        for entry in entries:
            self._grow(0, merkle.leaf_hash(entry), changed)
            self.size += 1
        for level, row in self.hashes.items():
            if row and (level == 0 or changed):
                changed[level, (self.size >> HEIGHT * level) // WIDTH] = bytes(row)
        return changed

    def _grow(self, level: int, hashed: bytes, changed: dict[tuple[int, int], bytes]) -> None:
        row = self.hashes[level]
        row += hashed
        if len(row) == _FULL:
            full = bytes(row)
            changed[level, (self.size >> HEIGHT * level) // WIDTH] = full
            row.clear()
            self._grow(level + 1, fold(full), changed)

    def root(self) -> bytes:
        """Every complete subtree on the right edge lies in a last tile, or is the root of one that was just filled."""
        return merkle.root(self._node, self.size)

    def _node(self, level: int, number: int) -> bytes:
        depth = level % HEIGHT
        row = self.hashes[level // HEIGHT]
        start = (number << depth) % WIDTH * 32
        return fold(bytes(row[start : start + (32 << depth)]))


def load_edge(connection: Connection) -> Edge:
    """From the database: the last tile of each level, where it is not full."""
    edge = Edge(head_size(connection))
    for level in range(LEVELS):
        count = edge.size >> HEIGHT * level
        if count % WIDTH:
            edge.hashes[level] += tile_hashes(connection, level, count // WIDTH)
    return edge


def head_size(connection: Connection) -> int:
    return int(connection.execute(select(schema.head.c.size)).scalar_one())


def tile_hashes(connection: Connection, level: int, number: int) -> bytes:
    """Empty where the log has no such tile yet."""
    tiles = schema.tiles.c
    row = connection.execute(select(tiles.hashes).where(tiles.level == level, tiles.number == number)).scalar()
    return bytes(row) if row is not None else b""


def write_entries(connection: Connection, edge: Edge, rows: Sequence[tuple[int, str, bytes]]) -> None:
    """Append (case, act, entry). The caller holds the writer's lock, and writes the head."""
    first = edge.size
    for _, _, entry in rows:
        if len(entry) > ENTRY:
            raise ValueError(f"an entry of the log has at most {ENTRY} bytes, not {len(entry)}")
    connection.execute(
        insert(schema.entries),
        [
            {"number": first + at, "case": case, "act": act, "entry": entry}
            for at, (case, act, entry) in enumerate(rows)
        ],
    )
    changed = edge.append([entry for _, _, entry in rows])
    tiles = schema.tiles.c
    for level, number in changed:
        connection.execute(delete(schema.tiles).where(tiles.level == level, tiles.number == number))
    connection.execute(
        insert(schema.tiles),
        [{"level": level, "number": number, "hashes": hashes} for (level, number), hashes in changed.items()],
    )


def checkpoint(edge: Edge, signer: Signer, key: NoteKey) -> Checkpoint:
    return Checkpoint(key.name, edge.size, edge.root()).signed(signer, key)


@dataclass(frozen=True, slots=True)
class Log:
    """The log as readers see it, within one transaction."""

    connection: Connection

    def checkpoint(self) -> Checkpoint:
        """The newest one."""
        return read_checkpoint(self.connection.execute(select(schema.head.c.checkpoint)).scalar_one())

    def witnessed(self) -> Checkpoint | None:
        """The newest one that a witness cosigned."""
        table = schema.witnessed.c
        note = self.connection.execute(select(table.checkpoint).order_by(table.size.desc()).limit(1)).scalar()
        return None if note is None else read_checkpoint(note)

    def keep_witnessed(self, seen: Checkpoint) -> None:
        self.connection.execute(delete(schema.witnessed).where(schema.witnessed.c.size == seen.size))
        self.connection.execute(insert(schema.witnessed).values(size=seen.size, checkpoint=seen.note()))

    def entry(self, number: int) -> bytes | None:
        row = self.connection.execute(select(schema.entries.c.entry).where(schema.entries.c.number == number)).scalar()
        return None if row is None else bytes(row)

    def nodes(self) -> merkle.Nodes:
        return nodes_of(lambda level, number: tile_hashes(self.connection, level, number))

    def inclusion(self, number: int, size: int) -> tuple[bytes, ...]:
        """Raises ValueError where the log of that size has no such entry."""
        return tuple(merkle.inclusion(self.nodes(), number, size))

    def consistency(self, old: int, size: int) -> tuple[bytes, ...]:
        """Raises ValueError where the sizes do not fit."""
        return tuple(merkle.consistency(self.nodes(), old, size))

    def tile(self, tile: Tile) -> bytes | None:
        """As c2sp.org/tlog-tiles serves it; None where the log is not that long yet."""
        if tile.level is None:
            return self._bundle(tile)
        hashes = tile_hashes(self.connection, tile.level, tile.number)
        return hashes[: tile.width * 32] if len(hashes) >= tile.width * 32 else None

    def _bundle(self, tile: Tile) -> bytes | None:
        first, table = tile.number * WIDTH, schema.entries.c
        wanted = (table.number >= first) & (table.number < first + tile.width)
        rows = self.connection.execute(select(table.entry).where(wanted).order_by(table.number)).scalars().all()
        return bundle([bytes(row) for row in rows]) if len(rows) == tile.width else None


def write_head(connection: Connection, **values: object) -> None:
    connection.execute(update(schema.head).values(**values))
