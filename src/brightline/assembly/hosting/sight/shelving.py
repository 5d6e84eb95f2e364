"""The shelves of an office: repositories as a caller finds them, and what never changes of them, kept in memory."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Protocol

from sqlalchemy import Connection

from brightline.assembly.hosting.quota import Quota
from brightline.assembly.hosting.sight.knowing import Knowing, bounded
from brightline.assembly.hosting.sight.lending import none_lent
from brightline.assembly.hosting.sight.listings import Listings
from brightline.assembly.hosting.sight.looking import Look, Seen
from brightline.assembly.hosting.sight.outline import Outline
from brightline.assembly.office import Office
from brightline.enforcement.access import Denial, Reason
from brightline.enforcement.branches import MAIN
from brightline.hub.host import FULL, Account, Turned
from brightline.release.reader import Unreadable
from brightline.release.repository import RepoName
from brightline.storage.repositories import shelf
from brightline.storage.repositories.attributes import ORGANISATION
from brightline.storage.repositories.glances import Glance, Who, glance_marked, glance_named
from brightline.storage.repositories.listings import Filed
from brightline.storage.repositories.shelf import HISTORY, Repo, Revision

LINEAGES, BEGIN = 64, 9  # lines of commits kept in memory; commits after which one is read to its end


class Absent(Turned):
    """There is no such repository, or it is as if there were none for this caller."""

    def __init__(self, account: Account | None, name: RepoName) -> None:
        super().__init__(404, f"There is no {name.kind} {name} here, or you may not see it.", "RepoNotFound")
        self.account, self.name = account, name


class Elsewhere(Protocol):
    """Where repositories that are not here may be fetched from."""

    def wished(self, absent: Absent) -> Turned: ...

    def asked(self, repo: Repo) -> None: ...


class Shelving(Knowing):
    """Of one office."""

    def __init__(self, office: Office) -> None:
        super().__init__(office)
        self.quota = Quota(office)
        self.elsewhere: Elsewhere | None = None
        self.listings = Listings()
        self._lineages: dict[tuple[int, str], list[tuple[str, str]]] = {}

    def outline(self, connection: Connection, seen: Seen) -> Outline:
        """What the caller may know of a revision's files. What was lent hides file by file, for each caller anew."""
        listing = self.listings.read(connection, seen.revision.files)
        if seen.lent is not none_lent:
            return Outline(seen.listed(list(listing.files.values())))
        return listing.outline(seen.hidden())

    def files(self, connection: Connection, revision: Revision) -> list[Filed]:
        return list(self._bound(connection, revision).values())

    def file(self, connection: Connection, revision: Revision, path: str) -> Filed | None:
        return self._bound(connection, revision).get(path)

    def _bound(self, connection: Connection, revision: Revision) -> Mapping[str, Filed]:
        """By path, as bytes are handed out. Raises LookupError where the revision's manifest is of other files (Law 3).

        What a proposal begins with has none, so that no permit can be about it.
        """
        listing = self.listings.read(connection, revision.files)
        if revision.manifest and listing.manifest != revision.manifest:
            raise LookupError(f"the listing of {revision.oid} is not of {revision.manifest}")
        return listing.files

    def text(self, filed: Filed, most: int) -> str:
        """Of a small file. Not for within a transaction: a store that is slow would hold it open. Raises Turned."""
        file = filed.stored
        try:
            with self.office.blobs.open(file.sha256, file.size) as reader:
                return reader.read(0, most).decode("utf-8", "replace")
        except Unreadable as trouble:
            raise Turned(FULL, f"{file.path}: {trouble}.") from None

    def listing(self, connection: Connection, files: str) -> Mapping[str, Filed]:
        """By path."""
        return self.listings.read(connection, files).files

    def marked(self, connection: Connection, account: Account | None, mark: str) -> Look | None:
        """At an incarnation of a repository. None where it is gone."""
        glance = glance_marked(connection, mark, _who(account))
        return None if glance is None else Look(self, connection, account, glance)

    def at(self, connection: Connection, account: Account | None, repo: Repo) -> Look:
        """At a repository that this transaction has found, whether the caller may see it or not. Raises Turned where it is gone."""
        look = self.marked(connection, account, repo.mark)
        if look is None:
            raise Absent(account, repo.name)
        return look

    def denied(self, denial: Denial, seen: Seen) -> Turned:
        """With what to do: accept the terms here, or turn to the office about the case."""
        top, repo = self.office.settings.address.rstrip("/"), seen.repo
        asking = f"POST {top}/api/{repo.name.kind}s/{repo.name}/ask-access"
        where = asking if denial.reason is Reason.TERMS else f"The office is at {top}/api/v1/docs"
        return Turned(403, f"{denial.sentence}. {where}.", "GatedRepo", seen.revision.oid)

    def own(self, connection: Connection, account: Account | None, name: RepoName) -> Repo:
        """A repository that the account may write to. Raises Turned."""
        return self.look_own(connection, account, name).repo

    def look_own(self, connection: Connection, account: Account | None, name: RepoName) -> Look:
        """As if there were none where the account may not even see it. Raises Turned."""
        look = self.look(connection, account, name)
        if account is None or look.repo.owner != account.name:
            raise Turned(403, f"{name} belongs to somebody else.")
        if "hub:write" not in account.scopes:
            raise Turned(403, "This token lacks the scope hub:write.")
        return look

    def repo(self, connection: Connection, account: Account | None, name: RepoName) -> Repo:
        """Raises Turned: what is in quarantine, or private, is not there for strangers."""
        return self.look(connection, account, name).repo

    def look(self, connection: Connection, account: Account | None, name: RepoName) -> Look:
        """At a repository that the caller may see. Raises Turned."""
        glance = glance_named(connection, name, _who(account))
        look = None if glance is None else Look(self, connection, account, glance)
        if look is None or not look.visible:
            raise Absent(account, name)
        return look

    def told(self, absent: Absent) -> Turned:
        """Outside of any transaction: it may be wished for, which is written down."""
        return absent if self.elsewhere is None else self.elsewhere.wished(absent)

    def asked(self, repo: Repo, revision: str) -> None:
        if self.elsewhere is not None and revision in ("main", MAIN):
            self.elsewhere.asked(repo)

    def lineage(self, connection: Connection, glance: Glance, oid: str) -> Iterator[tuple[str, str]]:
        """Commits never change, so that a line that was read to its end is right for ever. Most need no more than its begin."""
        repo = glance.repo
        kept = self._lineages.get((repo.id, oid))
        if kept is None:
            line = ((one.oid, one.manifest) for one in islice(_line(connection, glance, oid), HISTORY))
            begin = []
            for one in islice(line, BEGIN):
                begin.append(one)
                yield one
            kept = [*begin, *line]
            with self._lock:
                bounded(self._lineages, LINEAGES)[repo.id, oid] = kept
            kept = kept[len(begin) :]
        yield from kept


def _who(account: Account | None) -> Who:
    return Who() if account is None else Who(account.name, account.attributes.get(ORGANISATION))


def _line(connection: Connection, glance: Glance, oid: str) -> Iterator[Revision]:
    """A commit and those it grew out of; where main begins is known at a glance."""
    trunk = glance.trunk
    if trunk is not None and trunk.oid == oid:
        yield trunk
        yield from shelf.history(connection, glance.repo, trunk.commit.parent)
    else:
        yield from shelf.history(connection, glance.repo, oid)
