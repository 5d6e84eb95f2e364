"""Parcels, and the collection of garbage, in a folder and on a real S3 server."""

import hashlib
import os
import threading
import time
from datetime import timedelta

import lz4.frame
import obstore
import pytest
from tests.offices import Clock, found
from tests.servers import object_store

from brightline.assembly.hosting import collecting
from brightline.assembly.hosting.collecting import Collecting
from brightline.assembly.hosting.uploads.assembling import Sources, assemble
from brightline.assembly.office import Office
from brightline.hub.xet.shard import Assembled, Stretch
from brightline.hub.xet.xorb import LZ4, Garbled, read_heads
from brightline.release.reader import Memory, Unreadable
from brightline.storage.blobs import arrivals
from brightline.storage.blobs import store as blobs
from brightline.storage.blobs.batch import keep_all
from brightline.storage.blobs.parcels import Parcels, new_parcel
from brightline.storage.repositories.holdings import Xorb
from brightline.storage.sql.database import writing


@pytest.fixture(scope="module")
def s3(tmp_path_factory):
    with object_store(tmp_path_factory.mktemp("s3")) as environment, pytest.MonkeyPatch.context() as patched:
        for key, value in environment.items():
            patched.setenv(key, value)
        yield "s3://blobs/office"


@pytest.fixture(params=["folder", "s3"])
def office(request, tmp_path, monkeypatch):
    monkeypatch.setattr(arrivals, "FRESH", 0)
    url = "file:blobs" if request.param == "folder" else request.getfixturevalue("s3")
    with Office(found(tmp_path / "office", blobs=url), Clock()) as opened:
        yield opened


def xorb(contents: list[bytes]) -> bytes:
    rows = [(len(one), lz4.frame.compress(one)) for one in contents]
    heads = [
        bytes([0]) + len(packed).to_bytes(3, "little") + bytes([LZ4]) + whole.to_bytes(3, "little")
        for whole, packed in rows
    ]
    return b"".join(head + packed for head, (_, packed) in zip(heads, rows, strict=True))


def test_files_are_assembled_from_parcels_and_parcels_are_collected(office, tmp_path):
    contents = [os.urandom(length) for length in (1, 70_000, 4_096, 2_000_000, 5)]
    packed = xorb(contents)
    (tmp_path / "sent").write_bytes(packed)
    parcels = Parcels(office.blobs)
    kept = Xorb(new_parcel(), len(packed), read_heads(packed))
    parcels.keep(tmp_path / "sent", kept.place)
    assert not (tmp_path / "sent").exists()
    stretches = [(0, 5), (1, 3), (0, 5), (4, 5)]
    parts = [b"".join(contents[start:end]) for start, end in stretches]
    rows = tuple(Stretch("x", len(part), *at) for part, at in zip(parts, stretches, strict=True))
    whole = b"".join(parts)
    with Sources({"x": kept}, parcels) as sources:
        made = assemble(Assembled("f", rows), sources, tmp_path / "made")
        assert (made.sha256, made.size) == (hashlib.sha256(whole).hexdigest(), len(whole))
        assert (tmp_path / "made").read_bytes() == whole
        for wrong in (
            Assembled("f", rows, "0" * 64),
            Assembled("f", (Stretch("x", 1, 0, 2),)),
            Assembled("f", (Stretch("x", 1, 4, 9),)),
        ):
            with pytest.raises(Garbled):
                assemble(wrong, sources, tmp_path / "made")
    assert Collecting(office).collect().files == 0, "it has just arrived"
    office.clock.forward(days=2)
    assert Collecting(office).collect().files == 1
    with Sources({"x": kept}, parcels) as sources, pytest.raises(Unreadable):
        assemble(Assembled("f", rows), sources, tmp_path / "made")


@pytest.mark.parametrize("length", [100_000, 3 << 20])
def test_what_cannot_be_unpacked_is_told_however_long_it_is(office, tmp_path, length):
    """Clients send no chunks of more than 128 KiB."""
    size = length.to_bytes(3, "little")
    packed = bytes([0]) + size + bytes([LZ4]) + size + os.urandom(length)
    (tmp_path / "sent").write_bytes(packed)
    kept = Xorb(new_parcel(), len(packed), read_heads(packed))
    Parcels(office.blobs).keep(tmp_path / "sent", kept.place)
    wanted = Assembled("f", (Stretch("x", length, 0, 1),))
    with Sources({"x": kept}, Parcels(office.blobs)) as sources, pytest.raises(Garbled, match="no LZ4 frame"):
        assemble(wanted, sources, tmp_path / "made")
    office.clock.forward(days=2)
    assert Collecting(office).collect().files == 1, "and nothing of it is left for other tests"


def test_what_nothing_names_goes_and_what_has_just_come_stays(office):
    office.blobs.keep(Memory(b"old"))
    office.clock.forward(days=2)
    office.blobs.keep(Memory(b"new"))
    assert Collecting(office, dry=True).collect().size == 3
    done = Collecting(office, timedelta(days=1)).collect()
    assert (done.files, done.size) == (1, 3)
    assert office.blobs.holds(hashlib.sha256(b"new").hexdigest())
    assert not office.blobs.holds(hashlib.sha256(b"old").hexdigest())


