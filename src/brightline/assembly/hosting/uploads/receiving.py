"""Bytes on their way in: short-lived links that name a repository, and digests computed here from what arrived (Law 3)."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from threading import BoundedSemaphore

from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import Connection

from brightline.assembly.hosting.sight.shelving import Shelving
from brightline.assembly.hosting.uploads.assembling import Sources, assemble
from brightline.assembly.office import now
from brightline.hub.host import FULL, Arrived, Coming, Turned
from brightline.hub.xet.shard import Assembled, read_shard
from brightline.hub.xet.xorb import Garbled, whole_of
from brightline.release.reader import Unreadable
from brightline.storage.accounts import links
from brightline.storage.accounts.charges import Spent, charged, due, release
from brightline.storage.blobs.parcels import Parcels, new_parcel
from brightline.storage.repositories import holdings, shelf
from brightline.storage.repositories.holdings import Xorb
from brightline.storage.repositories.shelf import Repo
from brightline.storage.sql.database import writing

MINUTES = 60  # that a link for xorbs is good for: clients ask for another one in time
LASTING = timedelta(hours=20)  # of a link for a file: its last part begins within it, while the first still lies here
LARGE = 256 << 20  # bytes of a file that are charged before it comes, and not when it has come
YOUNG = timedelta(minutes=MINUTES)  # of a xorb: it is collected no sooner than a link to name it by is good for
WHOLE = 64 << 20  # bytes that the chunks of a xorb have together, unpacked (Xet's specification)
FILES = 20_000  # of one shard
NAMELESS = ""  # a xorb, before it has come
TOGETHER = 100  # files that one transaction claims
SHARDS = 2  # that are worked on at once; the next one waits
ROOM = 1 << 30  # bytes that the files of a shard may have whatever was sent: zeroes are sent once
GROWTH = 200  # times what was sent, that a shard's files may have: repeated stretches are how files of zeroes are sent


class Receiving:
    """Of one office. A ticket names what may arrive, and where it goes; whoever has it needs no token."""

    def __init__(self, shelving: Shelving) -> None:
        self._shelving, self._office = shelving, shelving.office
        with writing(self._office.engine) as connection:
            secret = links.link_secret(connection)
        self._links = URLSafeTimedSerializer(secret, salt="hub")
        self._parcels, self._quota = Parcels(self._office.blobs), shelving.quota
        self._assembling = BoundedSemaphore(SHARDS)

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
            said, since = self._links.loads(ticket, return_timestamp=True)
        except BadData:
            raise Turned(403, "This link is not good: ask for another one.") from None
        if now() - since > (LASTING if said[0] == "lfs" else YOUNG):  # another process's clock may be ahead of this one
            raise Turned(403, "This link is not good any more: ask for another one.")
        if said[0] != act:
            raise Turned(403, "This link is for something else.")
        return list(said[1:])

    def bound(self, act: str, ticket: str, length: int) -> Coming:
        """What a ticket lets in; asked before any of `length` is read. Raises Turned."""
        mark, *said = map(str, self.admitted(act, ticket))
        most = int(said[1]) if act == "lfs" else None
        sizes = {NAMELESS: length} if most is None else {said[0]: most}
        if most is not None and most > LARGE:  # what takes long is charged before, so that no two share the same room
            self.expect(mark, sizes)
        return Coming(self.room(mark, sizes), most)

    def room(self, mark: str, sizes: Mapping[str, int]) -> str:
        """Whose repository it is, who has room for what is not charged of these yet. Raises Turned."""
        with self._office.engine.begin() as connection:
            owner = self._incarnation(connection, mark).owner
            self._quota.room(connection, owner, sum(due(connection, owner, sizes).values()))
        return owner

    def file(self, ticket: str, arrived: Arrived, parts: Mapping[str, int] | None = None) -> None:
        """A whole file arrived, as LFS sends it, or was made of parts. Raises Turned where it is not what was announced."""
        mark, sha256, size = self.admitted("lfs", ticket)
        if (arrived.sha256, arrived.size) != (sha256, size):
            raise Turned(
                422,
                f"what arrived has the sha256 {arrived.sha256} and {arrived.size} bytes, not {sha256} and {size}.",
            )
        self._possess(str(mark), arrived, spent={arrived.sha256: parts or {}})

    def xorb(self, ticket: str, name: str, arrived: Arrived, heads: bytes) -> bool:
        """Raises Turned where it is longer than a xorb. Whether it was new here: one that is kept already is not kept twice."""
        (mark,) = self.admitted("xet", ticket)
        if whole_of(heads) > WHOLE:
            raise Turned(400, f"a xorb holds at most {WHOLE} bytes.")
        if self._renewed(str(mark), name):
            return False
        xorb = Xorb(new_parcel(), arrived.size, heads)
        self.expect(str(mark), {xorb.place: xorb.size})
        try:
            self._parcels.keep(arrived.place, xorb.place)
        except Unreadable as trouble:
            self.release(str(mark), {xorb.place: xorb.size})  # sent again, it is another parcel, and charged for itself
            raise Turned(FULL, f"{trouble}.") from None
        with writing(self._office.engine) as connection:
            repo = self._incarnation(connection, str(mark))
            fresh = holdings.keep_xorb(connection, repo, name, xorb, self._office.clock())
            if not fresh:
                release(connection, repo.owner, {xorb.place: xorb.size})
        if not fresh:
            self._parcels.drop(xorb.place)
        return fresh

    def _renewed(self, mark: str, name: str) -> bool:
        """Whether one of this name is kept already. It lies here for another day, and is charged for it, whatever it became."""
        with self._office.engine.begin() as connection:
            kept = holdings.find_xorbs(connection, self._incarnation(connection, mark), [name]).get(name)
        if kept is None:
            return False
        if kept.at is not None and self._office.clock() - kept.at < YOUNG:
            return True
        self.expect(mark, {kept.place: kept.size})
        with writing(self._office.engine) as connection:
            return holdings.renew_xorb(connection, self._incarnation(connection, mark), name, self._office.clock())

    def shard(self, ticket: str, arrived: Arrived) -> None:
        """Every file of it is assembled from the repository's own xorbs, and hashed. Raises Turned."""
        (mark,) = self.admitted("xet", ticket)
        with self._assembling:
            try:
                files = read_shard(arrived.place.read_bytes())
                names = {stretch.xorb for file in files for stretch in file.stretches}
                with self._office.engine.begin() as connection:
                    xorbs = holdings.find_xorbs(connection, self._incarnation(connection, str(mark)), names)
                _check_shard(files, xorbs)
                self._check_room(str(mark), files, xorbs)
            except Garbled as trouble:
                raise Turned(400, f"{trouble}.") from None
            with Sources(xorbs, self._parcels) as sources:
                for start in range(0, len(files), TOGETHER):
                    self._assemble(str(mark), self._absent(str(mark), files[start : start + TOGETHER]), sources)

    def _check_room(self, mark: str, files: Sequence[Assembled], xorbs: Mapping[str, Xorb]) -> None:
        """Before anything is assembled; xorbs that become files are not counted beside them. Raises Turned."""
        sizes = {file.sha256 or file.hash: sum(one.length for one in file.stretches) for file in files}
        with self._office.engine.begin() as connection:
            owner = self._incarnation(connection, mark).owner
            paid = charged(connection, owner, [xorb.place for xorb in xorbs.values()])
            self._quota.room(connection, owner, sum(due(connection, owner, sizes).values()) - sum(paid.values()))

    def _absent(self, mark: str, files: Sequence[Assembled]) -> list[Assembled]:
        """A sender that did not wait for the answer sends its shard again: what came of it by then is not made twice."""
        said = {file.sha256: sum(one.length for one in file.stretches) for file in files if file.sha256 is not None}
        here = self.here(mark, said)
        return [file for file in files if file.sha256 is None or file.sha256 not in here]

    def here(self, mark: str, files: Mapping[str, int]) -> set[str]:
        """Those (sha256 and size) that were sent into the repository already; they stay for the commit that follows."""
        with self._office.engine.begin() as connection:
            known = holdings.possessed(connection, self._incarnation(connection, mark), files)
        if not any(known.get(one) == size for one, size in files.items()):
            return set()
        self._office.arrivals.expect(known)
        with self._office.engine.begin() as connection:
            known = holdings.possessed(connection, self._incarnation(connection, mark), known)
        return {one for one, size in known.items() if files[one] == size}

    def _incarnation(self, connection: Connection, mark: str) -> Repo:
        repo = shelf.find_incarnation(connection, mark)
        if repo is None:
            raise Turned(404, "The repository that this was for is gone.", "RepoNotFound")
        return repo

    def _assemble(self, mark: str, files: Sequence[Assembled], sources: Sources) -> None:
        places = [self.incoming() for _ in files]
        try:
            made = [assemble(file, sources, place) for file, place in zip(files, places, strict=True)]
            spent = {one.sha256: sources.spent(file.stretches) for one, file in zip(made, files, strict=True)}
            self._possess(mark, *made, spent=spent)
        except (Garbled, Unreadable) as trouble:
            self._give_up(mark, {stretch.xorb for file in files for stretch in file.stretches})
            raise Turned(400, f"{trouble}. Upload it again: its xorbs are forgotten here.") from None
        except OSError as trouble:
            raise Turned(FULL, f"it cannot be kept: {trouble.strerror}.") from None
        finally:
            for place in places:
                place.unlink(missing_ok=True)

    def _give_up(self, mark: str, names: set[str]) -> None:
        """Xorbs of which no file came: torn by a power cut, or gone. The client's next ticket tells it to send all of them."""
        with writing(self._office.engine) as connection:
            holdings.drop_xorbs(connection, self._incarnation(connection, mark).id, names)

    def expect(self, mark: str, sizes: Mapping[str, int], spent: Spent | None = None) -> None:
        """Said, and charged to whoever's repository it is, before it is kept. Raises Turned."""

        def charge(connection: Connection) -> None:
            self._quota.charge(connection, self._incarnation(connection, mark).owner, sizes, spent)

        self._office.arrivals.expect(sizes, charge)

    def release(self, mark: str, parts: Mapping[str, int]) -> None:
        """What was put together, and is here no more."""
        with writing(self._office.engine) as connection:
            release(connection, self._incarnation(connection, mark).owner, parts)

    def _possess(self, mark: str, *arrived: Arrived, spent: Spent | None = None) -> None:
        """Said together, kept one by one, claimed together."""
        self.expect(mark, {one.sha256: one.size for one in arrived}, spent)
        try:
            for one in arrived:
                self._office.blobs.adopt(one.place, one.sha256)
        except Unreadable as trouble:
            raise Turned(FULL, f"{trouble}.") from None
        with writing(self._office.engine) as connection:
            repo = self._incarnation(connection, mark)
            holdings.possess(connection, repo, {one.sha256: one.size for one in arrived})


def _check_shard(files: Sequence[Assembled], xorbs: Mapping[str, Xorb]) -> None:
    """Before a byte is written: all xorbs are here, and what comes of them is in proportion. Raises Garbled."""
    if len(files) > FILES:
        raise Garbled(f"a shard names at most {FILES} files")
    stretches = [stretch for file in files for stretch in file.stretches]
    absent = next((one.xorb for one in stretches if one.xorb not in xorbs), None)
    if absent is not None:
        raise Garbled(f"the xorb {absent} was never sent into this repository")
    most = GROWTH * sum(xorb.size for xorb in xorbs.values()) + ROOM
    total = sum(one.length for one in stretches)
    if total > most or any(one.length > WHOLE for one in stretches):
        raise Garbled(f"the shard would grow to {total} bytes, out of all proportion to what was sent")
