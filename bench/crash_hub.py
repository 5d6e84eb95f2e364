"""`python -m bench.crash_hub`: a hub's server is killed at random moments while stock clients push, move, delete and download.

`--office postgresql` (with blobs in a folder) and `--office s3` have two servers of one office, each in a folder of its own, as on two
machines: one of them is killed at a time, and the other serves on. Clients use both.

After every kill: every repository has exactly the files of its last acknowledged act, or of the one that was under way; the
clients go on by themselves, and repeat what was cut. Every so often, and at the end, every stored byte is read and hashed.
Prints the seed and the figures; exits 1 on the first violation.
"""

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import httpx2
from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete, HfApi
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError
from tests.desk.conftest import start, token
from tests.offices import found
from tests.servers import free_port, fresh_database, object_store, postgresql

from bench.crash import note
from brightline.assembly.hosting.collecting import Collecting
from brightline.assembly.hosting.people.vetting import audit
from brightline.assembly.office import Office
from brightline.release.revision import object_id

LARGE = 4 << 20  # bytes of a file that goes beside its commit
SMALL = 40  # files of a commit of small ones
KINDS = ("xet", "lfs", "small", "moving", "reading")
LONGEST = 1.2  # seconds that a life lasts at the most
WHOLE = 40  # kills after which everything is read and hashed
CUT = (HfHubHTTPError, httpx.HTTPError, httpx2.HTTPError, OSError, RuntimeError, LocalEntryNotFoundError)
MEANWHILE = "acme/meanwhile"  # what is pushed to a server while the other is dead
Files = dict[str, str]
"""By path: the sha256 of what goes beside a commit, git's id of what is part of it."""