def test_who_writes_comes_between_what_is_removed_and_a_store_is_asked_for_many_at_once(office, monkeypatch):
    monkeypatch.setattr(collecting, "LOCKED", 10)
    keep_all(office.blobs, [b"%d" % number for number in range(100)])
    office.clock.forward(days=2)
    removed, asked, waited, over = obstore.delete, list[int](), [0.0], threading.Event()

    def slow(store: object, places: str | list[str]) -> None:
        many = [places] if isinstance(places, str) else places
        asked.append(len(many))
        time.sleep(0.01 * len(many))
        removed(store, many)

    async def asked_beside(store: object, places: list[str]) -> None:
        slow(store, places)

    def write() -> None:
        while not over.is_set():
            began = time.monotonic()
            with writing(office.engine):
                waited.append(time.monotonic() - began)
            time.sleep(0.01)

    monkeypatch.setattr(obstore, "delete", slow)
    monkeypatch.setattr(obstore, "delete_async", asked_beside)
    writer = threading.Thread(target=write)
    writer.start()
    began = time.monotonic()
    try:
        found = Collecting(office).collect()
    finally:
        took = time.monotonic() - began
        over.set()
        writer.join()
    assert found.files == sum(asked) >= 100
    assert max(waited) < took / 2, "the whole time it is the collector's turn"
    assert office.blobs.folder is not None or len(asked) <= 11


def test_what_came_in_before_it_went_to_s3_is_swept_up_a_day_after_a_crash(office):
    if office.blobs.folder is not None:
        return
    beside = office.settings.folder / "incoming"
    beside.mkdir(exist_ok=True)
    Collecting(office).collect()
    (beside / "receiving-old").write_bytes(b"cut off")
    (beside / "receiving-new").write_bytes(b"on its way")
    os.utime(beside / "receiving-old", (1, 1))
    assert Collecting(office, dry=True).collect().size == 7
    assert Collecting(office).collect().size == 7
    assert [place.name for place in beside.iterdir()] == ["receiving-new"]


def test_folders_and_what_ends_meanwhile_are_no_trouble_where_bodies_come_in(office):
    """Imports and the desk's uploads lie in folders; one of an import that goes on is older than the file that grows in it."""
    if office.blobs.folder is not None:
        return
    beside = office.settings.folder / "incoming"
    for folder, age in (("cut off", 1), ("going on", None)):
        (beside / folder).mkdir(parents=True)
        (beside / folder / "file").write_bytes(b"some")
        if age is not None:
            os.utime(beside / folder / "file", (age, age))
        os.utime(beside / folder, (1, 1))
    (beside / "ended").symlink_to(beside / "nothing")
    assert Collecting(office, dry=True).collect().size == 4
    assert Collecting(office).collect().size == 4
    assert {place.name for place in beside.iterdir()} == {"going on", "ended"}


def test_what_s3_does_not_copy_at_once_has_its_name_all_the_same(office, tmp_path, monkeypatch):
    """S3 copies 5 GiB at the most, and takes an upload in 10,000 parts at the most."""
    monkeypatch.setattr(blobs, "COPIED", 1 << 20)
    if office.blobs.folder is None:
        monkeypatch.setattr("obstore.rename", None)
    content = os.urandom((12 << 20) + 5)
    sha256 = hashlib.sha256(content).hexdigest()
    (tmp_path / "sent").write_bytes(content)
    office.blobs.adopt(tmp_path / "sent", sha256)
    assert not (tmp_path / "sent").exists()
    assert office.blobs.keep(Memory(content[1:])) == (len(content) - 1, hashlib.sha256(content[1:]).hexdigest())
    for one in (content, content[1:]):
        with office.blobs.open(hashlib.sha256(one).hexdigest(), len(one)) as reader:
            assert reader.read(0, len(one)) == one
    assert not [one for page in obstore.list(office.blobs.store, "incoming") for one in page]
    for size in (0, 1, 5 << 30, 48 << 30, 5 << 40):
        options = blobs.portions(size)
        assert size <= 10_000 * options["chunk_size"]
        assert options["chunk_size"] * (options["max_concurrency"] - 1) <= blobs.ROOM


def test_what_cannot_be_taken_away_where_bodies_come_in_keeps_no_server_from_starting(tmp_path):
    """A link to a folder; on a disk of its own there is lost+found, too."""
    beside, elsewhere = tmp_path / "incoming", tmp_path / "elsewhere"
    for place in (beside, elsewhere):
        place.mkdir()
    (beside / "linked").symlink_to(elsewhere)
    (beside / "cut off").write_bytes(b"some")
    for place in (elsewhere, beside / "cut off"):
        os.utime(place, (1, 1))
    assert collecting.sweep(beside) == (1, 4)
    assert [place.name for place in beside.iterdir()] == ["linked"]
