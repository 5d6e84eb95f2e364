"""The protobuf wire format, bounded: fields of a message as numbers and windows, nothing copied.

Source: protobuf.dev, Encoding.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from brightline.inspection.probe import Malformed
from brightline.release.reader import Reader

STEP = 1 << 16
FIELDS = 5_000_000


@dataclass(slots=True)
class Budget:
    """How many fields may still be read of one file."""

    left: int = FIELDS

    def spend(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Malformed(f"more than {FIELDS} fields")


@dataclass(frozen=True, slots=True)
class Message:
    """A message: `size` bytes of the reader from `start`."""

    reader: Reader
    start: int
    size: int
    budget: Budget

    def fields(self) -> Iterator[tuple[int, "int | Message"]]:
        """(field number, value): a number, or a message (also for strings and bytes). Raises Malformed."""
        at, end = self.start, self.start + self.size
        base, buffer = at, b""
        while at < end:
            self.budget.spend()
            if at - base + 20 > len(buffer) and base + len(buffer) < end:
                base, buffer = at, self.reader.read(at, min(STEP, end - at))
            tag, at = _varint(buffer, at, base)
            number, kind = tag >> 3, tag & 7
            if number == 0:
                raise Malformed("a field with the number 0", at)
            value: int | Message
            if kind == 0:
                value, at = _varint(buffer, at, base)
            elif kind == 2:
                length, at = _varint(buffer, at, base)
                value, at = Message(self.reader, at, length, self.budget), at + length
            elif kind in (1, 5):
                width = 8 if kind == 1 else 4
                value, at = int.from_bytes(buffer[at - base : at - base + width], "little"), at + width
            else:
                raise Malformed(f"a field of wire type {kind}", at)
            if at > end:
                raise Malformed("a field runs past the end of its message", at)
            yield number, value

    def content(self, limit: int = 1 << 16) -> bytes:
        """The bytes, where they are no more than `limit`; else the first ones."""
        return self.reader.read(self.start, min(self.size, limit))

    def text(self) -> str:
        return self.content().decode("utf-8", "replace")


def _varint(buffer: bytes, at: int, base: int) -> tuple[int, int]:
    value = shift = 0
    index = at - base
    while index < len(buffer) and shift < 70:
        byte = buffer[index]
        value |= (byte & 0x7F) << shift
        index += 1
        if byte < 0x80:
            return value & (1 << 64) - 1, base + index
        shift += 7
    raise Malformed("a number that does not end", at)


def whole(reader: Reader) -> Message:
    """The file as one message."""
    return Message(reader, 0, reader.size, Budget())


def packed(message: Message) -> Iterator[int]:
    """The varints of a packed repeated field; the first 64 KiB of them."""
    content, at = message.content(), 0
    while at < len(content):
        value, at = _varint(content, at, 0)
        yield value