class Client:
    """One worker: says what it is about to do, does it, and says that it was acknowledged."""

    def __init__(self, kind: str, folder: Path, addresses: list[str], secret: str, seed: int) -> None:
        self.kind, self.folder, self.rng = kind, folder, random.Random(seed)
        self.apis = [HfApi(endpoint=one, token=secret) for one in addresses]
        self.api = self.apis[0]
        self.log, self.name, self.files = folder / f"{kind}.log", f"acme/{kind}", Files()

    def run(self) -> None:
        while True:
            idle = self.folder / f"{self.kind}.idle"
            while (self.folder / "pause").exists():
                idle.touch()
                time.sleep(0.02)
            idle.unlink(missing_ok=True)
            try:
                self.once()
            except CUT as trouble:
                note(self.log, said="cut", why=f"{type(trouble).__name__}: {trouble}"[:300])
                time.sleep(0.05)

    def once(self) -> None:
        self.api = self.rng.choice(self.apis)
        getattr(self, f"_{self.kind}")()

    def _act(self, name: str, files: Files | None, work: Callable[[], Any]) -> None:
        """`files` None: the repository goes."""
        note(self.log, said="about", name=name, files=files)
        work()
        note(self.log, said="done", name=name, files=files)
        self.name, self.files = name, files or {}

    def _begin(self) -> None:
        """Where things stand after a cut is asked of the server; the auditor has asked it too."""
        name, files = standing(self.api, self.kind)
        if name is None:
            self._act(f"acme/{self.kind}", {}, lambda: self.api.create_repo(f"acme/{self.kind}", exist_ok=True))
        else:
            self.name, self.files = name, files

    def _large(self) -> None:
        self._begin()
        place, path = self.folder / f"{self.kind}.bin", f"{self.rng.randrange(4)}.bin"
        content = bytearray(place.read_bytes() if place.exists() else self.rng.randbytes(LARGE))
        at = self.rng.randrange(0, LARGE, 1 << 20)
        content[at : at + (1 << 20)] = self.rng.randbytes(1 << 20)
        place.write_bytes(content)
        after = {**self.files, path: hashlib.sha256(content).hexdigest()}
        for _ in range(20):  # the same upload again, until it is through
            try:
                self._act(
                    self.name,
                    after,
                    lambda: self.api.upload_file(path_or_fileobj=place, path_in_repo=path, repo_id=self.name),
                )
            except CUT as trouble:
                note(self.log, said="cut", why=f"{type(trouble).__name__}: {trouble}"[:300])
                time.sleep(0.1)
                self.api = self.rng.choice(self.apis)
            else:
                return
        note(self.log, said="violation", why="an upload that was cut could not be repeated")

    _xet = _lfs = _large

    def _small(self) -> None:
        self._begin()
        after, operations = dict(self.files), list[Any]()
        for path in self.rng.sample(sorted(after), min(len(after), SMALL // 4)):
            operations.append(CommitOperationDelete(path))
            del after[path]
        for _ in range(SMALL):
            path, content = (
                f"{self.rng.randrange(20)}/{self.rng.randrange(20)}.txt",
                self.rng.randbytes(40).hex().encode(),
            )
            if path not in after and path not in self.files:
                operations.append(CommitOperationAdd(path, content))
                after[path] = object_id("blob", content)
        self._act(self.name, after, lambda: self.api.create_commit(self.name, operations, commit_message="many"))

    def _moving(self) -> None:
        self._begin()
        if self.rng.random() < 0.15:
            self._act(self.name, None, lambda: self.api.delete_repo(self.name))
        elif self.rng.random() < 0.5 or not self.files:
            content = self.rng.randbytes(2_000)
            after = {**self.files, f"{len(self.files)}.bin": hashlib.sha256(content).hexdigest()}
            operation = CommitOperationAdd(f"{len(self.files)}.bin", content)
            self._act(self.name, after, lambda: self.api.create_commit(self.name, [operation], commit_message="one"))
        elif self.rng.random() < 0.3:
            source = min(self.files)
            after = {**self.files, f"copy-{len(self.files)}.bin": self.files[source]}
            operations = [CommitOperationCopy(source, f"copy-{len(self.files)}.bin")]
            self._act(self.name, after, lambda: self.api.create_commit(self.name, operations, commit_message="copy"))
        else:
            name = f"acme/moving{self.rng.choice(['', '-b'])}"
            if name != self.name:
                self._act(name, self.files, lambda: self.api.move_repo(self.name, name))

    def _reading(self) -> None:
        """Whatever comes to its end is whole."""
        kind = self.rng.choice(["xet", "lfs", "small"])
        name, files = standing(self.api, kind)
        if name is not None and files:
            path = self.rng.choice(sorted(files))
            head = self.api.model_info(name).sha
            wanted = {one.path: content_of(one) for one in self.api.get_paths_info(name, [path], revision=head)}
            got = fetch(self.api, name, head or "", path)
            if path in wanted and wanted[path] not in (hashlib.sha256(got).hexdigest(), object_id("blob", got)):
                note(self.log, said="violation", why=f"{path} of {name} was torn")
            note(self.log, said="done", name=name, files={})


def fetch(api: HfApi, name: str, revision: str, path: str) -> bytes:
    url = f"{api.endpoint}/{name}/resolve/{revision}/{path}"
    answer = httpx.get(url, headers={"Authorization": f"Bearer {api.token}"}, timeout=30)
    answer.raise_for_status()
    return answer.content


def content_of(entry: Any) -> str:
    return entry.lfs.sha256 if entry.lfs is not None else entry.blob_id


def standing(api: HfApi, kind: str) -> tuple[str | None, Files]:
    """The name and the files that the server answers now, but for what the office gave; a former name answers, too."""
    for name in (f"acme/{kind}", f"acme/{kind}-b"):
        try:
            if api.model_info(name).id != name:
                continue
            entries = [one for one in api.list_repo_tree(name, recursive=True) if hasattr(one, "blob_id")]
        except RepositoryNotFoundError:
            continue
        return name, {one.path: content_of(one) for one in entries if one.path != ".gitattributes"}
    return None, {}


@contextmanager
def cellar(kind: str, folder: Path) -> Iterator[dict[str, str]]:
    """Where an office keeps what it keeps; none of this is killed."""
    with ExitStack() as stack:
        kept = {} if kind == "sqlite" else {"database": fresh_database(stack.enter_context(postgresql(folder)))}
        if kind == "s3":
            os.environ |= stack.enter_context(object_store(folder / "s3"))
        yield {**kept, "blobs": "s3://crash/office" if kind == "s3" else f"file:{folder / 'blobs'}"}


class Server:
    """One of an office's, with a folder of its own."""

    def __init__(self, folder: Path, secret: str) -> None:
        self.folder, self.port = folder, free_port()
        self.api = HfApi(endpoint=f"http://127.0.0.1:{self.port}", token=secret)
        self.begin()

    def begin(self) -> None:
        self.process = start(self.folder, self.port)

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Lives:
    """The servers, their clients, and what is asked after each death."""

    def __init__(self, folder: Path, seed: int, kind: str, kept: dict[str, str]) -> None:
        self.folder, self.rng = folder, random.Random(seed)
        self.office, self.meanwhile = found(folder / "office", **kept), Files()
        with (self.office / "office.toml").open("r+") as settings:
            text = settings.read()
            settings.seek(0)
            settings.write(f'downloads = "stream"\n{text}')  # by the servers that are killed, and not by S3
        with Office(self.office) as office:
            secret = token(office, "acme", "hub:read", "hub:write")["Authorization"].removeprefix("Bearer ")
        folders = [self.office]
        if kind != "sqlite":
            folders.append(Path(shutil.copytree(self.office, folder / "another")))
        self.servers = [Server(one, secret) for one in folders]
        self.clients = [self._client(kind, secret, seed + at) for at, kind in enumerate(KINDS)]

    def _client(self, kind: str, secret: str, seed: int) -> "subprocess.Popen[bytes]":
        environment = {
            **os.environ,
            "HF_HUB_DISABLE_XET": "1" if kind == "lfs" else "0",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_XET_CACHE": str(self.folder / f"{kind}-xet"),
            "HF_HUB_CACHE": str(self.folder / f"{kind}-cache"),
            "HF_XET_CLIENT_RETRY_MAX_ATTEMPTS": "2",
        }
        addresses = ",".join(one.api.endpoint for one in self.servers)
        words = ["--worker", kind, "--folder", self.folder, "--address", addresses, "--secret", secret]
        command = [sys.executable, "-m", "bench.crash_hub", *map(str, words), "--seed", str(seed)]
        with (self.folder / f"{kind}.out").open("wb") as out:
            return subprocess.Popen(command, stdout=out, stderr=out, env=environment)

    def close(self) -> None:
        for one in self.clients:
            one.kill()
            one.wait()
        for server in self.servers:
            server.kill()

    def kill(self) -> None:
        """One of them at any moment; then it lives again, and the clients come to rest."""
        server = self.rng.choice(self.servers)
        (self.folder / "pause").unlink(missing_ok=True)
        time.sleep(self.rng.uniform(0.05, LONGEST))
        if self.rng.random() < 0.5:
            (self.folder / "pause").touch()  # most are in the middle of something, and will not begin anything new
        server.kill()
        for other in self.servers:
            if other is not server:
                self._act_meanwhile(other.api)
        (self.folder / "pause").touch()
        server.begin()
        end = time.monotonic() + 90
        while not all((self.folder / f"{kind}.idle").exists() for kind in KINDS):
            assert time.monotonic() < end, "a client neither ends nor goes on"
            for kind, one in zip(KINDS, self.clients, strict=True):
                assert one.poll() is None, f"{kind} has ended: {(self.folder / f'{kind}.out').read_text()[-2000:]}"
            time.sleep(0.02)

    def _act_meanwhile(self, api: HfApi) -> None:
        """Who is left serves on, at once: what it is asked to do it does."""
        path, content = f"{len(self.meanwhile)}.txt", self.rng.randbytes(40).hex().encode()
        api.create_repo(MEANWHILE, exist_ok=True)
        api.create_commit(MEANWHILE, [CommitOperationAdd(path, content)], commit_message="meanwhile")
        self.meanwhile[path] = object_id("blob", content)

    def check(self) -> None:
        """Of each server. Raises AssertionError with what was violated."""
        for server in self.servers:
            self._check(server.api)
            if self.meanwhile:
                entries = [one for one in server.api.list_repo_tree(MEANWHILE) if hasattr(one, "blob_id")]
                there = {one.path: one.blob_id for one in entries}
                assert self.meanwhile.items() <= there.items(), (
                    "what was done meanwhile is lost"
                )  # the office gives more

    def _check(self, api: HfApi) -> None:
        for kind in KINDS:
            rows = rows_of(self.folder / f"{kind}.log")
            wrong = next((row for row in rows if row["said"] == "violation"), None)
            assert wrong is None, f"{kind}: {wrong}"
            if kind == "reading":
                continue
            allowed: list[tuple[str | None, Files]] = [(None, {})]
            for row in rows:
                after = (None if row.get("files") is None else row.get("name"), row.get("files") or {})
                if row["said"] == "done":
                    allowed = [after]
                elif row["said"] == "about":
                    allowed.append(after)
            now = standing(api, kind)
            assert now in allowed, f"{kind}: {now[0]} has {len(now[1])} files, which nobody was told of"
            for path in self.rng.sample(sorted(now[1]), min(2, len(now[1]))):
                self._check_file(api, str(now[0]), path, now[1][path])

    def _check_file(self, api: HfApi, name: str, path: str, wanted: str) -> None:
        got = fetch(api, name, "main", path)
        assert wanted in (hashlib.sha256(got).hexdigest(), object_id("blob", got)), f"{path} of {name} is torn"

    def check_all(self) -> dict[str, int]:
        """Every stored byte; every file of every repository; and that garbage goes while nothing else does."""
        with Office(self.office) as office:
            Collecting(office).collect()
            found_ = audit(office)
        assert found_.wrong == (), found_.wrong
        for kind in KINDS[:-1]:
            api = self.rng.choice(self.servers).api
            name, files = standing(api, kind)
            for path, wanted in files.items():
                self._check_file(api, str(name), path, wanted)
        return {"blobs": found_.blobs, "bytes": found_.size}

    def check_sweep(self) -> None:
        """What was cut off goes with a start, once a day has passed."""
        places = [
            place
            for one in (self.folder / "blobs", *(one.folder for one in self.servers))
            for place in one.glob("incoming/*")
        ]
        for server in self.servers:
            server.kill()
        for place in places:
            os.utime(place, (0, 0))
        for server in self.servers:
            server.begin()
        assert not any(place.exists() for place in places), "an upload that was cut off stays for ever"
        print(f"{len(places)} uploads were cut off in the middle, and are swept")


def impatient() -> None:
    """The stock client waits up to eight seconds before it tries again; the kills would wait for it."""
    from huggingface_hub.utils import _http

    _http._http_backoff_base.__kwdefaults__ |= {"base_wait_time": 0.1, "max_wait_time": 0.2}  # noqa: SLF001


def rows_of(place: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in place.read_text().splitlines()] if place.exists() else []


def run(kills: int, seed: int, kind: str, folder: Path) -> int:
    """The number of kills after which all held."""
    with cellar(kind, folder) as kept:
        return _run(kills, folder, Lives(folder, seed, kind, kept))


def _run(kills: int, folder: Path, lives: Lives) -> int:
    began = time.monotonic()
    try:
        for count in range(kills):
            try:
                lives.kill()
                lives.check()
                if count % WHOLE == WHOLE - 1:
                    print(f"{count + 1} kills, {lives.check_all()}, {time.monotonic() - began:.0f} s", flush=True)
            except (AssertionError, *CUT) as trouble:
                print(f"violation after kill {count + 1}: {type(trouble).__name__}: {trouble}", flush=True)
                return count
        print(f"at the end: {lives.check_all()}")
        lives.check_sweep()
    finally:
        lives.close()
    said = {kind: Counter(row["said"] for row in rows_of(folder / f"{kind}.log")) for kind in KINDS}
    print(
        f"acknowledged: { ({kind: one['done'] for kind, one in said.items()}) }; cut: { ({kind: one['cut'] for kind, one in said.items()}) }"
    )
    return kills


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--kills", type=int, default=200, metavar="N")
    arguments.add_argument(
        "--office", choices=("sqlite", "postgresql", "s3"), default="sqlite", help="(default: sqlite)"
    )
    arguments.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    for name in ("worker", "folder", "address", "secret"):
        arguments.add_argument(f"--{name}", help=argparse.SUPPRESS)
    chosen = arguments.parse_args()
    if chosen.worker:
        impatient()
        Client(chosen.worker, Path(chosen.folder), chosen.address.split(","), chosen.secret, chosen.seed).run()
    print(f"office {chosen.office}, seed {chosen.seed}")
    with tempfile.TemporaryDirectory(prefix="brightline-crash-") as folder:
        began = time.monotonic()
        held = run(chosen.kills, chosen.seed, chosen.office, Path(folder))
        print(f"hub: {held} of {chosen.kills} kills held, {time.monotonic() - began:.0f} s")
    return 0 if held == chosen.kills else 1


if __name__ == "__main__":
    sys.exit(main())
