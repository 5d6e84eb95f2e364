"""One compressed stream as a file: gzip, bzip2, xz, zlib. Its size is found by one bounded pass, nothing is kept."""

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Any

from brightline.release.archive.damaged import Damaged
from brightline.release.archive.inflate import Inflated
from brightline.release.reader import Reader

STEP = 1 << 20
RATIO = 200  # a model's tar.gz stays near 1, text near 10; beyond this it is a bomb
ALLOWED = 64 << 20  # ... unless it is small
LZMA_MEMORY = 128 << 20


def opener(head: bytes) -> Callable[[], Any] | None:
    """How to decompress what begins with `head`; None where it is none of the streams read here."""
    if head[:2] == b"\x1f\x8b":
        return lambda: zlib.decompressobj(31)
    if head[:3] == b"BZh":
        return bz2.BZ2Decompressor
    if head[:6] == b"\xfd7zXZ\x00" or head[:3] == b"]\x00\x00":
        return lambda: lzma.LZMADecompressor(memlimit=LZMA_MEMORY)
    if head[:1] == b"\x78" and len(head) > 1 and (head[0] << 8 | head[1]) % 31 == 0:
        return zlib.decompressobj
    return None


def peek(head: bytes, count: int) -> bytes:
    """The first bytes behind the compression, as far as `head` gives them; empty where it cannot be told."""
    make = opener(head)
    if make is None:
        return b""
    try:
        return bytes(make().decompress(head, count))
    except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError):
        return b""


def open_stream(reader: Reader) -> Inflated:
    """The content of a compressed file. Raises Damaged: no such stream, broken, or a bomb."""
    make = opener(reader.read(0, 16))
    if make is None:
        raise Damaged("no compressed stream that is read here (gzip, bzip2, xz, lzma, zlib)")
    return Inflated(reader, 0, reader.size, _measure(reader, make), make)


def _measure(reader: Reader, make: Callable[[], Any]) -> int:
    """How many bytes the stream gives, without keeping them."""
    engine, size, at = make(), 0, 0
    bound = max(ALLOWED, RATIO * reader.size)
    try:
        while not engine.eof:
            chunk = getattr(engine, "unconsumed_tail", b"")
            if not chunk and getattr(engine, "needs_input", True):
                chunk = reader.read(at, STEP)
                at += len(chunk)
                if not chunk:
                    raise Damaged(f"the compressed stream ends in the middle, after {size} bytes", at)
            size += len(engine.decompress(chunk, STEP))
            if size > bound:
                raise Damaged(f"{reader.size} bytes that unpack to more than {bound}: a decompression bomb", at)
    except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as trouble:
        raise Damaged(f"the compressed stream is broken: {trouble}", at) from None
    return size
