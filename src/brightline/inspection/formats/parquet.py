"""Parquet: the footer alone says how many rows and which columns there are.

Source: parquet.thrift (FileMetaData), Thrift compact protocol specification.
"""

from typing import Any

from brightline.inspection.finding import Rule, Severity
from brightline.inspection.probe import Malformed, Probe
from brightline.release.reader import Reader

SEALED = Rule(
    identity="PARQUET-SEALED",
    severity=Severity.REVIEW,
    title="An encrypted Parquet file",
    why="What was not read was not judged.",
    remedy="Release the data unencrypted, or keep it back.",
    example="A file that ends with PARE.",
    source="Parquet Modular Encryption",
)
RULES = (SEALED,)
FOOTER = 8 << 20
VALUES = 500_000
DEPTH = 16


def inspect(reader: Reader, probe: Probe) -> None:
    """Rows and columns from FileMetaData."""
    tail = reader.read(max(0, reader.size - 8), 8)
    if tail[4:] == b"PARE" or reader.read(0, 4) == b"PARE":
        probe.find(SEALED, "its footer is encrypted")
        return
    length = int.from_bytes(tail[:4], "little")
    if tail[4:] != b"PAR1" or length > reader.size - 12 or length > FOOTER:
        raise Malformed(f"no Parquet footer: {length} bytes in a file of {reader.size}", max(0, reader.size - 8))
    metadata = Compact(reader.read(reader.size - 8 - length, length)).structure()
    schema, rows = metadata.get(2), metadata.get(3)
    if not isinstance(rows, int) or rows < 0 or not isinstance(schema, list):
        raise Malformed("a footer without rows and schema")
    probe.observed.numbers["rows"] = rows
    names = [
        part[4].decode("utf-8", "replace")
        for part in schema[1:]
        if isinstance(part, dict) and isinstance(part.get(4), bytes)
    ]
    probe.observed.attributes["columns"] = ",".join(names)[:1000]


class Compact:
    """Thrift's compact protocol over bytes. Raises Malformed."""

    def __init__(self, raw: bytes) -> None:
        self.raw, self.at, self.left = raw, 0, VALUES

    def byte(self) -> int:
        if self.at >= len(self.raw):
            raise Malformed("the footer ends in the middle of a value", self.at)
        self.at += 1
        return self.raw[self.at - 1]

    def varint(self) -> int:
        value = shift = 0
        while shift < 70:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
        raise Malformed("a number that does not end", self.at)

    def zigzag(self) -> int:
        value = self.varint()
        return value >> 1 ^ -(value & 1)

    def blob(self) -> bytes:
        length = self.varint()
        if length > len(self.raw) - self.at:
            raise Malformed(f"a string of {length} bytes", self.at)
        self.at += length
        return self.raw[self.at - length : self.at]

    def structure(self, depth: int = 0) -> dict[int, Any]:
        """Field number -> value."""
        fields: dict[int, Any] = {}
        number = 0
        while (head := self.byte()) != 0:
            number = number + (head >> 4) if head >> 4 else self.zigzag()
            fields[number] = self.value(head & 0x0F, depth)
        return fields

    def value(self, kind: int, depth: int, *, listed: bool = False) -> Any:
        self.left -= 1
        if depth > DEPTH or self.left < 0:
            raise Malformed("a footer nested too deeply, or too large", self.at)
        if kind in (1, 2):
            return self.byte() == 1 if listed else kind == 1
        if kind == 3:
            return self.byte()
        if kind in (4, 5, 6):
            return self.zigzag()
        if kind == 7:
            self.at += 8
            return None
        if kind == 8:
            return self.blob()
        if kind in (9, 10):
            return self._list(depth)
        if kind == 11:
            return self._map(depth)
        if kind == 12:
            return self.structure(depth + 1)
        raise Malformed(f"a value of unknown type {kind}", self.at)

    def _list(self, depth: int) -> list[Any]:
        head = self.byte()
        count = self.varint() if head >> 4 == 15 else head >> 4
        if count > len(self.raw) - self.at:
            raise Malformed(f"a list of {count} values", self.at)
        return [self.value(head & 0x0F, depth + 1, listed=True) for _ in range(count)]

    def _map(self, depth: int) -> None:
        count = self.varint()
        kinds = self.byte() if count else 0
        if count > len(self.raw) - self.at:
            raise Malformed(f"a map of {count} entries", self.at)
        for _ in range(count):
            self.value(kinds >> 4, depth + 1, listed=True)
            self.value(kinds & 0x0F, depth + 1, listed=True)
