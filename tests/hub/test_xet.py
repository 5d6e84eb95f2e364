"""Xorbs and shards: what clients write is read, and whatever else arrives is a refusal in bounded work."""

import struct

import lz4.frame
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brightline.hub.xet.shard import read_shard
from brightline.hub.xet.xorb import (
    GROUPED,
    LZ4,
    NONE,
    Garbled,
    chunks_of,
    hash_text,
    read_heads,
    stretch_of,
)
from brightline.hub.xet.xorb import unpack as _unpack


def grouped(data: bytes) -> bytes:
    return b"".join(data[lane::4] for lane in range(4))


def chunk(data: bytes, scheme: int) -> bytes:
    packed = {NONE: data, LZ4: lz4.frame.compress(data), GROUPED: lz4.frame.compress(grouped(data))}[scheme]
    return bytes([0]) + len(packed).to_bytes(3, "little") + bytes([scheme]) + len(data).to_bytes(3, "little") + packed


def unpack(xorb: bytes, start: int, end: int) -> bytes:
    chunks = stretch_of(chunks_of(read_heads(xorb)), start, end)
    out = bytearray(sum(chunk.whole for chunk in chunks))
    first, last = chunks[0], chunks[-1]
    _unpack(memoryview(xorb)[first.start : last.start + last.length], chunks, out, 0)
    return bytes(out)


contents = st.lists(st.tuples(st.binary(max_size=300), st.sampled_from([NONE, LZ4, GROUPED])), min_size=1, max_size=6)


@given(contents, st.data(), st.booleans())
def test_any_stretch_of_chunks_is_what_was_packed(rows, data, footer):
    xorb = b"".join(chunk(*row) for row in rows) + (b"XETBLOB" + bytes(40) if footer else b"")
    start = data.draw(st.integers(0, len(rows) - 1))
    end = data.draw(st.integers(start + 1, len(rows)))
    assert unpack(xorb, start, end) == b"".join(content for content, _ in rows[start:end])


WHOLE = chunk(b"a" * 100, LZ4)


@pytest.mark.parametrize(
    "xorb",
    [
        WHOLE[:-1],
        WHOLE[:5],
        b"\x01" + WHOLE[1:],
        WHOLE[:4] + b"\x09" + WHOLE[5:],
        WHOLE[:5] + (99).to_bytes(3, "little") + WHOLE[8:],
        WHOLE[:5] + (101).to_bytes(3, "little") + WHOLE[8:],
        WHOLE[:8] + b"\xff" * (len(WHOLE) - 8),
        chunk(b"", NONE) * 9_000,
    ],
)
def test_what_is_no_xorb_is_refused(xorb):
    with pytest.raises(Garbled):
        unpack(xorb, 0, 1)


def test_a_chunk_that_grows_beyond_what_it_says_is_cut_off():
    bomb = lz4.frame.compress(bytes(64 << 20))
    head = bytes([0]) + len(bomb).to_bytes(3, "little") + bytes([LZ4]) + (10).to_bytes(3, "little")
    with pytest.raises(Garbled, match="11 bytes and not 10"):
        unpack(head + bomb, 0, 1)


@pytest.mark.parametrize(("start", "end"), [(0, 0), (1, 1), (0, 2), (5, 9), (1, 0)])
def test_chunks_that_are_not_there_are_refused(start, end):
    with pytest.raises(Garbled):
        unpack(WHOLE, start, end)


def row(file: bytes, flags: int, count: int) -> bytes:
    return file + struct.pack("<IIQ", flags, count, 0)


def stretch(xorb: bytes, length: int, start: int, end: int) -> bytes:
    return xorb + struct.pack("<4I", 0, length, start, end)


HEAD, END = bytes(48), b"\xff" * 32 + bytes(16)
ONE, XORB = bytes(range(32)), bytes(range(32, 64))


@pytest.mark.parametrize(("flags", "more"), [(0, 0), (1 << 31, 2), (1 << 30, 1), (3 << 30, 3)])
def test_files_are_read_whatever_rows_stand_between_them(flags, more):
    file = row(ONE, flags, 2) + stretch(XORB, 10, 0, 1) + stretch(XORB, 20, 3, 5) + bytes(48) * more
    found = read_shard(HEAD + file * 2 + END + b"what follows is about xorbs")
    assert len(found) == 2
    assert [(one.length, one.start, one.end) for one in found[1].stretches] == [(10, 0, 1), (20, 3, 5)]
    assert found[0].stretches[0].xorb == hash_text(XORB)


@pytest.mark.parametrize("content", [b"", HEAD, HEAD + row(ONE, 0, 1), HEAD + row(ONE, 0, 1 << 31), HEAD + END[:40]])
def test_what_is_no_shard_is_refused(content):
    with pytest.raises(Garbled):
        read_shard(content)


@given(st.binary(max_size=400))
def test_whatever_arrives_is_a_shard_or_refused(content):
    try:
        read_shard(HEAD + content)
    except Garbled:
        return


@given(st.binary(max_size=200))
def test_whatever_arrives_is_a_xorb_or_refused(content):
    try:
        unpack(content, 0, 1)
    except Garbled:
        return


def test_a_hash_is_written_as_four_numbers():
    assert hash_text(bytes(range(32))) == "07060504030201000f0e0d0c0b0a090817161514131211101f1e1d1c1b1a1918"
