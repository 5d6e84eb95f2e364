"""A glance at a repository: what the tables say of it, and of whoever looks, in one question.

What nearly every request looks up lies in eight tables. Asked one by one, the ways to the database and back take longer than the answers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Connection, Select, and_, bindparam, exists, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from brightline.enforcement.branches import MAIN
from brightline.release.repository import RepoName
from brightline.storage.repositories import shelf
from brightline.storage.repositories.attributes import vettings
from brightline.storage.repositories.lending import Loan, loans
from brightline.storage.repositories.origins import origins
from brightline.storage.repositories.renames import find_named
from brightline.storage.repositories.shelf import Repo, Revision
from brightline.storage.sql import schema, shelves
from brightline.storage.sql.database import restored


@dataclass(frozen=True, slots=True)
class Who:
    """Whoever looks: an account, and the organisation that the office says it belongs to. Nobody in particular has neither."""

    account: str | None = None
    organisation: str | None = None


@dataclass(frozen=True, slots=True)
class Glance:
    """A repository at one moment. `trunk` is where main is, decided or not; `log` is the size of the log.

    What whoever looks asked for: `accepted` the terms, `granted` by the owner, `vetted_until` named for study, until then.
    """

    repo: Repo
    log: int
    refs: Mapping[str, str]
    trunk: Revision | None
    published: frozenset[str]  # manifests of its revisions about which a permit was ever published
    loans: Sequence[Loan]
    imported: bool  # anything of it, at any time: see storage.repositories.origins
    accepted: bool
    granted: bool
    vetted_until: datetime | None


def glance_named(connection: Connection, name: RepoName, who: Who) -> Glance | None:
    """By its name, or by what storage.repositories.renames takes for it."""
    given = {"kind": name.kind.value, "namespace": name.namespace, "name": name.name}
    found = _glance(connection, _NAMED, who, given)
    if found is not None:
        return found
    meant = find_named(connection, name)
    return None if meant is None else glance_marked(connection, meant.mark, who)


def glance_marked(connection: Connection, mark: str, who: Who) -> Glance | None:
    """Of one incarnation: a name may be deleted and made again."""
    return _glance(connection, _MARKED, who, {"mark": mark})


def _glance(connection: Connection, asked: Select[Any], who: Who, given: Mapping[str, str]) -> Glance | None:
    row = connection.execute(asked, {**given, "account": who.account, "organisation": who.organisation}).first()
    if row is None:
        return None
    moments = [restored(at) for at in (row.vetted_until, row.shared_until) if at is not None]
    return Glance(
        shelf.as_repo(row),
        row.log,
        dict(sorted(row.refs or ())),
        None if row.oid is None else shelf.as_revision(row),
        frozenset(manifest for (manifest,) in row.published or ()),
        [Loan(*loan) for loan in sorted(row.loans or ())],
        bool(row.imported),
        row.status == "accepted",
        row.status == "accepted" and bool(row.granted),
        max(moments, default=None),
    )


class _Rows(FunctionElement[Any]):
    """Rows of a question within another, as one array of arrays."""

    type = JSON()
    inherit_cache = True


@compiles(_Rows, "sqlite")
def _of_sqlite(element: _Rows, compiler: Any, **given: Any) -> str:
    return f"json_group_array(json_array({compiler.process(element.clauses, **given)}))"


@compiles(_Rows, "postgresql")
def _of_postgresql(element: _Rows, compiler: Any, **given: Any) -> str:
    return f"json_agg(json_build_array({compiler.process(element.clauses, **given)}))"


def _question() -> Select[Any]:
    repos, commits, requests = shelves.repos, shelves.commits, shelves.requests
    own, main = repos.c.id, shelves.refs.alias("main")
    source = repos.outerjoin(main, and_(main.c.repo == own, main.c.name == MAIN))
    source = source.outerjoin(commits, and_(commits.c.repo == own, commits.c.oid == main.c.oid))
    source = source.outerjoin(requests, and_(requests.c.repo == own, requests.c.account == bindparam("account")))
    columns = [one for one in commits.c if one.name != "repo"]
    columns += [requests.c.status, requests.c.granted, requests.c.vetted_until]
    shared = select(func.max(vettings.c.until)).where(
        vettings.c.repo == own, vettings.c.organisation == bindparam("organisation")
    )
    log = select(schema.head.c.size)
    return select(
        repos,
        *columns,
        shared.scalar_subquery().label("shared_until"),
        log.scalar_subquery().label("log"),
        exists(select(origins.c.id).where(origins.c.repo == own)).label("imported"),
        *(inner.scalar_subquery().label(name) for name, inner in _lists(own).items()),
    ).select_from(source)


def _lists(own: Column[Any]) -> dict[str, Select[Any]]:
    """What a repository has several of."""
    every, permits = shelves.commits.alias("every"), schema.permits.c
    known = select(every.c.manifest).where(every.c.repo == own, every.c.manifest == permits.manifest)
    published = known.distinct().correlate(shelves.repos).subquery("published_once")
    lent = (loans.c.files, loans.c.manifest, loans.c.owner, loans.c.source)
    return {
        "refs": select(_Rows(shelves.refs.c.name, shelves.refs.c.oid)).where(shelves.refs.c.repo == own),
        "published": select(_Rows(published.c.manifest)),
        "loans": select(_Rows(*lent)).where(loans.c.repo == own),
    }


_NAMED = _question().where(
    shelves.repos.c.kind == bindparam("kind"),
    shelves.repos.c.namespace == bindparam("namespace"),
    shelves.repos.c.name == bindparam("name"),
)
_MARKED = _question().where(shelves.repos.c.mark == bindparam("mark"))
