"""Who sees which repository, revision and file: the rules of enforcement, asked of what the office knows now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import Connection, select

from brightline.assembly.office import Office, View
from brightline.assembly.ordering import orders_on
from brightline.authority.case import Case
from brightline.authority.orders import Ordered
from brightline.enforcement.access import Caller, Denial, Judged, Phase, Reason, refused
from brightline.enforcement.judging import judge
from brightline.hub.host import Account, Turned
from brightline.permit.charter import Charter, Role
from brightline.release.repository import COMMIT, HEADS, TAGS, RepoName
from brightline.storage import origins, schema, shelf, shelves
from brightline.storage.attributes import ACCOUNT, ORGANISATION, vetted_until
from brightline.storage.database import restored
from brightline.storage.ledger import load_charters
from brightline.storage.log import head_size
from brightline.storage.shelf import Filed, Repo, Revision

if TYPE_CHECKING:
    from brightline.permit.envelope import Envelope

LISTINGS = 64  # listings kept in memory
HISTORY = 1_000  # commits of a branch that are looked through for one that was decided
MAIN = f"{HEADS}main"
KEPT = 20_000  # manifests whose cases are kept in memory
Known = tuple[list[Case], list[Ordered]]


@dataclass(frozen=True, slots=True)
class Seen:
    """A revision as one caller sees it."""

    repo: Repo
    revision: Revision
    judged: Judged
    caller: Caller
    at: datetime

    def denial(self, filed: Filed) -> Denial | None:
        return refused(filed.component, self.judged, self.caller, self.at)

    def listed(self, files: Sequence[Filed]) -> list[Filed]:
        """What is withheld is not even listed to strangers."""
        shown = []
        for filed in files:
            denial = self.denial(filed)
            if denial is None or not denial.hidden:
                shown.append(filed)
        return shown


class Absent(Turned):
    """There is no such repository, or it is as if there were none for this caller."""

    def __init__(self, account: Account | None, name: RepoName) -> None:
        super().__init__(404, f"There is no {name.kind} {name} here, or you may not see it.", "RepoNotFound")
        self.account, self.name = account, name


class Elsewhere(Protocol):
    """Where repositories that are not here may be fetched from."""

    def wished(self, absent: Absent) -> Turned: ...

    def asked(self, repo: Repo) -> None: ...


class Shelving:
    """Of one office. What is known is kept with the size of the log that it was read from, and read again where that grew."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.elsewhere: Elsewhere | None = None
        self._known: dict[str, tuple[int, Known]] = {}
        self._listings: dict[str, dict[str, Filed]] = {}
        self._charters: tuple[int, tuple[list[Envelope], list[Charter]]] | None = None

    def view(self, connection: Connection) -> View:
        size = head_size(connection)
        kept = self._charters
        if kept is None or kept[0] != size:
            kept = self._charters = (size, load_charters(connection))
        return View(connection, *kept[1])

    def judged(self, connection: Connection, repo: Repo, revision: Revision) -> Judged:
        """What was decided of a revision's bytes, at the least in a case of this repository's owner."""
        cases, orders = self._look(connection, revision.manifest)
        return judge(cases, orders, self.office.clock(), repo.owner)

    def cases(self, connection: Connection, manifest: str) -> list[Case]:
        """All that were ever filed about these bytes."""
        return self._look(connection, manifest)[0]

    def _look(self, connection: Connection, manifest: str) -> Known:
        size, (then, known) = head_size(connection), self._known.get(manifest, (-1, ([], [])))
        if size != then:
            known = _look(self.view(connection), manifest)
            if len(self._known) > KEPT:
                self._known.clear()
            self._known[manifest] = (size, known)
        return known

    def files(self, connection: Connection, revision: Revision) -> list[Filed]:
        return list(self._listing(connection, revision).values())

    def file(self, connection: Connection, revision: Revision, path: str) -> Filed | None:
        return self._listing(connection, revision).get(path)

    def _listing(self, connection: Connection, revision: Revision) -> dict[str, Filed]:
        """By path; listings are named by their content, so that one that is kept is right for ever."""
        known = self._listings.get(revision.files)
        if known is None:
            known = {one.stored.path: one for one in shelf.read_listing(connection, revision.files)}
            while len(self._listings) >= LISTINGS:
                self._listings.pop(next(iter(self._listings)), None)
            self._listings[revision.files] = known
        return known

    def caller(self, connection: Connection, account: Account | None, repo: Repo) -> Caller:
        if account is None:
            return Caller()
        table = shelves.requests.c
        row = connection.execute(
            select(shelves.requests).where(table.repo == repo.id, table.account == account.name)
        ).first()
        own = None if row is None or row.vetted_until is None else restored(row.vetted_until)
        shared = vetted_until(connection, repo, account.attributes.get(ORGANISATION))
        until = max((one for one in (own, shared) if one is not None), default=None)
        return Caller(
            name=account.name,
            owner=repo.owner == account.name,
            examiner=self.view(connection).newest.holds(account.name, Role.EXAMINER),
            accepted=row is not None and row.status == "accepted",
            vetted_until=until,
            attributes={**account.attributes, ACCOUNT: account.name},
        )

    def denied(self, denial: Denial, seen: Seen) -> Turned:
        """With what to do: accept the terms here, or turn to the office about the case."""
        top, repo = self.office.settings.address.rstrip("/"), seen.repo
        asking = f"POST {top}/api/{repo.name.kind}s/{repo.name}/ask-access"
        where = asking if denial.reason is Reason.TERMS else f"The office is at {top}/api/v1/docs"
        return Turned(403, f"{denial.sentence}. {where}.", "GatedRepo", seen.revision.oid)

    def own(self, connection: Connection, account: Account | None, name: RepoName) -> Repo:
        """A repository that the account may write to. Raises Turned, as if there were none where it may not even see it."""
        repo = self.repo(connection, account, name)
        if account is None or repo.owner != account.name:
            raise Turned(403, f"{name} belongs to somebody else.")
        if "hub:write" not in account.scopes:
            raise Turned(403, "This token lacks the scope hub:write.")
        return repo

    def repo(self, connection: Connection, account: Account | None, name: RepoName) -> Repo:
        """Raises Turned: what is in quarantine, or private, is not there for strangers."""
        repo = shelf.find_repo(connection, name)
        if repo is None or not self.visible(connection, account, repo):
            raise Absent(account, name)
        return repo

    def told(self, absent: Absent) -> Turned:
        """Outside of any transaction: it may be wished for, which is written down."""
        return absent if self.elsewhere is None else self.elsewhere.wished(absent)

    def asked(self, repo: Repo, revision: str) -> None:
        if self.elsewhere is not None and revision in ("main", MAIN):
            self.elsewhere.asked(repo)

    def visible(self, connection: Connection, account: Account | None, repo: Repo) -> bool:
        caller = self.caller(connection, account, repo)
        if caller.owner or caller.examiner:
            return True
        vetted = caller.vetted_until is not None and self.office.clock() < caller.vetted_until
        if repo.private and not vetted and not self._granted(connection, account, repo):
            return False
        return bool(self.refs(connection, account, repo))

    def _granted(self, connection: Connection, account: Account | None, repo: Repo) -> bool:
        """By the owner: what was accepted by itself, while the repository was public, opens nothing that is private now."""
        if account is None:
            return False
        table = shelves.requests.c
        mine = (table.repo == repo.id) & (table.account == account.name) & (table.status == "accepted")
        return connection.execute(select(table.id).where(mine, table.granted)).first() is not None

    def refs(self, connection: Connection, account: Account | None, repo: Repo) -> dict[str, str]:
        """Full names, and the commit that each is for this caller: to strangers, of the newest decided revision.

        A tag that names an undecided commit, and a branch whose own commits are all undecided, have names that tell something.
        """
        heads, caller = shelf.read_refs(connection, repo), self.caller(connection, account, repo)
        if caller.owner or caller.examiner:
            return heads
        known = shelf.published(connection, repo)
        if not known:
            return {}
        shown, trunk = dict[str, str](), set[str]()
        for name in sorted(heads, key=lambda one: one != MAIN):
            newest = self._newest(connection, repo, heads[name], known, trunk if name == MAIN else None)
            if newest is None or (
                newest != heads[name] and (name.startswith(TAGS) or (name != MAIN and newest in trunk))
            ):
                continue
            shown[name] = newest
        return shown

    def _newest(
        self, connection: Connection, repo: Repo, oid: str, known: set[str], passed: set[str] | None
    ) -> str | None:
        """The newest decided revision of a branch; every commit of it, from there on, is put into `passed`."""
        found: str | None = None
        for revision in islice(shelf.history(connection, repo, oid), HISTORY):
            if found is None and revision.manifest in known:
                decided = self.judged(connection, repo, revision).phase is not Phase.QUARANTINE
                found = revision.oid if decided else None
            if found is not None:
                if passed is None:
                    break
                passed.add(revision.oid)
        return found

    def seen(self, connection: Connection, account: Account | None, repo: Repo, wanted: str) -> Seen:
        """A branch, a tag or a commit. To strangers a branch is where its last decided revision is. Raises Turned."""
        at, caller = self.office.clock(), self.caller(connection, account, repo)
        oid: str | None = wanted
        if COMMIT.fullmatch(wanted) is None:
            refs = self.refs(connection, account, repo)
            oid = next((refs[name] for name in (wanted, HEADS + wanted, TAGS + wanted) if name in refs), None)
        found = None if oid is None else shelf.read_revision(connection, repo, oid)
        if found is None and oid is not None:
            found = self._imported(connection, repo, oid)
        judged = None if found is None else self.judged(connection, repo, found)
        inside = caller.owner or caller.examiner
        if found is None or judged is None or (judged.phase is Phase.QUARANTINE and not inside):
            raise Turned(404, f"{repo.name} has no revision {wanted[:100]} that you may see.", "RevisionNotFound")
        return Seen(repo, found, judged, caller, at)

    def _imported(self, connection: Connection, repo: Repo, commit: str) -> Revision | None:
        """A commit of the hub that it was imported from: who pins one there gets what became of it here."""
        oid = origins.became(connection, repo, commit)
        return None if oid is None else shelf.read_revision(connection, repo, oid)


def _look(view: View, manifest: str) -> Known:
    numbers = view.connection.execute(
        select(schema.cases.c.number).where(schema.cases.c.manifest == manifest).order_by(schema.cases.c.number)
    ).scalars()
    return [view.case(number) for number in numbers], orders_on(view, manifest)
