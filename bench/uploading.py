"""`python -m bench.uploading`: how quickly a hub takes bytes in, Xet decode included, beside sha256 of them and a copy to the same disk.

The stock client sends each subject once to a recorder; a plain sender then replays its xorbs and shards to fresh repositories
of a real server, so that the client's own work is not part of the figure. `--memory GIB` measures the server's peak memory
instead, with the stock client and by LFS in, and out again.
"""

import argparse
import hashlib
import json
import mmap
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from huggingface_hub import HfApi
from tests.desk.conftest import start, token
from tests.doors.recorder import record
from tests.offices import found
from tests.servers import free_port

from bench.measure import row
from brightline.assembly.office import Office

BLOCK, GIB = 16 << 20, 1 << 30
CORES = len(os.sched_getaffinity(0))
MANY = 60  # bodies at once, more than the server takes
SENDERS = 4  # connections at once, as the stock client has them


def random_bytes(rng: np.random.Generator, length: int) -> bytes:
    return rng.bytes(length)


def fp32(rng: np.random.Generator, length: int) -> bytes:
    return (rng.standard_normal(length // 4, dtype=np.float32) * np.float32(0.02)).tobytes()


def bf16(rng: np.random.Generator, length: int) -> bytes:
    """The upper halves of fp32."""
    return (rng.standard_normal(length // 2, dtype=np.float32) * np.float32(0.02)).view(np.uint16)[1::2].tobytes()


SUBJECTS = {"random": random_bytes, "fp32": fp32, "bf16": bf16}


def write_subject(place: Path, name: str, size: int) -> Path:
    rng = np.random.default_rng(len(name))
    with place.open("wb") as out:
        for start_at in range(0, size, BLOCK):
            out.write(SUBJECTS[name](rng, min(BLOCK, size - start_at)))
    return place


class Server:
    """A real office and its server process, with a client's token."""

    def __init__(self, folder: Path) -> None:
        with Office(found(folder)) as office:
            self.headers = token(office, "acme", "hub:read", "hub:write")
        self.folder, port = folder, free_port()
        self.process = start(folder, port)
        self.address = f"http://127.0.0.1:{port}"
        self.api = HfApi(endpoint=self.address, token=self.headers["Authorization"].removeprefix("Bearer "))

    def close(self) -> None:
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(30)

    def workers(self) -> list[int]:
        """The server's processes."""
        group = os.getpgid(self.process.pid)
        return [
            pid
            for pid in map(int, filter(str.isdigit, (one.name for one in Path("/proc").iterdir())))
            if _group(pid) == group
        ]

    def cpu(self) -> float:
        ticks = 0
        for pid in self.workers():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def forget_peak(self) -> None:
        for pid in self.workers():
            Path(f"/proc/{pid}/clear_refs").write_text("5")

    def peak(self) -> float:
        """MB, of the process that does the work, since it was last forgotten; its parent only waits."""
        return max(_peak(pid) for pid in self.workers()) * 1024 / 1e6


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return -1


def _peak(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


def send(url: str, method: str, place: Path, headers: dict[str, str]) -> bytes:
    """By the kernel: the sender's own time is as small as it can be."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    with socket.create_connection((parts.hostname, parts.port or 80)) as connection, place.open("rb") as file:
        lines = [f"{method} {parts.path} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {place.stat().st_size}"]
        lines += [f"{key}: {value}" for key, value in {**headers, "Connection": "close"}.items()]
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        connection.sendfile(file)
        answer = b""
        while block := connection.recv(65_536):
            answer += block
    assert answer.startswith(b"HTTP/1.1 200"), answer[:400]
    return answer


def asked(url: str, headers: dict[str, str], method: str = "GET", body: object = None) -> dict:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port)
    connection.request(method, parts.path, None if body is None else json.dumps(body), headers)
    return json.loads(connection.getresponse().read())


def replay(server: Server, recorded: Path, repo: str) -> None:
    """As the client sent it: xorbs, several at once, and then the shards."""
    ticket = asked(f"{server.address}/api/models/{repo}/xet-write-token/main", server.headers)
    headers = {"Authorization": f"Bearer {ticket['accessToken']}"}
    with ThreadPoolExecutor(SENDERS) as senders:
        xorbs = sorted((recorded / "xorbs").iterdir(), key=lambda one: one.stat().st_mtime_ns)
        jobs = [
            senders.submit(send, f"{ticket['casUrl']}/v1/xorbs/default/{one.name}", "POST", one, headers)
            for one in xorbs
        ]
        for job in jobs:
            job.result()
    for shard in sorted((recorded / "shards").iterdir()):
        send(f"{ticket['casUrl']}/v1/shards", "POST", shard, headers)


def put(server: Server, subject: Path, sha256: str, repo: str) -> None:
    send(link(server, subject, sha256, repo), "PUT", subject, {})


def link(server: Server, subject: Path, sha256: str, repo: str) -> str:
    wanted = {"operation": "upload", "objects": [{"oid": sha256, "size": subject.stat().st_size}]}
    answer = asked(f"{server.address}/{repo}.git/info/lfs/objects/batch", server.headers, "POST", wanted)
    return str(answer["objects"][0]["actions"]["upload"]["href"])


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def hashed(content: bytes, threads: int) -> float:
    """Seconds a GiB when so many threads hash at once."""

    def work() -> None:
        hashlib.sha256(content).hexdigest()

    several = [threading.Thread(target=work) for _ in range(threads)]

    def together() -> None:
        for one in several:
            one.start()
        for one in several:
            one.join()

    return timed(together) / (len(content) * threads / (1 << 30))


def copied(subject: Path, place: Path) -> float:
    def work() -> None:
        with subject.open("rb") as source, place.open("wb") as out:
            shutil.copyfileobj(source, out, 4 << 20)
            out.flush()
            os.fsync(out.fileno())

    taken = timed(work)
    place.unlink()
    return taken


def digest(place: Path) -> str:
    with place.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def rates(folder: Path, size: int, runs: int) -> None:
    for name in SUBJECTS:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            report(name, Subject(Path(place), name, size).measured(runs))


class Subject:
    """A file, what the stock client sends for it, and a server to send it to."""

    def __init__(self, folder: Path, name: str, size: int) -> None:
        self.folder, self.size = folder, size
        self.file, self.recorded = write_subject(folder / name, name, size), folder / "recorded"
        self.sha256, self.sample = digest(self.file), self.file.read_bytes()[: 256 << 20]
        record(self.file, self.recorded)
        self.server = Server(folder / "office")

    def measured(self, runs: int) -> dict[str, float]:
        """Seconds a GiB, the median."""
        found_: dict[str, list[float]] = {}
        try:
            for turn in range(runs):
                for way, work in self._ways(turn).items():
                    touch(4 * self.size)
                    found_.setdefault(way, []).append(work())
        finally:
            self.server.close()
        return {way: sorted(times)[len(times) // 2] for way, times in found_.items()}

    def _ways(self, turn: int) -> dict[str, Callable[[], float]]:
        ways = {
            "sha256, 1 thread": lambda: hashed(self.sample, 1),
            f"sha256, {CORES} threads": lambda: hashed(self.sample, CORES),
            "copy + fsync": lambda: copied(self.file, self.folder / "copy") / (self.size / GIB),
            "xet, replayed": lambda: self._sent(turn, lambda repo: replay(self.server, self.recorded, repo)),
            "lfs, put": lambda: self._sent(turn, lambda repo: put(self.server, self.file, self.sha256, repo)),
        }
        if turn == 0:
            ways["xet, stock client"] = lambda: self._sent(turn, lambda repo: client(self.server, self.file, repo))
        return ways

    def _sent(self, turn: int, send_to: Callable[[str], object]) -> float:
        repo = f"acme/turn-{turn}"
        self.server.api.create_repo(repo)
        before, taken = self.server.cpu(), timed(lambda: send_to(repo))
        print(f"    ({(self.server.cpu() - before) / (self.size / GIB):.2f} s of the server's CPU a GiB)", flush=True)
        self.server.api.delete_repo(repo)
        for place in (self.folder / "office" / "blobs").glob("*/*/*"):
            place.unlink()  # nothing that was kept is found the next time
        return taken / (self.size / GIB)


def touch(length: int) -> None:
    """A virtual machine's memory is slow where it was never used; what is kept should not pay for that."""
    with mmap.mmap(-1, length) as memory_:
        for at in range(0, length, mmap.PAGESIZE):
            memory_[at] = 1


def report(name: str, taken: dict[str, float]) -> None:
    ones = [taken[way] for way in taken if way.startswith("sha256")]
    for way, seconds in taken.items():
        ratios = f"{ones[0] / seconds:.2f} of 1, {ones[1] / seconds:.2f} of {CORES} threads"
        row(
            f"{name}: {way}",
            f"{seconds:.2f} s/GiB = {ratios}",
            "bar 0.5" if way in ("xet, replayed", "lfs, put") else "",
        )


def client(server: Server, subject: Path, repo: str) -> None:
    server.api.upload_file(path_or_fileobj=subject, path_in_repo="model.safetensors", repo_id=repo)


def memory(folder: Path, gib: int) -> None:
    """In by the stock client and by LFS, out by GET; one file, which never repeats itself."""
    subject = write_subject(folder / "fp32", "fp32", gib << 30)
    sha256 = digest(subject)
    server = Server(folder / "office")
    try:
        server.api.create_repo("acme/client")
        _peaking(server, f"{gib} GiB in, stock client (Xet)", lambda: client(server, subject, "acme/client"))
        url = f"{server.address}/acme/client/resolve/main/model.safetensors"
        _peaking(server, f"{gib} GiB out, GET", lambda: _got(url, server.headers, sha256))
        for place in (folder / "office" / "blobs" / "parcels").glob("*/*"):
            place.unlink()  # the disk need not hold all of it at once
        server.api.create_repo("acme/lfs")
        _peaking(server, f"{gib} GiB in, LFS PUT", lambda: put(server, subject, sha256, "acme/lfs"))
        _peaking(server, f"{MANY} bodies of 64 MiB in at once", lambda: many(server, folder))
    finally:
        server.close()


def many(server: Server, folder: Path) -> None:
    """More than come in at once: the others wait, and every one is answered 200."""
    subject = write_subject(folder / "many", "random", 64 << 20)
    sha256 = digest(subject)
    server.api.create_repo("acme/many")
    links = [link(server, subject, sha256, "acme/many") for _ in range(MANY)]
    with ThreadPoolExecutor(MANY) as senders:
        for job in [senders.submit(send, one, "PUT", subject, {}) for one in links]:
            job.result()


def _got(url: str, headers: dict[str, str], sha256: str) -> None:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port)
    connection.request("GET", parts.path, headers=headers)
    answer, found_ = connection.getresponse(), hashlib.sha256()
    while block := answer.read(4 << 20):
        found_.update(block)
    assert found_.hexdigest() == sha256


def _peaking(server: Server, name: str, work: Callable[[], object]) -> None:
    server.forget_peak()
    taken = timed(work)
    row(name, f"peak {server.peak():.0f} MB, {taken:.0f} s", "bar 300 MB")


@contextmanager
def _scratch(place: str | None) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="brightline-uploading-", dir=place) as folder:
        os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
        os.environ |= {name: str(Path(folder) / name) for name in ("HF_HOME", "HF_XET_CACHE", "HF_HUB_CACHE")}
        yield Path(folder)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--size", type=int, default=1024, metavar="MIB", help="of each subject")
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--memory", type=int, metavar="GIB", help="the size of the one file, instead of rates")
    arguments.add_argument("--folder", metavar="DIR", help="where the disk is that is measured")
    chosen = arguments.parse_args()
    with _scratch(chosen.folder) as folder:
        if chosen.memory:
            memory(folder, chosen.memory)
        else:
            rates(folder, chosen.size << 20, chosen.runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
