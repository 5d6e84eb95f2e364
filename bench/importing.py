"""`python -m bench.importing [GIB]`: one large file from one office's hub into another's, beside what the source alone takes.

Two real processes and the real command. The peer is curl, which fetches the same file from the same source into a file;
beside it stands sha256 over the file. Prints the ratio of the rates and the command's peak memory.
"""

import hashlib
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.desk.conftest import start
from tests.offices import DECLARED, decided, examined, found
from tests.servers import free_port

from bench.peak import peak
from brightline.assembly.hosting.hosting import Hosting
from brightline.assembly.office import Office
from brightline.hub.host import Account, Arrived, Operation, Push
from brightline.release.repository import Kind, RepoName

NAME = RepoName(Kind.MODEL, "globex", "large")
FILE = "model.bin"
BLOCK = 64 << 20


def write(place: Path, size: int) -> str:
    """Bytes that no compression helps, and their sha256."""
    block, hashed = os.urandom(BLOCK), hashlib.sha256()
    with place.open("wb") as out:
        for number in range(size // BLOCK):
            part = number.to_bytes(8, "big") + block[8:]
            hashed.update(part)
            out.write(part)
    return hashed.hexdigest()


def publish(office: Office, size: int) -> None:
    """Pushed and decided without a client: that is not what is measured."""
    hosting, globex = Hosting(office), Account("globex", "t", frozenset({"hub:read", "hub:write"}))
    hosting.create(globex, NAME, {})
    place = hosting.incoming()
    sha256 = write(place, size)
    ((_, _, ticket),) = hosting.wanted(globex, NAME, "main", [{"oid": sha256, "size": size}])
    hosting.received(str(ticket), Arrived(place, sha256, size))
    operations = [
        Operation("add", "brightline.toml", DECLARED.encode()),
        Operation("copy", FILE, sha256=sha256, size=size),
    ]
    hosting.commit(globex, NAME, "main", Push("large", "", None, operations))
    examined(office, 1)
    decided(office, 1)


def timed(*command: str) -> tuple[float, float]:
    """Seconds, and the peak of its memory in MB."""
    began = time.monotonic()
    held = peak(*command)
    return time.monotonic() - began, held


def hashing(place: Path) -> float:
    began = time.monotonic()
    with place.open("rb") as file:
        hashlib.file_digest(file, "sha256")
    return time.monotonic() - began


def largest(blobs: Path) -> int:
    """The size of the largest blob that is kept."""
    return max(path.stat().st_size for path in (blobs / "sha256").rglob("*") if path.is_file())


def main() -> None:
    size = int(float(sys.argv[1] if len(sys.argv) > 1 else "4") * (1 << 30)) // BLOCK * BLOCK
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        place, port = Path(folder), free_port()
        theirs = stack.enter_context(Office(found(place / "there")))
        publish(theirs, size)
        found(place / "here")
        process = start(theirs.settings.folder, port)
        stack.callback(process.wait, 20)
        stack.callback(os.killpg, process.pid, 15)
        address = f"http://127.0.0.1:{port}"
        curl, _ = timed("curl", "-sfo", str(place / "curl"), f"{address}/{NAME}/resolve/main/{FILE}")
        hashed = hashing(place / "curl")
        (place / "curl").unlink()
        command = [str(Path(sys.executable).with_name("brightline")), "hub", "import", str(NAME), "--from", address]
        took, held = timed(*command, "--as", "acme/large", "--office", str(place / "here"))
        if largest(place / "here" / "blobs") != size:
            raise SystemExit("the file did not arrive")
        print(f"{size / (1 << 30):.1f} GiB: import {took:.1f} s, curl to a file {curl:.1f} s, sha256 {hashed:.1f} s")
        print(f"rate: {curl / took:.2f} of curl's, {hashed / took:.2f} of sha256's; peak memory {held:.0f} MB")


if __name__ == "__main__":
    main()
