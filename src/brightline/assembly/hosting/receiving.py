"""Bytes on their way in: short-lived links that name a repository, and digests computed here from what arrived (Law 3)."""

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from itsdangerous import BadData, URLSafeTimedSerializer

from brightline.assembly.hosting.shelving import Shelving
from brightline.hub.host import Turned
from brightline.hub.xet.shard import Assembled, read_shard
from brightline.hub.xet.xorb import Garbled, parts, read_chunks
from brightline.release.reader import Reader, Unreadable, blocks
from brightline.storage import shelf
from brightline.storage.shelf import Repo

MINUTES = 60  # that a link is good for: a large upload begins within it
XORB = 66 << 20  # bytes of one xorb: 64 MiB of chunks, their headers and a footer


class Receiving:
    """Of one office. A ticket names what may arrive, and where it goes; whoever has it needs no token."""

    def __init__(self, shelving: Shelving) -> None:
        self._shelving, self._office = shelving, shelving.office
        with self._office.engine.begin() as connection:
            secret = shelf.link_secret(connection)
        self._links = URLSafeTimedSerializer(secret, salt="hub")

    def incoming(self) -> Path:
        """A place for a file that is being received, on the same disk as the blobs where these are local."""
        folder = (self._office.blobs.folder or self._office.settings.folder) / "incoming"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"receiving-{secrets.token_hex(16)}"

    def ticket(self, act: str, repo: Repo, *what: object) -> str:
        return str(self._links.dumps([act, repo.id, *what]))

    def admitted(self, act: str, ticket: str) -> list[object]:
        """What the ticket names behind the repository's id. Raises Turned."""
        try:
            said = self._links.loads(ticket, max_age=MINUTES * 60)
        except BadData:
            raise Turned(403, "This link is not good, or not any more: ask for another one.") from None
        if said[0] != act:
            raise Turned(403, "This link is for something else.")
        return list(said[1:])

    def bound(self, act: str, ticket: str) -> int | None:
        """The most bytes that a ticket lets in, where it says so; asked before any is read. Raises Turned."""
        said = self.admitted(act, ticket)
        return int(str(said[2])) if act == "lfs" else None

    def file(self, ticket: str, place: Path) -> None:
        """A whole file arrived, as LFS sends it. Raises Turned where it is not the one that was announced."""
        repo, sha256, size = self.admitted("lfs", ticket)
        with _reading(place) as reader:
            found = (_digest(reader), reader.size)
        if found != (sha256, size):
            raise Turned(422, f"what arrived has the sha256 {found[0]} and {found[1]} bytes, not {sha256} and {size}.")
        self._possess(int(str(repo)), place, *found)

    def xorb(self, ticket: str, name: str, place: Path) -> bool:
        """Raises Turned where it is no xorb. Whether it was new here."""
        (repo,) = self.admitted("xet", ticket)
        with _reading(place) as reader:
            try:
                read_chunks(reader)
            except Garbled as trouble:
                raise Turned(400, f"{trouble}.") from None
            sha256, size = _digest(reader), reader.size
        self._office.blobs.adopt(place, sha256)
        with self._office.engine.begin() as connection:
            known = shelf.find_xorb(connection, int(str(repo)), name)
            shelf.keep_xorb(connection, int(str(repo)), name, sha256, size)
        return known is None

    def shard(self, ticket: str, content: bytes) -> None:
        """Every file of it is assembled from the repository's own xorbs, and hashed. Raises Turned."""
        (repo,) = self.admitted("xet", ticket)
        try:
            for file in read_shard(content):
                self._assemble(int(str(repo)), file)
        except (Garbled, Unreadable) as trouble:
            raise Turned(400, f"{trouble}.") from None

    def _assemble(self, repo: int, file: Assembled) -> None:
        place = self.incoming()
        hashed, size = hashlib.sha256(), 0
        try:
            with place.open("wb") as out:
                for part in self._parts(repo, file):
                    hashed.update(part)
                    size += len(part)
                    out.write(part)
            self._possess(repo, place, hashed.hexdigest(), size)
        finally:
            place.unlink(missing_ok=True)

    def _parts(self, repo: int, file: Assembled) -> Iterator[bytes]:
        for stretch in file.stretches:
            with self._office.engine.begin() as connection:
                found = shelf.find_xorb(connection, repo, stretch.xorb)
            if found is None:
                raise Garbled(f"the xorb {stretch.xorb} was never sent into this repository")
            with self._office.blobs.open(*found) as reader:
                length = 0
                for part in parts(reader, read_chunks(reader), stretch.start, stretch.end):
                    length += len(part)
                    yield part
            if length != stretch.length:
                raise Garbled(f"a stretch of {stretch.xorb} has {length} bytes, not {stretch.length}")

    def _possess(self, repo: int, place: Path, sha256: str, size: int) -> None:
        try:
            self._office.blobs.adopt(place, sha256)
        except Unreadable as trouble:
            raise Turned(500, f"{trouble}.") from None
        with self._office.engine.begin() as connection:
            kept = shelf.find_repo_by_id(connection, repo)
            if kept is None:
                raise Turned(404, "the repository is gone.", "RepoNotFound")
            shelf.possess(connection, kept, sha256, size)


class _Local:
    """A file on disk as a Reader."""

    def __init__(self, place: Path) -> None:
        self._file = place.open("rb")
        self.size = place.stat().st_size

    def read(self, offset: int, length: int) -> bytes:
        self._file.seek(offset)
        return self._file.read(min(length, max(0, self.size - offset)))

    def close(self) -> None:
        self._file.close()


@contextmanager
def _reading(place: Path) -> Iterator[_Local]:
    local = _Local(place)
    try:
        yield local
    finally:
        local.close()


def _digest(reader: Reader) -> str:
    hashed = hashlib.sha256()
    for block in blocks(reader):
        hashed.update(block)
    return hashed.hexdigest()
