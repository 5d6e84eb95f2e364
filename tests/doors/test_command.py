"""The `hf` command, as people type it, against a real server; and how little is sent when little changed."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from sqlalchemy import func, select
from tests.doors.conftest import client, decide_all, secret
from tests.offices import DECLARED, write_model

from brightline.assembly.office import Office
from brightline.storage.sql import shelves

HF = str(Path(sys.executable).with_name("hf"))
QUIET = {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "NO_COLOR": "1"}


class Person:
    """Somebody at a terminal, with a home of its own."""

    def __init__(self, address: str, home: Path) -> None:
        own = {"HF_ENDPOINT": address, "HF_HOME": str(home), "HF_XET_CACHE": str(home / "xet"), **QUIET}
        dropped = ("HF_TOKEN", "HF_HUB_CACHE")
        self.environment = {key: value for key, value in os.environ.items() if key not in dropped} | own

    def types(self, *words: object, **more: str) -> str:
        done = self.tries(*words, **more)
        assert done.returncode == 0, f"hf {' '.join(map(str, words))}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def tries(self, *words: object, **more: str) -> "subprocess.CompletedProcess[str]":
        command = [HF, *map(str, words)]
        environment = self.environment | more
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def acme(address: str, office: Office, tmp_path_factory: pytest.TempPathFactory) -> Person:
    person = Person(address, tmp_path_factory.mktemp("home"))
    assert "Login successful" in person.types("auth", "login", "--token", secret(office, "acme"))
    return person


def test_a_person_signs_in_makes_pushes_looks_and_fetches(acme: Person, office: Office, tmp_path: Path) -> None:
    assert "acme" in acme.types("auth", "whoami")
    assert "acme/first" in acme.types("repos", "create", "first")
    model = write_model(tmp_path / "model", 500)
    assert "acme/first/commit/" in acme.types("upload", "acme/first", model)
    decide_all(office)
    assert "acme/first" in acme.types("models", "list", "--author", "acme", "--format", "json")
    assert "model.safetensors" in acme.types("models", "list", "acme/first")
    assert '"rfilename": "config.json"' in acme.types("models", "info", "acme/first", "--format", "json")
    assert "# Tiny" in acme.types("models", "card", "acme/first")
    acme.types("download", "acme/first", "--include", "*.json", "--include", "*.md", "--local-dir", tmp_path / "some")
    assert sorted(path.name for path in (tmp_path / "some").iterdir() if path.is_file()) == ["README.md", "config.json"]
    acme.types("download", "acme/first")
    assert "acme/first" in acme.types("cache", "list")
    acme.types("cache", "verify", "acme/first")


def test_a_person_knows_the_tokens_that_its_client_keeps(acme: Person, address: str, office: Office) -> None:
    """By the names that the office gave them; two of one name stand beside each other."""
    other = Person(address, Path(acme.environment["HF_HOME"]).with_name("other"))
    for _ in range(2):
        other.types("auth", "login", "--token", secret(office, "acme"))
    kept = [line for line in other.types("auth", "list").splitlines() if "acme (" in line]
    assert len(kept) == 2


def test_a_person_arranges_a_repository(acme: Person, office: Office, tmp_path: Path) -> None:
    acme.types("repos", "create", "second", "--type", "dataset")
    (tmp_path / "rows.jsonl").write_text('{"a": 1}\n')
    acme.types("upload", "acme/second", tmp_path / "rows.jsonl", "rows.jsonl", "--repo-type", "dataset")
    acme.types("repos", "branch", "create", "acme/second", "dev", "--type", "dataset")
    acme.types("repos", "tag", "create", "acme/second", "v1", "--type", "dataset")
    assert "v1" in acme.types("repos", "tag", "list", "acme/second", "--type", "dataset")
    acme.types("repos", "settings", "acme/second", "--gated", "manual", "--type", "dataset")
    acme.types("repos", "duplicate", "acme/second", "acme/third", "--type", "dataset")
    assert "rows.jsonl" in acme.types("datasets", "list", "acme/third")
    acme.types("repos", "move", "acme/third", "acme/fourth", "--type", "dataset")
    listed = acme.types("repos", "list", "--format", "json")
    assert ("acme/second" in listed, "acme/fourth" in listed, "acme/third" in listed) == (True, True, False)
    acme.types("repos", "delete-files", "acme/fourth", "rows.jsonl", "--type", "dataset")
    acme.types("repos", "delete", "acme/fourth", "--type", "dataset", "--yes")
    said = acme.types(
        "upload", "acme/second", tmp_path / "rows.jsonl", "more.jsonl", "--repo-type", "dataset", "--create-pr"
    )
    assert "acme/second" in said
    assert "acme" in acme.types("discussions", "info", "acme/second", "1", "--type", "dataset")
    assert "+" in acme.types("discussions", "diff", "acme/second", "1", "--type", "dataset")
    acme.types("discussions", "merge", "acme/second", "1", "--type", "dataset", "--yes")
    assert "more.jsonl" in acme.types("datasets", "list", "acme/second")


def write_large(place: Path, changed: bool) -> None:
    """300 MB in 30 tensors, one of which may be another one."""
    rng = np.random.default_rng(11)
    tensors = {f"layer.{number}": rng.integers(0, 256, 10_000_000, dtype=np.uint8) for number in range(30)}
    if changed:
        tensors["layer.17"] = rng.integers(0, 256, 10_000_000, dtype=np.uint8)
    save_file(tensors, place)


def received(office: Office) -> int:
    """Bytes of all xorbs that the server took."""
    with office.engine.begin() as connection:
        return int(connection.execute(select(func.coalesce(func.sum(shelves.xorbs.c.size), 0))).scalar_one())


def test_one_changed_tensor_of_300_mb_sends_only_its_chunks(acme: Person, office: Office, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "brightline.toml").write_text(DECLARED)
    (folder / "config.json").write_text("{}")
    write_large(folder / "model.safetensors", changed=False)
    acme.types("repos", "create", "huge")
    before = received(office)
    acme.types("upload", "acme/huge", folder)
    first = received(office) - before
    assert first > 290_000_000
    write_large(folder / "model.safetensors", changed=True)
    acme.types("upload", "acme/huge", folder)
    second = received(office) - before - first
    assert 10_000_000 <= second < 11_000_000, f"{second} bytes were sent for a tensor of 10,000,000"
    decide_all(office)
    nobody = Person(acme.environment["HF_ENDPOINT"], tmp_path / "home")
    nobody.types("download", "acme/huge", "--local-dir", tmp_path / "down")
    assert (tmp_path / "down" / "model.safetensors").read_bytes() == (folder / "model.safetensors").read_bytes()


@pytest.mark.parametrize("xet", ["0", "1"])
def test_each_way_of_pushing_works_without_xet_too(acme: Person, office: Office, tmp_path: Path, xet: str) -> None:
    """A file, a folder, a folder in many commits, a commit of operations: in a process that never had Xet where it is off."""
    (tmp_path / "folder" / "deep").mkdir(parents=True)
    for number in range(3):
        (tmp_path / "folder" / "deep" / f"{number}.bin").write_bytes(bytes([number]) * 5_000)
    code = f"""
