"""A disk that is full, and a store that does not answer: refused clearly, nothing is lost, and it goes on once there is room."""

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import numpy as np
import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError
from tests.desk.conftest import start
from tests.doors.conftest import client
from tests.offices import found
from tests.servers import free_port

from brightline.assembly.hosting.people.vetting import audit
from brightline.assembly.office import Office
from brightline.release.reader import Memory, Unreadable
from brightline.storage.blobs.batch import keep_all

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
MIB = 1 << 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """24 MiB; only root may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", place], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("a small disk cannot be mounted here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


@pytest.mark.parametrize("xet", [False, True])
def test_what_does_not_fit_is_refused_and_the_rest_goes_on(small_disk: Path, tmp_path: Path, monkeypatch, xet) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", not xet)
    with Office(found(tmp_path / "office", blobs=f"file:{small_disk}/blobs")) as office:
        port = free_port()
        process = start(office.settings.folder, port)
        try:
            api = client(f"http://127.0.0.1:{port}", office, "acme")
            api.create_repo("acme/small")
            push(api, tmp_path, "first.bin", 4)
            with pytest.raises((HfHubHTTPError, RuntimeError, OSError)):
                push(api, tmp_path, "large.bin", 40)
            assert list((small_disk / "blobs" / "incoming").iterdir()) == [], "what did not fit makes room again"
            assert api.list_repo_files("acme/small") == [".gitattributes", "first.bin"]
            for one in (small_disk / "blobs" / "parcels").glob("*/*"):
                one.unlink()  # as `hub collect` does in a day
            push(api, tmp_path, "second.bin", 4)
            assert api.list_repo_files("acme/small") == [".gitattributes", "first.bin", "second.bin"]
            assert audit(office).wrong == ()
        finally:
            os.killpg(process.pid, 15)
            process.wait(20)


def test_where_no_file_can_be_begun_it_is_refused_too(small_disk: Path, tmp_path: Path) -> None:
    """There is room, and no name for one more file."""
    subprocess.run(["mount", "-o", "remount,nr_inodes=400", small_disk], check=True)
    with Office(found(tmp_path / "office", blobs=f"file:{small_disk}/blobs")) as office:
        port = free_port()
        process = start(office.settings.folder, port)
        try:
            api = client(f"http://127.0.0.1:{port}", office, "acme")
            api.create_repo("acme/small")
            push(api, tmp_path, "first.bin", 1)
            objects = [{"oid": "1" * 64, "size": MIB}]
            headers = {"Authorization": f"Bearer {api.token}"}
            url = f"{api.endpoint}/acme/small.git/info/lfs/objects/batch"
            asked = httpx.post(url, json={"operation": "upload", "objects": objects}, headers=headers).json()
            taken = list[Path]()
            with suppress(OSError):
                for number in range(400):
                    (small_disk / f"{number}").touch()
                    taken.append(small_disk / f"{number}")
            assert len(taken) < 400
            sent = httpx.put(asked["objects"][0]["actions"]["upload"]["href"], content=bytes(MIB))
            assert (sent.status_code, "cannot be kept" in sent.headers["X-Error-Message"]) == (413, True)
            file = {"path": "a.txt", "content": "new", "encoding": "utf-8"}
            lines = [{"key": "header", "value": {"summary": "s"}}, {"key": "file", "value": file}]
            url = f"{api.endpoint}/api/models/acme/small/commit/main"
            told = httpx.post(url, content="\n".join(map(json.dumps, lines)), headers=headers)
            assert (told.status_code, "cannot be kept" in told.headers["X-Error-Message"]) == (413, True)
            for one in taken:
                one.unlink()
            push(api, tmp_path, "second.bin", 1)
        finally:
            os.killpg(process.pid, 15)
            process.wait(20)


def test_where_the_database_lies_there_too_all_that_is_written_is_refused(small_disk: Path, tmp_path: Path) -> None:
    """As an office is founded: its folder has everything. What is had by few is written down before it leaves."""
    with Office(found(small_disk / "office")) as office:
        port = free_port()
        process = start(office.settings.folder, port)
        try:
            api = client(f"http://127.0.0.1:{port}", office, "acme")
            api.create_repo("acme/small")
            push(api, tmp_path, "first.bin", 1)
            headers = {"Authorization": f"Bearer {api.token}"}
            file = {"path": "a.txt", "content": "new", "encoding": "utf-8"}
            lines = [{"key": "header", "value": {"summary": "s"}}, {"key": "file", "value": file}]
            with httpx.Client(base_url=api.endpoint, headers=headers) as asked:

                def answers() -> list[httpx.Response]:
                    return [
                        asked.post("/api/models/acme/small/commit/main", content="\n".join(map(json.dumps, lines))),
                        asked.post("/api/repos/create", json={"name": "other"}),
                        asked.put("/api/models/acme/small/settings", json={"private": True}),
                        *(asked.get("/acme/small/resolve/main/first.bin") for _ in range(2)),
                    ]

                ballast = small_disk / "ballast"
                with suppress(OSError), ballast.open("wb", 0) as full:
                    while True:
                        full.write(bytes(4096))
                told = answers()
                assert [one.status_code for one in told] == [413] * 5
                assert all("No space left on device" in one.headers["X-Error-Message"] for one in told)
                assert asked.get("/api/models/acme/small").status_code == 200
                ballast.unlink()
                assert [one.status_code for one in answers()] == [200] * 5
            assert "fault" not in (office.settings.folder / "serve.log").read_text()
        finally:
            os.killpg(process.pid, 15)
            process.wait(20)


def test_many_small_files_that_do_not_fit_make_room_again(small_disk: Path, tmp_path: Path) -> None:
    with Office(found(tmp_path / "office", blobs=f"file:{small_disk}/blobs")) as office:
        rng, blobs = np.random.default_rng(1), small_disk / "blobs"
        before = list(blobs.glob("*/*"))
        with pytest.raises(Unreadable, match="No space left"):
            keep_all(office.blobs, [rng.bytes(MIB) for _ in range(40)])
        assert list(blobs.glob("*/*")) == before
        keep_all(office.blobs, [rng.bytes(MIB) for _ in range(20)])


def test_a_file_that_cannot_be_named_makes_room_again(small_disk: Path, tmp_path: Path) -> None:
    """There is room for it, and none for the folder that it would lie in."""
    with Office(found(tmp_path / "office", blobs=f"file:{small_disk}/blobs")) as office:
        keep_all(office.blobs, [b"first"])
        place, content = small_disk / "blobs" / "incoming" / "receiving", bytes(MIB)
        place.write_bytes(content)
        figures = os.statvfs(small_disk)
        taken = figures.f_files - figures.f_ffree
        subprocess.run(["mount", "-o", f"remount,nr_inodes={taken}", small_disk], check=True)
        with pytest.raises(Unreadable, match="No space left"):
            office.blobs.adopt(place, hashlib.sha256(content).hexdigest())
        assert list(place.parent.iterdir()) == []
        with pytest.raises(Unreadable, match="No space left"):
            office.blobs.keep(Memory(content))
        assert list(place.parent.iterdir()) == []


def push(api: HfApi, folder: Path, name: str, size: int) -> None:
    place = folder / name
    place.write_bytes(np.random.default_rng(size + len(name)).bytes(size * MIB))
    api.upload_file(path_or_fileobj=place, path_in_repo=name, repo_id="acme/small")
