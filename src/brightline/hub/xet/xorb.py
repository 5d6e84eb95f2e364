"""A xorb: compressed chunks one behind the other. Bounded whatever a header says of itself."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from mmap import mmap
from typing import Any

import numpy as np
from lz4.frame import LZ4FrameDecompressor

CHUNK = 16 << 20  # bytes that three bytes of length can say
CHUNKS = 8 << 10  # of one xorb
HEAD = 8  # bytes before a chunk: version, packed length, scheme, whole length
FOOTER = b"XETBLOB"
NONE, LZ4, GROUPED = 0, 1, 2  # schemes: as it is, LZ4 frame, bytes grouped by four and then an LZ4 frame


class Garbled(ValueError):
    """The bytes are no xorb or shard. The sentence says where."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Where a chunk's data lies, how it is compressed, and how long it is when it is not."""

    start: int
    length: int
    scheme: int
    whole: int


class Heads:
    """The headers of a xorb's chunks, found while it comes in block by block."""

    def __init__(self) -> None:
        self._found, self._part = bytearray(), bytearray()
        self._skip = self._at = 0
        self._ended = False

    def feed(self, block: bytes | memoryview) -> None:
        """Raises Garbled."""
        at = 0
        while at < len(block) and not self._ended:
            if self._skip:
                passed = min(self._skip, len(block) - at)
                self._skip -= passed
            else:
                passed = min(HEAD - len(self._part), len(block) - at)
                self._part += block[at : at + passed]
                if len(self._part) == HEAD:
                    self._take(bytes(self._part))
            at += passed
            self._at += passed

    def _take(self, head: bytes) -> None:
        self._part.clear()
        if head.startswith(FOOTER):
            self._ended = True
            return
        if head[0] != 0 or head[4] not in (NONE, LZ4, GROUPED) or (head[4] == NONE and head[5:] != head[1:4]):
            raise Garbled(f"no chunk begins before byte {self._at}, or it is compressed in an unknown way")
        if len(self._found) >= CHUNKS * HEAD:
            raise Garbled(f"a xorb has at most {CHUNKS} chunks")
        self._found += head
        self._skip = int.from_bytes(head[1:4], "little")

    def finish(self) -> bytes:
        """All of them, one behind the other. Raises Garbled."""
        if self._skip or not FOOTER.startswith(self._part):
            raise Garbled(f"the xorb breaks off at byte {self._at}")
        return bytes(self._found)


def read_heads(content: bytes) -> bytes:
    """Of a whole xorb. Raises Garbled."""
    heads = Heads()
    heads.feed(content)
    return heads.finish()


def chunks_of(heads: bytes) -> list[Chunk]:
    """Of headers that `read_heads` has read."""
    found: list[Chunk] = []
    at = 0
    for version_length, scheme_whole in struct.iter_unpack("<II", heads):
        length = version_length >> 8
        found.append(Chunk(at + HEAD, length, scheme_whole & 0xFF, scheme_whole >> 8))
        at += HEAD + length
    return found


def whole_of(heads: bytes) -> int:
    """The bytes that all chunks have together, unpacked."""
    return sum(pair[1] >> 8 for pair in struct.iter_unpack("<II", heads))


def unpack(packed: memoryview, chunks: Sequence[Chunk], out: bytearray | mmap, at: int) -> None:
    """Chunks that lie one behind the other, out of the bytes from the first one's start to the last one's end.

    Raises Garbled where data is not as long as its header says.
    """
    first = chunks[0].start
    for chunk in chunks:
        data = packed[chunk.start - first : chunk.start - first + chunk.length]
        whole: Any = data if chunk.scheme == NONE else _inflated(data, chunk)
        if chunk.scheme == GROUPED:
            _ungroup(whole, out, at)
        else:
            out[at : at + chunk.whole] = whole
        at += chunk.whole


def _inflated(data: memoryview, chunk: Chunk) -> bytes:
    try:
        whole = bytes(LZ4FrameDecompressor().decompress(data, max_length=chunk.whole + 1))
    except RuntimeError as trouble:
        raise Garbled(f"the chunk at byte {chunk.start - HEAD} is no LZ4 frame: {trouble}") from None
    if len(whole) != chunk.whole:
        raise Garbled(f"the chunk at byte {chunk.start - HEAD} has {len(whole)} bytes and not {chunk.whole}")
    return whole


def _ungroup(data: bytes, out: bytearray | mmap, at: int) -> None:
    """First bytes of all fours, then second ones, and so on; back into their order."""
    start, target = 0, np.frombuffer(out, np.uint8, len(data), at)
    for lane in range(4):
        length = (len(data) - lane + 3) // 4
        target[lane::4] = np.frombuffer(data, np.uint8, length, start)
        start += length


def hash_text(raw: bytes) -> str:
    """32 bytes as Xet writes them: four little-endian numbers in hex."""
    return "".join(f"{number:016x}" for number in struct.unpack("<4Q", raw))


def stretch_of(chunks: list[Chunk], start: int, end: int) -> list[Chunk]:
    """Chunks from `start` to before `end`. Raises Garbled where the xorb has no such chunks."""
    if not 0 <= start < end <= len(chunks):
        raise Garbled(f"the xorb has {len(chunks)} chunks, and none from {start} to {end}")
    return chunks[start:end]
