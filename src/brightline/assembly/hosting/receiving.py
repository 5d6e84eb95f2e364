"""Bytes on their way in: short-lived links that name a repository, and digests computed here from what arrived (Law 3)."""

import hashlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import Connection

from brightline.assembly.hosting.shelving import Shelving
from brightline.hub.host import Turned
from brightline.hub.xet.shard import Assembled, read_shard
from brightline.hub.xet.xorb import Garbled, parts, read_chunks
from brightline.release.reader import Reader, Unreadable, blocks
from brightline.storage import shelf
from brightline.storage.database import writing
from brightline.storage.shelf import Repo

MINUTES = 60  # that a link is good for: a large upload begins within it
WHOLE = 64 << 20  # bytes that the chunks of a xorb have together, unpacked (Xet's specification)
FILES = 20_000  # of one shard
ROOM = 1 << 30  # bytes that the files of a shard may have whatever was sent: zeroes are sent once
GROWTH = 200  # times what was sent, that a shard's files may have: repeated stretches are how files of zeroes are sent


class Receiving:
    """Of one office. A ticket names what may arrive, and where it goes; whoever has it needs no token."""

    def __init__(self, shelving: Shelving) -> None:
        self._shelving, self._office = shelving, shelving.office
        with writing(self._office.engine) as connection:
            secret = shelf.link_secret(connection)
        self._links = URLSafeTimedSerializer(secret, salt="hub")

    def incoming(self) -> Path:
        """A place for a file that is being received, on the same disk as the blobs where these are local."""
        folder = (self._office.blobs.folder or self._office.settings.folder) / "incoming"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"receiving-{secrets.token_hex(16)}"

    def ticket(self, act: str, repo: Repo, *what: object) -> str:
        """It names this incarnation of the repository: one that is made again under the same name knows nothing of it."""
        return str(self._links.dumps([act, repo.mark, *what]))

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
        mark, sha256, size = self.admitted("lfs", ticket)
        with _reading(place) as reader:
            found = (_digest(reader), reader.size)
        if found != (sha256, size):
            raise Turned(422, f"what arrived has the sha256 {found[0]} and {found[1]} bytes, not {sha256} and {size}.")
        self._possess(str(mark), place, *found)

    def xorb(self, ticket: str, name: str, place: Path) -> bool:
        """Raises Turned where it is no xorb. Whether it was new here."""
        (mark,) = self.admitted("xet", ticket)
        with _reading(place) as reader:
            try:
                chunks = read_chunks(reader)
            except Garbled as trouble:
                raise Turned(400, f"{trouble}.") from None
            if sum(chunk.whole for chunk in chunks) > WHOLE:
                raise Turned(400, f"a xorb holds at most {WHOLE} bytes.")
            sha256, size = _digest(reader), reader.size
        self._office.blobs.adopt(place, sha256)
        with writing(self._office.engine) as connection:
            return shelf.keep_xorb(connection, self._incarnation(connection, str(mark)), name, sha256, size)

    def shard(self, ticket: str, content: bytes) -> None:
        """Every file of it is assembled from the repository's own xorbs, and hashed. Raises Turned."""
        (mark,) = self.admitted("xet", ticket)
        try:
            files = read_shard(content)
            names = {stretch.xorb for file in files for stretch in file.stretches}
            with self._office.engine.begin() as connection:
                xorbs = shelf.find_xorbs(connection, self._incarnation(connection, str(mark)), names)
            _check_shard(files, xorbs)
            for file in files:
                self._assemble(str(mark), file, xorbs)
        except (Garbled, Unreadable) as trouble:
            raise Turned(400, f"{trouble}.") from None

    def _incarnation(self, connection: Connection, mark: str) -> Repo:
        repo = shelf.find_incarnation(connection, mark)
        if repo is None:
            raise Turned(404, "The repository that this was for is gone.", "RepoNotFound")
        return repo

    def _assemble(self, mark: str, file: Assembled, xorbs: Mapping[str, tuple[str, int]]) -> None:
        place = self.incoming()
        hashed, size = hashlib.sha256(), 0
        try:
            with place.open("wb") as out:
                for part in self._parts(file, xorbs):
                    hashed.update(part)
                    size += len(part)
                    out.write(part)
            self._possess(mark, place, hashed.hexdigest(), size)
        finally:
            place.unlink(missing_ok=True)

    def _parts(self, file: Assembled, xorbs: Mapping[str, tuple[str, int]]) -> Iterator[bytes]:
        for stretch in file.stretches:
            with self._office.blobs.open(*xorbs[stretch.xorb]) as reader:
                left = stretch.length
                for part in parts(reader, read_chunks(reader), stretch.start, stretch.end):
                    left -= len(part)
                    if left < 0:
                        break
                    yield part
            if left:
                raise Garbled(f"a stretch of {stretch.xorb} has not the {stretch.length} bytes it says")

    def _possess(self, mark: str, place: Path, sha256: str, size: int) -> None:
        try:
            self._office.blobs.adopt(place, sha256)
        except Unreadable as trouble:
            raise Turned(500, f"{trouble}.") from None
        with writing(self._office.engine) as connection:
            shelf.possess(connection, self._incarnation(connection, mark), {sha256: size})


def _check_shard(files: Sequence[Assembled], xorbs: Mapping[str, tuple[str, int]]) -> None:
    """Before a byte is written: all xorbs are here, and what comes of them is in proportion. Raises Garbled."""
    if len(files) > FILES:
        raise Garbled(f"a shard names at most {FILES} files")
    stretches = [stretch for file in files for stretch in file.stretches]
    absent = next((one.xorb for one in stretches if one.xorb not in xorbs), None)
    if absent is not None:
        raise Garbled(f"the xorb {absent} was never sent into this repository")
    most = GROWTH * sum(size for _, size in xorbs.values()) + ROOM
    total = sum(one.length for one in stretches)
    if total > most or any(one.length > WHOLE for one in stretches):
        raise Garbled(f"the shard would grow to {total} bytes, out of all proportion to what was sent")


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