from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete, HfApi
api, name = HfApi(), "acme/ways-{xet}"
api.create_repo(name)
api.upload_file(path_or_fileobj=b"\\0" * 3000, path_in_repo="one.bin", repo_id=name)
api.upload_folder(repo_id=name, folder_path={str(tmp_path / "folder")!r})
getattr(api, "upload_large_folder", api.upload_folder)(repo_id=name, folder_path={str(tmp_path / "folder")!r}, repo_type="model")
operations = [CommitOperationCopy("one.bin", "two.bin"), CommitOperationDelete("one.bin")]
operations.append(CommitOperationAdd("three.bin", b"\\0three" * 900))
api.create_commit(name, operations, commit_message="more")
print(sorted(api.list_repo_files(name)))
"""
    environment = acme.environment | {"HF_HUB_DISABLE_XET": xet}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3_000:]
    assert done.stdout.strip() == str(
        [".gitattributes", "deep/0.bin", "deep/1.bin", "deep/2.bin", "three.bin", "two.bin"]
    )


def test_cards_are_read_changed_and_pushed(address: str, office: Office) -> None:
    api = client(address, office, "acme")
    api.create_repo("acme/card")
    code = """
from huggingface_hub import ModelCard, metadata_update
card = ModelCard("---\\nlicense: mit\\n---\\n# Card\\n")
card.push_to_hub("acme/card")
metadata_update("acme/card", {"tags": ["tiny"]})
print(ModelCard.load("acme/card").data.to_dict())
"""
    own = {"HF_ENDPOINT": address, "HF_TOKEN": str(api.token), **QUIET}
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | own, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    assert done.stdout.strip() == "{'license': 'mit', 'tags': ['tiny']}"
