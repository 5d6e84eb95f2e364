"""What lists show of a repository, and from which moment to which: the doors' own rule, asked in advance.

Whether a revision is decided depends on the words about its bytes and on the clock. The words are all in the tables; the
moments at which the clock changes something are those at which permits take effect or expire. Between two of them nothing
changes, so that each span of time is one row.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial
from itertools import islice

from sqlalchemy import Connection, select

from brightline.authority.case import Case
from brightline.authority.orders import as_ordered
from brightline.decision.access import Access
from brightline.enforcement.access import Judged, Phase
from brightline.enforcement.branches import MAIN, Branches
from brightline.enforcement.judging import judge
from brightline.permit.charter import Charter
from brightline.permit.order import Order
from brightline.release.component import Component
from brightline.storage.lists import catalogue
from brightline.storage.lists.catalogue import EVER, Row
from brightline.storage.record.records import load_case, load_charters, read_document
from brightline.storage.repositories import shelf
from brightline.storage.repositories.lending import Loan, loans, loans_of
from brightline.storage.repositories.shelf import HISTORY, Repo, Revision
from brightline.storage.sql import schema, shelves
from brightline.storage.sql.database import at_the_end, restored

_QUARANTINE = Judged(Phase.QUARANTINE)


@dataclass(frozen=True)
class Records:
    """What cases are replayed with, within one transaction. `lent`: there were none before migration 0004, which the third asks."""

    connection: Connection
    lent: Callable[[Connection, Repo], Sequence[Loan]] = lambda _connection, _repo: ()

    @cached_property
    def _charters(self) -> list[Charter]:
        return load_charters(self.connection)[1]

    def charter(self, version: int) -> Charter:
        return self._charters[version - 1]

    def document(self, digest: str) -> bytes | None:
        return read_document(self.connection, digest)


@dataclass
class Shown:
    """One repository, asked at several moments. `consulted` are the cases that the answers rest on."""

    records: Records
    repo: Repo
    consulted: dict[str, list[Case]] = field(default_factory=dict)
    ordered: dict[str, list[Order]] = field(default_factory=dict)
    _lineages: dict[str, list[Revision]] = field(default_factory=dict)

    @cached_property
    def heads(self) -> dict[str, str]:
        return shelf.read_refs(self.records.connection, self.repo)

    @cached_property
    def published(self) -> set[str]:
        return shelf.published(self.records.connection, self.repo)

    def _lineage(self, oid: str) -> Iterator[tuple[str, str]]:
        kept = self._lineages.get(oid)
        if kept is not None:
            yield from ((one.oid, one.manifest) for one in kept)
            return
        kept = []
        for one in islice(shelf.history(self.records.connection, self.repo, oid), HISTORY):
            kept.append(one)
            yield one.oid, one.manifest
        self._lineages[oid] = kept

    def judged(self, manifest: str, at: datetime) -> Judged:
        if manifest not in self.published:
            return _QUARANTINE
        if manifest not in self.consulted:
            self.consulted[manifest] = list(_published_cases(self.records, manifest))
        return judge(self.consulted[manifest], (), at, self.repo.owner)

    def branches(self, at: datetime) -> Branches:
        return Branches(self.heads, self._lineage, lambda one: self.judged(one, at).phase is not Phase.QUARANTINE)

    def silent(self, manifest: str, at: datetime) -> bool:
        """Whether an order keeps documentation from anybody: lists, which ask nobody's rights, tell nothing of a card then."""
        about = {manifest, *(loan.manifest for loan in self.records.lent(self.records.connection, self.repo))}
        for one in about - self.ordered.keys():
            self.ordered[one] = list(_orders_on_documentation(self.records, one))
        return any(order.runs(at) for one in about for order in self.ordered[one])

    def moments(self) -> set[datetime]:
        issued = (one for cases in self.consulted.values() for case in cases for one in case.issued)
        found = {at for one in issued for at in (one.effective, one.draft.expires)}
        found |= {at for orders in self.ordered.values() for one in orders for at in (one.begins, one.until)}
        return {at for at in found if at is not None}


def _published_cases(records: Records, manifest: str) -> Iterator[Case]:
    """What was never published decides nothing."""
    table = schema.permits.c
    numbers = select(table.case).where(table.manifest == manifest).distinct().order_by(table.case)
    for number in records.connection.execute(numbers).scalars().all():
        case = load_case(records.connection, number, records)
        if case is not None:
            yield case


