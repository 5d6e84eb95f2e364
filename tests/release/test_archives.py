"""Archives read in place give the bytes that the standard library gives, in any order of asking; what is odd is told."""

import io
import struct
import tarfile
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brightline.release.archive.damaged import Damaged
from brightline.release.archive.stream import open_stream
from brightline.release.archive.tar import open_tar
from brightline.release.archive.zip import open_zip
from brightline.release.reader import Memory

CONTENTS = st.dictionaries(
    st.text("abcdé/", min_size=1, max_size=20).filter(
        lambda name: not name.startswith("/") and not name.endswith("/") and "//" not in name
    ),
    st.binary(max_size=300).map(lambda raw: raw * 40),
    min_size=1,
    max_size=4,
)


class Told(list):
    def __call__(self, code, message, offset):
        self.append(code)


def zipped(contents, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@given(CONTENTS, st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2]), st.data())
@settings(deadline=None, max_examples=60)
def test_zip_members_at_any_place(contents, method, data):
    told = Told()
    archive = open_zip(Memory(zipped(contents, method)), told)
    assert {member.name for member in archive.members} == set(contents)
    for member in archive.members:
        reader, content = archive.open(member), contents[member.name]
        for _ in range(4):
            offset, length = data.draw(st.integers(0, len(content) + 3)), data.draw(st.integers(0, 5000))
            assert reader.read(offset, length) == content[offset : offset + length]
        assert archive.check_crc(member, reader)
    assert told == []


def test_going_back_in_a_long_stream_resumes_at_a_checkpoint():
    content = b"".join(struct.pack("<Q", number) for number in range(3 << 20))  # 24 MiB
    archive = open_zip(Memory(zipped({"long": content})), Told())
    reader = archive.open(archive.members[0])
    for offset in (len(content) - 8, 0, 17 << 20, 9 << 20, 16 << 20):
        assert reader.read(offset, 8) == content[offset : offset + 8]


def test_members_without_an_end_record_are_found():
    told = Told()
    archive = open_zip(Memory(zipped({"a": b"1", "b": b"2"})[:-22]), told)
    assert [member.name for member in archive.members] == ["a", "b"]
    assert told == ["truncated"]


@pytest.mark.parametrize(
    ("name", "code"), [("../up", "unsafe-name"), ("/abs", "unsafe-name"), ("a\\..\\..\\b", "unsafe-name")]
)
def test_unsafe_names(name, code):
    told = Told()
    open_zip(Memory(zipped({name: b"x"})), told)
    assert code in told


def test_a_name_that_stands_twice():
    told, buffer = Told(), io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a", b"2")
    open_zip(Memory(buffer.getvalue()), told)
    assert told == ["duplicate"]


def test_members_that_share_bytes():
    raw = bytearray(zipped({"a": b"x" * 50, "b": b"y" * 50}, zipfile.ZIP_STORED))
    second = raw.rfind(b"PK\x01\x02")
    struct.pack_into("<I", raw, second + 42, 10)
    told = Told()
    open_zip(Memory(bytes(raw)), told)
    assert "overlap" in told


@given(
    CONTENTS,
    st.sampled_from([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]),
    st.sampled_from(["", "gz", "bz2", "xz"]),
)
@settings(deadline=None, max_examples=60)
def test_tar_members(contents, form, compression):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=f"w:{compression}", format=form) as archive:
        for name, content in contents.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    plain = Memory(buffer.getvalue()) if not compression else open_stream(Memory(buffer.getvalue()))
    told = Told()
    found = open_tar(plain, told)
    assert {member.name: found.open(member).read(0, member.size) for member in found.members} == contents
    assert told == []


def test_links_and_devices_in_a_tar_are_told():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.FIFOTYPE):
            entry = tarfile.TarInfo(f"special{kind!r}")
            entry.type = kind
            archive.addfile(entry)
        archive.addfile(tarfile.TarInfo("plain"))
    told = Told()
    assert [member.name for member in open_tar(Memory(buffer.getvalue()), told).members] == ["plain"]
    assert told == ["symlink", "symlink"]


def test_a_stream_that_is_a_bomb_or_cut_is_refused():
    import gzip

    with pytest.raises(Damaged, match="bomb"):
        open_stream(Memory(gzip.compress(bytes(300 << 20))))
    with pytest.raises(Damaged, match="ends in the middle"):
        open_stream(Memory(gzip.compress(b"abc" * 1000)[:-12]))
