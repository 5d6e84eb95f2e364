"""Who sees which repository, revision and file: the rules of enforcement, asked of what the office knows now."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Protocol

from sqlalchemy import Connection, select

from brightline.assembly.hosting.quota import Quota
from brightline.assembly.hosting.sight.knowing import Knowing, bounded
from brightline.assembly.hosting.sight.lending import Lent, lent, none_lent
from brightline.assembly.hosting.sight.proposals import proposal_at
from brightline.assembly.office import Office
from brightline.enforcement.access import Caller, Denial, Judged, Phase, Reason, refused
from brightline.enforcement.branches import MAIN, Branches
from brightline.hub.host import Account, Document, Turned
from brightline.permit.charter import Role
from brightline.release.component import Component
from brightline.release.repository import COMMIT, HEADS, TAGS, RepoName
from brightline.storage import origins, shelf, shelves
from brightline.storage.attributes import ACCOUNT, ORGANISATION, vetted_until
from brightline.storage.database import restored
from brightline.storage.renames import find_named
from brightline.storage.shelf import HISTORY, Filed, Repo, Revision

LISTINGS, TREES = 64, 64  # listings kept in memory, and folders of them as they are shown
LINEAGES, BEGIN = 64, 9  # lines of commits kept in memory; commits after which one is read to its end
SHORT = re.compile(r"[0-9a-f]{7,39}")  # the beginning of a commit


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

    def hidden(self) -> frozenset[Component]:
        """What is withheld is not even listed to strangers."""
        denials = ((part, refused(part, self.judged, self.caller, self.at)) for part in Component)
        return frozenset(part for part, denial in denials if denial is not None and denial.hidden)

    def listed(self, files: Sequence[Filed]) -> list[Filed]:
        hidden = self.hidden()
        shown = [filed for filed in files if filed.component not in hidden]
        return shown if self.lent is none_lent else [filed for filed in shown if not _hides(self.denial(filed))]


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
        self._listings: dict[str, dict[str, Filed]] = {}
        self._lineages: dict[tuple[int, str], list[tuple[str, str]]] = {}
        self._trees: dict[tuple[str, frozenset[Component], str, bool], list[Document]] = {}

    def tree(self, seen: Seen, path: str, *, recursive: bool, make: Callable[[], list[Document]]) -> list[Document]:
        """What was made of a listing once, for callers from whom the same is hidden, is right for ever. Nobody changes it."""
        if seen.lent is not none_lent:
            return make()
        key = (seen.revision.files, seen.hidden(), path, recursive)
        kept = self._trees.get(key)
        if kept is None:
            kept = make()
            with self._lock:
                bounded(self._trees, TREES)[key] = kept
        return kept

    def files(self, connection: Connection, revision: Revision) -> list[Filed]:
        return list(self.listing(connection, revision.files).values())

    def file(self, connection: Connection, revision: Revision, path: str) -> Filed | None:
        return self.listing(connection, revision.files).get(path)

    def listing(self, connection: Connection, files: str) -> dict[str, Filed]:
        """By path; listings are named by their content, so that one that is kept is right for ever."""
        known = self._listings.get(files)
        if known is None:
            known = {one.stored.path: one for one in shelf.read_listing(connection, files)}
            with self._lock:
                bounded(self._listings, LISTINGS)[files] = known
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
        repo = find_named(connection, name)
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
        return self._branches(connection, repo).any()

    def _granted(self, connection: Connection, account: Account | None, repo: Repo) -> bool:
        """By the owner: what was accepted by itself, while the repository was public, opens nothing that is private now."""
        if account is None:
            return False
        table = shelves.requests.c
        mine = (table.repo == repo.id) & (table.account == account.name) & (table.status == "accepted")
        return connection.execute(select(table.id).where(mine, table.granted)).first() is not None

    def refs(self, connection: Connection, account: Account | None, repo: Repo) -> Mapping[str, str]:
        """Full names, and the commit that each is for this caller."""
        caller = self.caller(connection, account, repo)
        if caller.owner or caller.examiner:
            return shelf.read_refs(connection, repo)
        return self._branches(connection, repo).shown()

    def _branches(self, connection: Connection, repo: Repo) -> Branches:
        """As strangers see them. What no permit was ever published about is not decided."""
        known = shelf.published(connection, repo)

        def decided(manifest: str) -> bool:
            return manifest in known and self.judged(connection, repo, manifest).phase is not Phase.QUARANTINE

        heads = shelf.read_refs(connection, repo) if known else {}
        return Branches(heads, lambda oid: self._lineage(connection, repo, oid), decided)

    def _lineage(self, connection: Connection, repo: Repo, oid: str) -> Iterator[tuple[str, str]]:
        """Commits never change, so that a line that was read to its end is right for ever. Most need no more than its begin."""
        kept = self._lineages.get((repo.id, oid))
        if kept is None:
            line = ((one.oid, one.manifest) for one in islice(shelf.history(connection, repo, oid), HISTORY))
            begin = []
            for one in islice(line, BEGIN):
                begin.append(one)
                yield one
            kept = [*begin, *line]
            with self._lock:
                bounded(self._lineages, LINEAGES)[repo.id, oid] = kept
            kept = kept[len(begin) :]
        yield from kept

    def seen(self, connection: Connection, account: Account | None, repo: Repo, wanted: str) -> Seen:
        """A branch, a tag or a commit. To strangers a branch is where its last decided revision is. Raises Turned."""
        at, caller = self.office.clock(), self.caller(connection, account, repo)
        inside = caller.owner or caller.examiner
        oid: str | None = wanted
        if COMMIT.fullmatch(wanted) is None:
            oid = self._named(connection, repo, wanted, inside=inside)
            if oid is None and SHORT.fullmatch(wanted) is not None:
                oid = self._meant(connection, repo, wanted, inside=inside)
        found = None if oid is None else shelf.read_revision(connection, repo, oid)
        if found is None and oid is not None:
            found = self._imported(connection, repo, oid)
        judged = None if found is None else self.judged(connection, repo, found.manifest)
        if found is not None and judged is not None and (judged.phase is not Phase.QUARANTINE or inside):
            return Seen(repo, found, judged, caller, at, lent(self, connection, account, repo, judged.phase))
        proposed = proposal_at(connection, account, repo, wanted, inside=inside)
        if proposed is None:
            raise Turned(404, f"{repo.name} has no revision {wanted[:100]} that you may see.", "RevisionNotFound")
        loans = lent(self, connection, account, proposed[0], Phase.QUARANTINE)
        return Seen(
            repo,
            proposed[1],
            self._proposed(connection, repo, proposed[1]),
            replace(caller, owner=True),
            at,
            loans,
            proposed[0],
        )

    def _proposed(self, connection: Connection, repo: Repo, revision: Revision) -> Judged:
        """Nothing is granted by a proposal; but what was ordered or ended about the same bytes holds in it, too (Law 8)."""
        known = self.judged(connection, repo, revision.manifest)
        return known if known.phase is Phase.CLOSED else Judged(Phase.QUARANTINE, orders=known.orders)

    def _meant(self, connection: Connection, repo: Repo, start: str, *, inside: bool) -> str | None:
        """The one commit that the caller may see and that begins so."""
        found = [
            one.oid
            for one in shelf.beginning(connection, repo, start)
            if inside or self.judged(connection, repo, one.manifest).phase is not Phase.QUARANTINE
        ]
        return found[0] if len(found) == 1 else None

    def _imported(self, connection: Connection, repo: Repo, commit: str) -> Revision | None:
        """A commit of the hub that it was imported from: who pins one there gets what became of it here."""
        oid = origins.became(connection, repo, commit)
        return None if oid is None else shelf.read_revision(connection, repo, oid)

    def _named(self, connection: Connection, repo: Repo, wanted: str, *, inside: bool) -> str | None:
        """Where a branch or a tag is; main, which nearly everybody asks for, without a look at the others."""
        if not inside and wanted in ("main", MAIN):
            return self._branches(connection, repo).newest(MAIN)
        refs = shelf.read_refs(connection, repo) if inside else self._branches(connection, repo).shown()
        return next((refs[name] for name in (wanted, HEADS + wanted, TAGS + wanted) if name in refs), None)


def _hides(denial: Denial | None) -> bool:
    return denial is not None and denial.hidden
