"""Files past the page cache: whatever is written in whatever pieces is there, and any part of it is read back."""

import hashlib
import mmap
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brightline.release.reader import Unreadable
from brightline.storage.blobs import direct
from brightline.storage.blobs.direct import BUFFER, PAGE, Outlet, opened, take
from brightline.storage.blobs.inlet import Inlet

lengths = st.one_of(st.integers(0, 3 * PAGE), st.sampled_from([PAGE, BUFFER - 1, BUFFER, BUFFER + 1, 2 * BUFFER + 7]))
either = pytest.mark.parametrize("flags", [getattr(os, "O_DIRECT", 0), 0], ids=["direct", "through the cache"])
patient = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def some(length: int, seed: int) -> bytes:
    return (hashlib.sha256(b"%d" % seed).digest() * (length // 32 + 1))[:length]


@either
@patient
@given(pieces=st.lists(lengths, max_size=6), hashing=st.booleans())
def test_what_arrives_in_any_pieces_is_kept_and_hashed(tmp_path, monkeypatch, flags, pieces, hashing):
    monkeypatch.setattr(direct, "_DIRECT", flags)
    blocks = [some(length, seed) for seed, length in enumerate(pieces)]
    inlet = Inlet(tmp_path / "file", hashing=hashing)
    for block in blocks:
        inlet.keep([block])
    whole = b"".join(blocks)
    assert inlet.finish() == (hashlib.sha256(whole).hexdigest() if hashing else "")
    assert (inlet.size, (tmp_path / "file").read_bytes()) == (len(whole), whole)


@either
@patient
@given(length=lengths, reads=st.lists(st.tuples(st.integers(0, 3 * BUFFER), st.integers(0, BUFFER)), max_size=5))
def test_any_part_is_read_back(tmp_path, monkeypatch, flags, length, reads):
    monkeypatch.setattr(direct, "_DIRECT", flags)
    whole = some(length, 1)
    (tmp_path / "file").write_bytes(whole)
    with opened(tmp_path / "file") as file:
        assert file.size == length
        assert [file.read(*one) for one in reads] == [whole[at : at + more] for at, more in reads]


def test_what_is_shorter_than_it_was_is_told(tmp_path):
    (tmp_path / "file").write_bytes(b"short")
    with opened(tmp_path / "file") as file, direct.buffer(PAGE * 3) as into, pytest.raises(Unreadable, match="shorter"):
        file.fill(into, 0, PAGE + 1)
    with pytest.raises(Unreadable, match="cannot be read"), opened(tmp_path / "nowhere"):
        pass


def test_a_disk_that_is_full_is_told_at_the_latest_at_the_end(tmp_path, monkeypatch):
    def full(*_words: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(direct.os, "pwrite", full)
    out = Outlet(tmp_path / "file")
    out.put(take(BUFFER), BUFFER)
    with pytest.raises(OSError, match="No space"):
        out.finish()
    out.close()


def test_buffers_begin_at_a_page_and_are_used_again():
    first = take(BUFFER)
    direct.give(first)
    assert isinstance(first, mmap.mmap)
    assert len(take(BUFFER + 1)) > BUFFER, "what is larger is made for its use"
