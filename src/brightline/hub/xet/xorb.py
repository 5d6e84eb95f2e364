"""A xorb: compressed chunks one behind the other. Bounded whatever a header says of itself."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from lz4.frame import LZ4FrameDecompressor

from brightline.release.reader import Reader

CHUNK = 16 << 20  # bytes that three bytes of length can say
CHUNKS = 8 << 10  # of one xorb
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


def read_chunks(reader: Reader) -> list[Chunk]:
    """The chunks of a xorb, up to its footer where it has one. Raises Garbled."""
    found: list[Chunk] = []
    at = 0
    while at < reader.size:
        head = reader.read(at, 8)
        if head.startswith(FOOTER[: len(head)]):
            break
        if len(head) < 8 or head[0] != 0:
            raise Garbled(f"byte {at} begins no chunk")
        length, scheme, whole = int.from_bytes(head[1:4], "little"), head[4], int.from_bytes(head[5:8], "little")
        if scheme not in (NONE, LZ4, GROUPED) or at + 8 + length > reader.size or len(found) >= CHUNKS:
            raise Garbled(f"the chunk at byte {at} breaks off, is compressed in an unknown way, or is one too many")
        found.append(Chunk(at + 8, length, scheme, whole))
        at += 8 + length
    return found


def unpacked(reader: Reader, chunk: Chunk) -> bytes:
    """Raises Garbled where the data is not as long as the header says."""
    data = reader.read(chunk.start, chunk.length)
    if chunk.scheme != NONE:
        data = _inflated(data, chunk)
    if len(data) != chunk.whole:
        raise Garbled(f"the chunk at byte {chunk.start - 8} has {len(data)} bytes and not {chunk.whole}")
    return _ungrouped(data) if chunk.scheme == GROUPED else data


def _inflated(data: bytes, chunk: Chunk) -> bytes:
    try:
        return bytes(LZ4FrameDecompressor().decompress(data, max_length=chunk.whole + 1))
    except RuntimeError as trouble:
        raise Garbled(f"the chunk at byte {chunk.start - 8} is no LZ4 frame: {trouble}") from None


def _ungrouped(data: bytes) -> bytes:
    """First bytes of all fours, then second ones, and so on; back into their order."""
    out, at = bytearray(len(data)), 0
    for lane in range(4):
        length = (len(data) + 3 - lane) // 4
        out[lane::4] = data[at : at + length]
        at += length
    return bytes(out)


def hash_text(raw: bytes) -> str:
    """32 bytes as Xet writes them: four little-endian numbers in hex."""
    return "".join(f"{number:016x}" for number in struct.unpack("<4Q", raw))


def parts(reader: Reader, chunks: list[Chunk], start: int, end: int) -> Iterator[bytes]:
    """Chunks from `start` to before `end`. Raises Garbled where the xorb has no such chunks."""
    if not 0 <= start < end <= len(chunks):
        raise Garbled(f"the xorb has {len(chunks)} chunks, and none from {start} to {end}")
    for chunk in chunks[start:end]:
        yield unpacked(reader, chunk)
