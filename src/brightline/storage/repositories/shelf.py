"""Repositories, their refs and commits, within a transaction that the caller holds."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, repeat

from sqlalchemy import Connection, Row, Select, bindparam, func, literal, select

from brightline.release.repository import Kind, RepoName
from brightline.release.revision import Commit
from brightline.storage.sql import schema, shelves
from brightline.storage.sql.database import restored

HISTORY = 1_000  # commits of a branch that are looked through for one that was decided
FEW, MANY = (1, 8), 1_000  # commits that one question reads
FORK = "fork"  # a kind that no address has: see storage.repositories.forks


@dataclass(frozen=True, slots=True)
class Repo:
    """A repository. `gated` says how requests are handled: "auto", "manual", or "" for the hub's own choice."""

    id: int
    mark: str  # of this incarnation
    name: RepoName
    owner: str
    private: bool
    gated: str
    sdk: str
    downloads: int
    created: datetime
    moved: datetime

    @property
    def fork(self) -> bool:
        """Its revisions are proposals: nothing is filed, and nothing is for strangers."""
        return self.name.namespace.startswith("~")


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit as it is kept, with the sha256 of its listing and the digest of the manifest that its files make.

    Git's own ids name no content here: a pointer to a file and a text that looks like it have the same one.
    """

    oid: str
    commit: Commit
    files: str
    manifest: str


def find_repo(connection: Connection, name: RepoName) -> Repo | None:
    table = shelves.repos.c
    wanted = (table.kind == name.kind.value) & (table.namespace == name.namespace) & (table.name == name.name)
    row = connection.execute(select(shelves.repos).where(wanted)).first()
    return None if row is None else as_repo(row)


def as_repo(row: Row[tuple[object, ...]]) -> Repo:
    return Repo(
        row.id,
        row.mark,
        RepoName(Kind.MODEL if row.kind == FORK else Kind(row.kind), row.namespace, row.name),
        row.owner,
        row.private,
        row.gated,
        row.sdk,
        row.downloads,
        restored(row.created),
        restored(row.moved),
    )


def alike(connection: Connection, name: RepoName) -> Repo | None:
    """A repository whose name a person would take for this one."""
    table = shelves.repos.c
    spelled = (func.lower(table.namespace) == name.namespace.lower()) & (func.lower(table.name) == name.name.lower())
    row = connection.execute(select(shelves.repos).where(table.kind == name.kind.value, spelled)).first()
    return None if row is None else as_repo(row)


def repo_of(connection: Connection, number: int) -> Repo | None:
    row = connection.execute(select(shelves.repos).where(shelves.repos.c.id == number)).first()
    return None if row is None else as_repo(row)


def repos_of(connection: Connection, namespace: str) -> list[Repo]:
    """All of one account's name, whatever their kind."""
    table = shelves.repos.c
    wanted = select(shelves.repos).where(table.namespace == namespace, table.kind != FORK).order_by(table.id)
    return [as_repo(row) for row in connection.execute(wanted)]


def read_refs(connection: Connection, repo: Repo) -> dict[str, str]:
    """Full name -> commit."""
    rows = connection.execute(select(shelves.refs).where(shelves.refs.c.repo == repo.id).order_by(shelves.refs.c.name))
    return {row.name: row.oid for row in rows}


def read_revision(connection: Connection, repo: Repo, oid: str) -> Revision | None:
    table = shelves.commits.c
    row = connection.execute(select(shelves.commits).where(table.repo == repo.id, table.oid == oid)).first()
    return None if row is None else as_revision(row)


def as_revision(row: Row[tuple[object, ...]]) -> Revision:
    commit = Commit(row.tree, row.parent, row.author, restored(row.at), row.title, row.message)
    return Revision(row.oid, commit, row.files, row.manifest)


def beginning(connection: Connection, repo: Repo, start: str) -> list[Revision]:
    """The commits whose ids begin so; `start` is hex digits."""
    table = shelves.commits.c
    wanted = select(table.oid).where(table.repo == repo.id, table.oid.between(start, start + "g")).limit(100)
    found = [read_revision(connection, repo, oid) for oid in connection.execute(wanted).scalars().all()]
    return [one for one in found if one is not None]


def history(connection: Connection, repo: Repo, oid: str | None) -> Iterator[Revision]:
    """A commit and those it grew out of, the newest first; a few in the first question, many in the following."""
    for count in chain(FEW, repeat(MANY)):
        rows = connection.execute(_HISTORY, {"repo": repo.id, "head": oid, "count": count}).all() if oid else []
        yield from map(as_revision, rows)
        oid = rows[-1].parent if len(rows) == count else None
        if oid is None:
            return


def _history() -> Select[tuple[object, ...]]:
    table = shelves.commits
    own = table.c.repo == bindparam("repo")
    first = select(table.c.oid, table.c.parent, literal(1).label("depth")).where(own, table.c.oid == bindparam("head"))
    line = first.cte("line", recursive=True)
    older = select(table.c.oid, table.c.parent, line.c.depth + 1)
    older = older.where(own, table.c.oid == line.c.parent, line.c.depth < bindparam("count"))
    line = line.union_all(older)
    return select(table).where(own, table.c.oid == line.c.oid).order_by(line.c.depth)


_HISTORY = _history()


def published(connection: Connection, repo: Repo) -> set[str]:
    """The manifests of its revisions about which a permit was ever published: nothing else can be seen by strangers."""
    own, permits = shelves.commits.c, schema.permits.c
    wanted = select(own.manifest).where(own.repo == repo.id, own.manifest == permits.manifest).distinct()
    return set(connection.execute(wanted).scalars())


def find_incarnation(connection: Connection, mark: str) -> Repo | None:
    row = connection.execute(select(shelves.repos).where(shelves.repos.c.mark == mark)).first()
    return None if row is None else as_repo(row)