def _orders_on_documentation(records: Records, manifest: str) -> Iterator[Order]:
    """Those that were not lifted."""
    table = schema.orders.c
    kept = select(table.digest).where(table.manifest == manifest, table.lifted.is_(None))
    for digest in records.connection.execute(kept).scalars().all():
        order = as_ordered(records.document(digest) or b"", None).order
        if Component.DOCUMENTATION in order.components:
            yield order


def spans(records: Records, repo: Repo, at: datetime) -> list[Row]:
    """The rows of a repository, from a moment on."""
    asked, made = Shown(records, repo), list[Row]()
    start, since = at, 0
    while True:
        found = _rows(asked, start)
        moments = asked.moments()
        since = max((int(one.timestamp()) for one in moments if one <= start), default=since)
        following = min((one for one in moments if one > start), default=None)
        until = EVER if following is None else int(following.timestamp())
        made += [_with(row, since, until) for row in found]
        if following is None:
            return made
        start = following


def _with(row: dict[str, object], since: int, until: int) -> Row:
    return Row(**row, since=since, until=until)  # type: ignore[arg-type]


def _rows(asked: Shown, at: datetime) -> list[dict[str, object]]:
    """At one moment: one row where everybody is shown the same, else one for strangers and one for those inside."""
    branches, connection = asked.branches(at), asked.records.connection
    oids = asked.heads.get(MAIN), branches.newest(MAIN)
    seen = [None if oid is None else shelf.read_revision(connection, asked.repo, oid) for oid in oids]
    decided = seen[1] is not None or branches.any()
    if oids[0] == oids[1]:
        return [_row(asked, seen[0], at, inside=True, decided=decided)]
    strangers = [_row(asked, seen[1], at, inside=False, decided=True)] if decided else []
    return [_row(asked, seen[0], at, inside=True, decided=False), *strangers]


def _row(asked: Shown, revision: Revision | None, at: datetime, *, inside: bool, decided: bool) -> dict[str, object]:
    repo, judged = asked.repo, _QUARANTINE if revision is None else asked.judged(revision.manifest, at)
    return {
        "kind": repo.name.kind,
        "inside": inside,
        "decided": decided,
        "namespace": repo.name.namespace,
        "name": repo.name.name,
        "owner": repo.owner,
        "hidden": repo.private,
        "private": repo.private,
        "gated": repo.gated or ("auto" if gated(judged) else ""),
        "disabled": judged.phase is Phase.CLOSED,
        "sha": None if revision is None else revision.oid,
        "listing": None if revision is None or asked.silent(revision.manifest, at) else revision.files,
        "sdk": repo.sdk,
        "created": int(repo.created.timestamp()),
        "modified": int((repo.created if revision is None else revision.commit.at).timestamp()),
        "downloads": repo.downloads,
    }


def gated(judged: Judged) -> bool:
    """Anything of it needs more than a look."""
    return judged.phase is Phase.DECIDED and any(access is not Access.OPEN for access in judged.access.values())


def refresh(connection: Connection, repos: Iterable[int], records: Records | None = None) -> None:
    """Write anew what lists show of repositories. Time before the log's last word never comes again."""
    head = connection.execute(select(schema.head.c.at)).scalar()
    at = datetime(1970, 1, 1, tzinfo=UTC) if head is None else restored(head)
    records = records or Records(connection, loans_of)
    for number in repos:
        repo = shelf.repo_of(connection, number)
        catalogue.replace_rows(connection, number, [] if repo is None or repo.fork else spans(records, repo, at))


def refresh_later(connection: Connection, repo: int) -> None:
    """Once, when everything else of this transaction is written."""
    at_the_end(connection, f"shown {repo}", partial(refresh, connection, [repo]))


def refresh_decided(connection: Connection, cases: Sequence[Case]) -> None:
    """The repositories whose revisions these cases decide. A case that was never published decides nothing."""
    manifests = sorted({case.manifest for case in cases if case.issued})
    for manifest in manifests:
        commits, repos, kept = shelves.commits.c, shelves.repos.c, schema.cases.c
        owners = select(kept.applicant).where(kept.manifest == manifest)
        own = (commits.manifest == manifest) & (commits.repo == repos.id) & repos.owner.in_(owners)
        for repo in connection.execute(select(commits.repo).where(own).distinct()).scalars().all():
            refresh_later(connection, repo)


def refresh_ordered(connection: Connection, manifest: str) -> None:
    """The repositories that have these bytes, or have any of them on loan."""
    commits, lent = shelves.commits.c, loans.c
    having = select(commits.repo).where(commits.manifest == manifest).distinct()
    for repo in connection.execute(having.union(select(lent.repo).where(lent.manifest == manifest))).scalars().all():
        refresh_later(connection, repo)
