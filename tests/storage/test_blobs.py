"""Blobs in a folder, and on a real S3 server that checks signatures."""

import errno
import hashlib
import os
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from obstore.store import from_url
from tests.offices import decided, examined, file_case, found, write_model
from tests.servers import object_store

from brightline.assembly.office import Office
from brightline.authority.case import State
from brightline.release.reader import Memory, Unreadable
from brightline.storage.blobs.batch import keep_all
from brightline.storage.blobs.store import Blobs, first_line, open_blobs
from brightline.storage.sql.database import Unopened

CONTENT = bytes(range(256)) * 4_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(scope="module")
def s3(tmp_path_factory):
    with object_store(tmp_path_factory.mktemp("s3")) as environment:
        before = dict(os.environ)
        os.environ.update(environment)
        yield "s3://blobs/office"
        for name in environment:
            os.environ.pop(name)
        os.environ.update(before)


@pytest.fixture(params=["folder", "s3"])
def blobs(request, tmp_path):
    return open_blobs(f"file:{tmp_path}" if request.param == "folder" else request.getfixturevalue("s3"))


def test_what_is_kept_is_found_by_its_digest_and_by_no_other(blobs):
    assert blobs.keep(Memory(CONTENT)) == (len(CONTENT), SHA256)
    assert blobs.keep(Memory(CONTENT)) == (len(CONTENT), SHA256), "twice is once"
    assert blobs.holds(SHA256)
    assert not blobs.holds("0" * 64)


def test_nothing_is_kept_is_kept_too(blobs):
    size, digest = blobs.keep(Memory(b""))
    with blobs.open(digest, size) as reader:
        assert (size, reader.read(0, 10)) == (0, b"")


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, len(CONTENT) + 5), st.integers(0, 400_000)), min_size=1, max_size=5))
def test_any_part_is_read_as_it_was_written(blobs, reads):
    if not blobs.holds(SHA256):
        blobs.keep(Memory(CONTENT))
    with blobs.open(SHA256, len(CONTENT)) as reader:
        assert [reader.read(*at) for at in reads] == [CONTENT[start : start + length] for start, length in reads]


def test_many_are_kept_at_once(blobs):
    told = list[str]()
    contents = [b"%d" % number for number in range(300)] + [b"", b"7", CONTENT]
    keep_all(replace(blobs, expected=told.extend), contents)
    names = {hashlib.sha256(one).hexdigest(): one for one in contents}
    assert sorted(told) == sorted(names), "each was named before, once"
    for name, content in names.items():
        with blobs.open(name, len(content)) as reader:
            assert reader.read(0, len(content)) == content
    keep_all(blobs, contents[:3])
    keep_all(blobs, [])


def test_no_name_appears_before_all_bytes_are_where_they_will_be(tmp_path, monkeypatch):
    blobs, turns = open_blobs(f"file:{tmp_path}"), iter(range(1_000))
    written = os.fsync

    def fails(descriptor):
        if next(turns) == 40:
            raise OSError(errno.ENOSPC, "No space left on device")
        written(descriptor)

    monkeypatch.setattr(os, "fsync", fails)
    contents = [b"%d" % number for number in range(50)]
    with pytest.raises(Unreadable, match="No space left"):
        keep_all(blobs, contents)
    assert not any(blobs.holds(hashlib.sha256(one).hexdigest()) for one in contents)
    keep_all(blobs, contents)
    assert all(blobs.holds(hashlib.sha256(one).hexdigest()) for one in contents)


def test_a_store_that_is_gone_is_told(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "office")  # else the machine's cloud is asked for one
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    gone = from_url("s3://blobs/office", retry_config={"max_retries": 0})
    with pytest.raises(Unreadable, match="cannot be kept") as trouble:
        keep_all(Blobs(gone, None), [b"1", b"2"])
    assert "127.0.0.1" not in str(trouble.value), "whoever sends something is told it"


def test_where_something_lies_is_no_part_of_what_is_told():
    for said in ("Unable to create dir /srv/office/blobs/sha256/63: No space left", "No space left: '/srv/office/x'"):
        assert "No space left" in first_line(OSError(said))
        assert "srv" not in first_line(OSError(said))


def test_what_is_not_there_is_told(blobs):
    with pytest.raises(Unreadable, match="does not hold these bytes"), blobs.open("0" * 64, 9):
        pass


def test_what_is_shorter_than_it_was_is_told(blobs):
    blobs.keep(Memory(CONTENT))
    with blobs.open(SHA256, len(CONTENT) + 9) as reader, pytest.raises(Unreadable):
        reader.read(len(CONTENT) - 5, 14)


def test_an_office_on_s3_goes_from_filing_to_a_permit(s3, tmp_path):
    with Office(found(tmp_path / "office", blobs=s3)) as office:
        case = file_case(office, write_model(tmp_path / "model"))
        examined(office, case.number)
        assert decided(office, case.number).state is State.IN_FORCE
    assert not (tmp_path / "office" / "blobs").exists()


def test_a_store_that_refuses_the_key_is_told_and_nothing_is_kept(s3, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    stranger = open_blobs(s3)
    with pytest.raises(Unreadable, match="it cannot be kept"):
        stranger.keep(Memory(b"forged"))
    with pytest.raises(Unreadable, match="does not answer"):
        stranger.holds(SHA256)
    monkeypatch.undo()
    assert not open_blobs(s3).holds(hashlib.sha256(b"forged").hexdigest())


@pytest.mark.parametrize("url", ["blobs", "nonsense://x", "s3:", "http//x"])
def test_an_address_that_names_no_store_is_refused(url):
    with pytest.raises(Unopened, match="names no store"):
        open_blobs(url)
