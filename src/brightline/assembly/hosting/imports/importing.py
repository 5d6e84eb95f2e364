"""Importing: one revision of a repository from another hub becomes a push of its owner here, and waits for its decision."""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from brightline.assembly.hosting.quota import Exceeded
from brightline.assembly.hosting.revisions.beginning import make_repo
from brightline.assembly.hosting.revisions.pushing import push
from brightline.assembly.hosting.sight.shelving import Shelving
from brightline.assembly.refusal import Refused
from brightline.enforcement.branches import MAIN
from brightline.hub.host import Account, Operation, Push, Turned
from brightline.permit.notation import written
from brightline.release.reader import Unreadable
from brightline.release.repository import RepoName
from brightline.release.revision import Stored
from brightline.sources.arriving import Announced, Contradicted
from brightline.sources.exchange import Away
from brightline.sources.source import NoSource
from brightline.sources.upstream import TOGETHER, Described, Upstream
from brightline.storage.accounts.charges import due
from brightline.storage.ledger import Turn
from brightline.storage.repositories import holdings, listings, origins, shelf
from brightline.storage.repositories.leaving import remove_repo
from brightline.storage.repositories.origins import UNFINISHED, Origin
from brightline.storage.repositories.shelf import Repo, Revision
from brightline.storage.sql.database import writing


@dataclass(frozen=True, slots=True)
class Wanted:
    """`name` is what it is called here; `most` bytes it may have, where that is bounded."""

    source: RepoName
    name: RepoName
    owner: str
    revision: str = "main"
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """`changed` says whether there is a new commit; `fetched` are the bytes that had to come for it."""

    origin: Origin
    case: int | None
    changed: bool
    fetched: int
    files: int


Told = Callable[[int], None]


def import_repository(
    shelving: Shelving, upstream: Upstream, wanted: Wanted, told: Told = lambda _count: None
) -> Imported:
    """Raises Refused: then nothing was made, and what was fetched before a cut is not fetched again."""
    if wanted.owner in shelving.office.charter.holders:
        raise Refused(f"{wanted.owner} holds an office here, and releases nothing: name another owner.", "ROLE")
    try:
        seen = upstream.describe(wanted.source, wanted.revision)
        files = upstream.files(wanted.source, seen.commit, wanted.most)
        return _Import(shelving, upstream, wanted, seen, files).run(told)
    except Contradicted as trouble:
        raise Refused(str(trouble), "DIGEST") from None
    except NoSource as trouble:
        raise Refused(str(trouble), "SOURCE") from None
    except Exceeded as full:
        raise Refused(str(full), "QUOTA") from None
    except Turned as turned:
        raise Refused(f"{wanted.source}: {turned}", "SOURCE") from None


