"""Who sees which repository, revision and file: the rules of enforcement, asked of what the office knows now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

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
from brightline.storage import schema, shelf, shelves
from brightline.storage.database import restored
from brightline.storage.ledger import load_charters
from brightline.storage.log import head_size
from brightline.storage.shelf import Filed, Repo, Revision

if TYPE_CHECKING:
    from brightline.permit.envelope import Envelope

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


class Shelving:
    """Of one office. What is known is kept with the size of the log that it was read from, and read again where that grew."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self._known: dict[str, tuple[int, Known]] = {}
        self._charters: tuple[int, tuple[list[Envelope], list[Charter]]] | None = None

    def view(self, connection: Connection) -> View:
        size = head_size(connection)
        kept = self._charters
        if kept is None or kept[0] != size:
            kept = self._charters = (size, load_charters(connection))
        return View(connection, *kept[1])

    def judged(self, connection: Connection, manifest: str, at: datetime) -> Judged:
        return judge(*self._look(connection, manifest), at)

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

    def caller(self, connection: Connection, account: Account | None, repo: Repo) -> Caller:
        if account is None:
            return Caller()
        table = shelves.requests.c
        row = connection.execute(
            select(shelves.requests).where(table.repo == repo.id, table.account == account.name)
        ).first()
        until = None if row is None or row.vetted_until is None else restored(row.vetted_until)
        return Caller(
            name=account.name,
            owner=repo.owner == account.name,
            examiner=self.view(connection).newest.holds(account.name, Role.EXAMINER),
            accepted=row is not None and row.status == "accepted",
            vetted_until=until,
            attributes={"account": account.name},
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
            raise Turned(404, f"There is no {name.kind} {name} here, or you may not see it.", "RepoNotFound")
        return repo

    def visible(self, connection: Connection, account: Account | None, repo: Repo) -> bool:
        caller = self.caller(connection, account, repo)
        if caller.owner or caller.examiner:
            return True
        if repo.private and not caller.accepted:
            return False
        at = self.office.clock()
        heads = shelf.read_refs(connection, repo).values()
        return any(self._newest(connection, repo, oid, at) is not None for oid in heads)

    def _newest(self, connection: Connection, repo: Repo, oid: str, at: datetime) -> Revision | None:
        """The newest revision of a branch about which something was decided."""
        for revision in shelf.history(connection, repo, oid):
            if self.judged(connection, revision.manifest, at).phase is not Phase.QUARANTINE:
                return revision
        return None

    def seen(self, connection: Connection, account: Account | None, repo: Repo, wanted: str) -> Seen:
        """A branch, a tag or a commit. To strangers a branch is where its last decided revision is. Raises Turned."""
        at, caller = self.office.clock(), self.caller(connection, account, repo)
        inside = caller.owner or caller.examiner
        if COMMIT.fullmatch(wanted):
            found = shelf.read_revision(connection, repo, wanted)
        else:
            refs = shelf.read_refs(connection, repo)
            oid = next((refs[name] for name in (wanted, HEADS + wanted, TAGS + wanted) if name in refs), None)
            found = None if oid is None else shelf.read_revision(connection, repo, oid)
            found = found if inside or oid is None else self._newest(connection, repo, oid, at)
        judged = None if found is None else self.judged(connection, found.manifest, at)
        if found is None or judged is None or (judged.phase is Phase.QUARANTINE and not inside):
            raise Turned(404, f"{repo.name} has no revision {wanted[:100]} that you may see.", "RevisionNotFound")
        return Seen(repo, found, judged, caller, at)


def _look(view: View, manifest: str) -> Known:
    numbers = view.connection.execute(
        select(schema.cases.c.number).where(schema.cases.c.manifest == manifest).order_by(schema.cases.c.number)
    ).scalars()
    return [view.case(number) for number in numbers], orders_on(view, manifest)
