"""The log in the database: entries, the tiles over them, and the head that the log's key signs."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from brightline.permit.key import Signer
from brightline.proof import merkle
from brightline.proof.note import Checkpoint, NoteKey, read_checkpoint
from brightline.proof.tile import ENTRY, HEIGHT, LEVELS, WIDTH, Tile, bundle, fold, nodes_of
from brightline.storage.sql import schema

_FULL = WIDTH * 32
_TILE, _NEW_HEAD = insert(schema.tiles), update(schema.head)
_INTO = f'INSERT INTO {schema.entries.name} ("number", "case", "act", "entry") VALUES '  # noqa: S608 - no value is in it
_ENTRY = {"sqlite": f"{_INTO}(?, ?, ?, ?)", "postgresql": f"{_INTO}(%s, %s, %s, %s)"}
"""Every act passes here, and SQLAlchemy's own way to a row takes longer than the row."""
_NO_TILE = delete(schema.tiles).where(
    schema.tiles.c.level == bindparam("old_level"), schema.tiles.c.number == bindparam("old_number")
)


@dataclass(slots=True)
class Edge:
    """The last tile of each level, and how many entries the log has: all that is needed to append."""

    size: int = 0
    hashes: dict[int, bytearray] = field(default_factory=lambda: {level: bytearray() for level in range(LEVELS)})
    peaks: list[tuple[int, bytes]] = field(default_factory=list)  # the complete subtrees, largest first: (level, hash)

    def append(self, entries: Sequence[bytes]) -> dict[tuple[int, int], bytes]:
        """Grow by the entries. Returns the tiles that changed: (level, number) -> hashes."""
        changed: dict[tuple[int, int], bytes] = {}
        for entry in entries:
            hashed = merkle.leaf_hash(entry)
            self._grow(0, hashed, changed)
            self._climb(hashed)
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

    def _climb(self, hashed: bytes) -> None:
        level = 0
        while self.peaks and self.peaks[-1][0] == level:
            hashed = merkle.node_hash(self.peaks.pop()[1], hashed)
            level += 1
        self.peaks.append((level, hashed))

    def root(self) -> bytes:
        return merkle.join([hashed for _, hashed in self.peaks])

    def find_peaks(self) -> None:
        """Every complete subtree on the right edge lies in a last tile."""
        bits = [level for level in reversed(range(self.size.bit_length())) if self.size >> level & 1]
        self.peaks = [(level, self._node(level, (self.size >> level) - 1)) for level in bits]

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
    edge.find_peaks()
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
    numbered = [(first + at, *row) for at, row in enumerate(rows)]
    connection.exec_driver_sql(_ENTRY[connection.dialect.name], numbered)
    changed = edge.append([entry for _, _, entry in rows])
    connection.execute(_NO_TILE, [{"old_level": level, "old_number": number} for level, number in changed])
    connection.execute(
        _TILE,
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
    connection.execute(_NEW_HEAD, values)