@dataclass
class _Import:
    shelving: Shelving
    upstream: Upstream
    wanted: Wanted
    seen: Described
    files: Sequence[Announced]
    known: dict[str, str] = field(default_factory=dict)  # path -> sha256, of what need not come

    def run(self, told: Told) -> Imported:
        repo, head = self._place()
        before = {one.stored.path: one.stored for one in self._stored(head)}
        absent = self._absent(repo, before)
        with self._alone(repo) as folder:
            try:
                self._fetch(repo, absent, folder, told)
                made, origin = self._push(repo, head, before)
            except Away:
                raise  # what came stays where it is, and is gone on with
            except (NoSource, Turned):
                self._undo(repo)
                shutil.rmtree(folder)
                raise
            shutil.rmtree(folder)
        case = self._case(repo, made)
        return Imported(origin, case, made.oid != head.oid, sum(one.size for one in absent), len(self.files))

    def _place(self) -> tuple[Repo, Revision]:
        """The repository that it goes into, and what it grows out of. Raises Refused where that is not its own."""
        wanted = self.wanted
        with writing(self.shelving.office.engine) as connection:
            repo = shelf.alike(connection, wanted.name)
            if repo is None:
                self.shelving.quota.another(connection, wanted.owner)
                private, sdk = self.seen.private, self.seen.sdk
                repo = make_repo(self.shelving, connection, wanted.name, wanted.owner, private=private, sdk=sdk)
                origins.add_origin(connection, repo, self._origin(UNFINISHED, "", self.shelving.office.clock()))
            head = shelf.read_revision(connection, repo, shelf.read_refs(connection, repo)[MAIN])
            if head is None:
                raise LookupError(f"{repo.name} has no commit")
            self._own(connection, repo, head)
            return repo, head

    def _origin(self, oid: str, digest: str, at: datetime) -> Origin:
        where = (self.upstream.endpoint, self.wanted.source.address, self.seen.commit)
        return Origin(self.wanted.name.address, oid, *where, digest, at)

    def _own(self, connection: Connection, repo: Repo, head: Revision) -> None:
        """What somebody else made, or changed since, is never written over. Raises Refused."""
        wanted, last = self.wanted, origins.last_origin(connection, repo)
        if repo.name != wanted.name or repo.owner != wanted.owner or last is None:
            raise Refused(f"{repo.name} is here already, and belongs to {repo.owner}.", "OTHER-SOURCE")
        if (last.endpoint, last.source) != (self.upstream.endpoint, wanted.source.address):
            raise Refused(f"{repo.name} comes from {last.endpoint}/{last.source}.", "OTHER-SOURCE")
        touched = bool(self.shelving.files(connection, head)) if last.oid == UNFINISHED else head.oid != last.oid
        if touched:
            raise Refused(
                f"{repo.name} has commits of its own, which an import would write over: import it as another one.",
                "OTHER-SOURCE",
            )

    def _stored(self, head: Revision) -> Iterator[listings.Filed]:
        with self.shelving.office.engine.begin() as connection:
            yield from self.shelving.files(connection, head)

    def _absent(self, repo: Repo, before: Mapping[str, Stored]) -> list[Announced]:
        """What has to be fetched: neither as it was in the last import, nor sent into this repository before."""
        digests = [one.oid for one in self.files if one.lfs]
        with self.shelving.office.engine.begin() as connection:
            sent = holdings.possessed(connection, repo, digests)
        for one in self.files:
            kept = before.get(one.path)
            if one.lfs and sent.get(one.oid) == one.size:
                self.known[one.path] = one.oid
            elif kept is not None and not one.lfs and not kept.lfs and (kept.oid, kept.size) == (one.oid, one.size):
                self.known[one.path] = kept.sha256
        return [one for one in self.files if one.path not in self.known]

    @contextmanager
    def _alone(self, repo: Repo) -> Iterator[Path]:
        """A folder for what comes, which one import at a time has. Raises Refused where another is at work."""
        office = self.shelving.office
        folder = (office.blobs.folder or office.settings.folder) / "incoming" / f"import-{repo.mark}"
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            same = folder.stat().st_ino == os.fstat(descriptor).st_ino
        except OSError:
            same = False
        try:
            if not same:
                raise Refused(f"{repo.name} is being imported already.", "STATE")
            yield folder
        finally:
            os.close(descriptor)

    def _fetch(self, repo: Repo, absent: Sequence[Announced], folder: Path, told: Told) -> None:
        office = self.shelving.office

        def charge(connection: Connection, sizes: Mapping[str, int]) -> None:
            self.shelving.quota.charge(connection, repo.owner, sizes)

        def keep(file: Announced, place: Path, sha256: str) -> None:
            office.arrivals.expect([sha256], lambda connection: charge(connection, {sha256: file.size}))
            office.blobs.adopt(place, sha256)
            with writing(office.engine) as connection:
                if shelf.find_incarnation(connection, repo.mark) is None:
                    raise Refused(f"{repo.name} was deleted while it was imported.", "NO-REPO")
                holdings.possess(connection, repo, {sha256: file.size})
            self.known[file.path] = sha256

        self._room(repo, folder, absent)
        try:
            self.upstream.fetch(self.wanted.source, self.seen.commit, absent, folder, keep, told)
        except Unreadable as trouble:
            raise Refused(f"{repo.name}: {trouble}.", "SOURCE") from None

    def _room(self, repo: Repo, folder: Path, absent: Sequence[Announced]) -> None:
        """Before a byte comes. Where the blobs lie elsewhere, files only pass through. Raises NoSource, Turned."""
        sizes = [one.size for one in absent]
        with self.shelving.office.engine.begin() as connection:
            unpaid = due(connection, repo.owner, {one.oid: one.size for one in absent})
            self.shelving.quota.room(connection, repo.owner, sum(unpaid.values()))
        need, free = sum(sizes), shutil.disk_usage(folder).free
        if self.shelving.office.blobs.folder is None:
            need = sum(sorted(sizes)[-TOGETHER:])
        if need > free:
            raise NoSource(f"{self.wanted.source} needs {need:,} bytes, and {free:,} are free here.")

    def _push(self, repo: Repo, head: Revision, before: Mapping[str, Stored]) -> tuple[Revision, Origin]:
        wanted, digest, told = self.wanted, self._digest(), list[Origin]()
        source = f"{wanted.source.address}@{self.seen.commit}"

        def along(turn: Turn, revision: Revision) -> None:
            origin = self._origin(revision.oid, digest, turn.at)
            last = origins.last_origin(turn.connection, repo)
            if last is None or (last.oid, last.commit) != (origin.oid, origin.commit):
                origins.add_origin(turn.connection, repo, origin)
            else:
                origin = last
            told[:] = [origin]

        at = written(self.shelving.office.clock())
        message = f"From: {self.upstream.endpoint}/{source}\nFetched: {at}\nDigest: {digest}"
        operations = [*self._gone(before), *self._come(before)]
        account = Account(repo.owner, "", frozenset({"hub:write"}))
        asked = Push(f"Import {source[:-28]}", message, head.oid, operations)
        made = push(self.shelving, account, repo.name, "main", asked, along=along)
        return made, told[0]

    def _digest(self) -> str:
        """Of what `sha256sum` would print of the files: anybody can make it again."""
        lines = "".join(f"{self.known[one.path]}  {one.path}\n" for one in self.files)
        return f"sha256:{hashlib.sha256(lines.encode()).hexdigest()}"

    def _gone(self, before: Mapping[str, Stored]) -> list[Operation]:
        here = {one.path for one in self.files}
        return [Operation("delete", path) for path in before if path not in here]

    def _come(self, before: Mapping[str, Stored]) -> Iterator[Operation]:
        for one in self.files:
            kept, sha256 = before.get(one.path), self.known[one.path]
            if kept is None or (kept.sha256, kept.lfs) != (sha256, one.lfs):
                yield Operation("copy", one.path, sha256=sha256, size=one.size, plain=not one.lfs)

    def _undo(self, repo: Repo) -> None:
        """A repository that was made for this import goes with it."""
        with writing(self.shelving.office.engine) as connection:
            last = origins.last_origin(connection, repo)
            if last is None or last.oid == UNFINISHED:
                remove_repo(connection, repo)

    def _case(self, repo: Repo, made: Revision) -> int | None:
        with self.shelving.office.engine.begin() as connection:
            cases = self.shelving.cases(connection, made.manifest)
        return next((case.number for case in reversed(cases) if case.applicant == repo.owner), None)
