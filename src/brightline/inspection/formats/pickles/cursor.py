"""Reading a pickle's bytes forward, a buffer at a time; long payloads are skipped, not kept."""

from brightline.inspection.probe import Malformed
from brightline.release.reader import Reader

BUFFER = 1 << 18
LINE = 1 << 16  # text opcodes (protocol 0) carry their argument on a line
KEPT = 1 << 12  # strings longer than this name nothing
ALL_KEPT = 16 << 20  # of all strings of a stream together


class Cursor:
    """A place in a reader. Raises Malformed where the bytes end too early."""

    __slots__ = ("_at", "_base", "_buffer", "_left", "reader")

    def __init__(self, reader: Reader, start: int = 0) -> None:
        self.reader, self._base, self._buffer, self._at = reader, start, b"", 0
        self._left = ALL_KEPT

    @property
    def position(self) -> int:
        return self._base + self._at

    def jump(self, position: int) -> None:
        if not 0 <= position <= self.reader.size:
            raise Malformed(f"data runs past the end of the file, to byte {position}", self.position)
        if self._base <= position <= self._base + len(self._buffer):
            self._at = position - self._base
        else:
            self._base, self._buffer, self._at = position, b"", 0

    def code(self) -> int:
        """The next byte; -1 at the end."""
        if self._at >= len(self._buffer):
            self._fill(1)
            if self._at >= len(self._buffer):
                return -1
        byte = self._buffer[self._at]
        self._at += 1
        return byte

    def _fill(self, wanted: int) -> None:
        self._base, self._at = self._base + self._at, 0
        self._buffer = self.reader.read(self._base, max(BUFFER, wanted))

    def take(self, count: int) -> bytes:
        """Exactly `count` bytes, of which the caller has made sure that they are few."""
        if self._at + count > len(self._buffer):
            self._fill(count)
        piece = self._buffer[self._at : self._at + count]
        if len(piece) < count:
            raise Malformed("the pickle ends in the middle of an opcode", self.position)
        self._at += count
        return piece

    def number(self, count: int) -> int:
        return int.from_bytes(self.take(count), "little")

    def payload(self, length: int) -> bytes | None:
        """Content of a counted string; None where it is too long to be a name (it is skipped)."""
        if self.keeps(length):
            return self.take(length)
        self.jump(self.position + length)
        return None

    def keeps(self, length: int) -> bool:
        """Whether a string of this length may be kept."""
        if length > min(KEPT, self._left):
            return False
        self._left -= length
        return True

    def line(self) -> bytes:
        """Up to a newline, without it."""
        end = self._buffer.find(b"\n", self._at)
        if end < 0:
            self._fill(LINE)
            end = self._buffer.find(b"\n", self._at)
        if end < 0 or end - self._at > LINE:
            raise Malformed("a text opcode without the end of its line", self.position)
        piece = self._buffer[self._at : end]
        self._at = end + 1
        return piece
