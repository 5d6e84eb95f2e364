"""Who sees which repository, revision and file: the rules of enforcement, asked of what the office knows now."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from brightline.assembly.hosting.lending import Lent, lent, none_lent
from brightline.assembly.hosting.proposals import proposal_at
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

LISTINGS = 64  # listings kept in memory
HISTORY = 1_000  # commits of a branch that are looked through for one that was decided
MAIN = f"{HEADS}main"
SHORT = re.compile(r"[0-9a-f]{7,39}")  # the beginning of a commit
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
    lent: Lent = none_lent
    fork: Repo | None = None  # where a proposal is kept

    @property
    def kept(self) -> Repo:
        """Whose commits it is one of."""
        return self.fork or self.repo

    def denial(self, filed: Filed) -> Denial | None:
        """What hides goes before what explains; what was lent is had as long as its lender's word allows it, too."""
        denial = refused(filed.component, self.judged, self.caller, self.at)
        if self.caller.examiner or (denial is not None and denial.hidden):
            return denial
        return self.lent(filed) or denial

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

    def known(self, connection: Connection, manifest: str) -> Known:
        """All cases and orders about these bytes."""
        return self._look(connection, manifest)

    def _look(self, connection: Connection, manifest: str) -> Known:
        size, (then, known) = head_size(connection), self._known.get(manifest, (-1, ([], [])))
        if size != then:
            known = _look(self.view(connection), manifest)
            if len(self._known) > KEPT:
                self._known.clear()
            self._known[manifest] = (size, known)
        return known

    def files(self, connection: Connection, revision: Revision) -> list[Filed]:
        return list(self.listing(connection, revision.files).values())

    def file(self, connection: Connection, revision: Revision, path: str) -> Filed | None:
        return self.listing(connection, revision.files).get(path)

    def listing(self, connection: Connection, files: str) -> dict[str, Filed]:
        """By path; listings are named by their content, so that one that is kept is right for ever."""
        known = self._listings.get(files)
        if known is None:
            known = {one.stored.path: one for one in shelf.read_listing(connection, files)}
            while len(self._listings) >= LISTINGS:
                self._listings.pop(next(iter(self._listings)), None)
            self._listings[files] = known
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
        repo = shelf.find_repo(connection, name) or shelf.alike(connection, name)
        if repo is None or not self.visible(connection, account, repo):
            raise Turned(404, f"There is no {name.kind} {name} here, or you may not see it.", "RepoNotFound")
        return repo

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
            if oid is None and SHORT.fullmatch(wanted) is not None:
                oid = self._meant(connection, repo, wanted, inside=caller.owner or caller.examiner)
        found = None if oid is None else shelf.read_revision(connection, repo, oid)
        judged = None if found is None else self.judged(connection, repo, found)
        inside = caller.owner or caller.examiner
        if found is not None and judged is not None and (judged.phase is not Phase.QUARANTINE or inside):
            return Seen(repo, found, judged, caller, at, lent(self, connection, account, repo, judged.phase))
        proposed = proposal_at(connection, account, repo, wanted, inside=inside)
        if proposed is None:
            raise Turned(404, f"{repo.name} has no revision {wanted[:100]} that you may see.", "RevisionNotFound")
        own, judged = replace(caller, owner=True), Judged(Phase.QUARANTINE)
        loans = lent(self, connection, account, proposed[0], judged.phase)
        return Seen(repo, proposed[1], judged, own, at, loans, proposed[0])

    def _meant(self, connection: Connection, repo: Repo, start: str, *, inside: bool) -> str | None:
        """The one commit that the caller may see and that begins so."""
        found = [
            one.oid
            for one in shelf.beginning(connection, repo, start)
            if inside or self.judged(connection, repo, one).phase is not Phase.QUARANTINE
        ]
        return found[0] if len(found) == 1 else None


def _look(view: View, manifest: str) -> Known:
    numbers = view.connection.execute(
        select(schema.cases.c.number).where(schema.cases.c.manifest == manifest).order_by(schema.cases.c.number)
    ).scalars()
    return [view.case(number) for number in numbers], orders_on(view, manifest)
