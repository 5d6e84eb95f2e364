"""Random access to a compressed stream: inflate forward, keep a few checkpoints, never hold the whole."""

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Any, Protocol

from brightline.release.reader import Reader, Unreadable

CHUNK = 1 << 16
SPACING = 8 << 20  # a checkpoint of zlib's state is some 50 kB: one each 8 MiB costs under one per cent
CHECKPOINTS = 512
KEPT = 1 << 20  # the last bytes made stay here: parsers step back a little, seldom far


class Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...


class Inflated:
    """A compressed range of another reader, seen as a file of `size` bytes.

    `make` gives a new decompressor; where it can be copied (zlib), going back resumes at a checkpoint, else at the start.
    Raises Unreadable where the stream is broken or gives another number of bytes than it said.
    """

    def __init__(self, whole: Reader, start: int, compressed: int, size: int, make: Callable[[], Any]) -> None:
        self._whole, self._start, self._end, self.size, self._make = whole, start, start + compressed, size, make
        self._marks: list[tuple[int, int, Any]] = []
        self._restart()

    def _restart(self) -> None:
        self._engine, self._at, self._made = self._make(), self._start, 0
        self._kept, self._kept_at = b"", 0

    def read(self, offset: int, length: int) -> bytes:
        stop = min(offset + length, self.size)
        if offset < 0 or offset >= stop:
            return b""
        if offset < self._kept_at:
            self._back(offset)
        parts: list[bytes] = []
        while offset < stop:
            if offset < self._made:
                part = self._kept[offset - self._kept_at : stop - self._kept_at]
                parts.append(part)
                offset += len(part)
            else:
                self._forward(max(CHUNK, min(stop - offset, KEPT)))
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _back(self, offset: int) -> None:
        before = [mark for mark in self._marks if mark[0] <= offset]
        if not before:
            self._restart()
            return
        self._made, self._at, engine = before[-1]
        self._engine = engine.copy()
        self._kept, self._kept_at = b"", self._made

    def _forward(self, wanted: int) -> None:
        piece = self._produce(wanted)
        if not piece:
            raise Unreadable(f"the compressed data ends after {self._made} of {self.size} bytes")
        self._kept, self._kept_at = piece, self._made
        self._made += len(piece)
        if len(self._marks) < CHECKPOINTS and self._made - (self._marks[-1][0] if self._marks else 0) >= SPACING:
            self._mark()

    def _mark(self) -> None:
        if hasattr(self._engine, "copy"):
            self._marks.append((self._made, self._at, self._engine.copy()))

    def _produce(self, wanted: int) -> bytes:
        """The next bytes, at most `wanted`; empty at the end of the stream."""
        try:
            while not self._engine.eof:
                tail = getattr(self._engine, "unconsumed_tail", b"")
                chunk = tail or self._next_chunk()
                piece: bytes = self._engine.decompress(chunk, wanted)
                if piece or (not chunk and getattr(self._engine, "needs_input", True)):
                    return piece
        except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as trouble:
            raise Unreadable(f"the compressed data is broken after {self._made} bytes: {trouble}") from None
        return b""

    def _next_chunk(self) -> bytes:
        if not getattr(self._engine, "needs_input", True):
            return b""
        chunk = self._whole.read(self._at, min(CHUNK, self._end - self._at))
        self._at += len(chunk)
        return chunk


def raw_deflate() -> Any:
    return zlib.decompressobj(-15)


def bzip2() -> Any:
    return bz2.BZ2Decompressor()


def lzma_of_zip() -> Any:
    """APPNOTE 5.8.8: the stream of a zip member lacks the length field that the alone format has; not supported."""
    raise Unreadable("a zip member compressed with LZMA cannot be read here")
