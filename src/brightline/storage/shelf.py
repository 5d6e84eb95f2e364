"""Repositories, their refs, commits and trees, within a transaction that the caller holds."""

import json
import secrets
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, astuple, dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from brightline.release.component import Component
from brightline.release.repository import Kind, RepoName
from brightline.release.revision import Commit, Stored
from brightline.storage import shelves
from brightline.storage.database import restored, stored


@dataclass(frozen=True, slots=True)
class Repo:
    """A repository. `gated` says how requests are handled: "auto", "manual", or "" for the hub's own choice."""

    id: int
    name: RepoName
    owner: str
    private: bool
    gated: str
    sdk: str
    tags: tuple[str, ...]
    downloads: int
    created: datetime
    moved: datetime


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit as it is kept, with the digest of the manifest that its files make."""

    oid: str
    commit: Commit
    manifest: str


@dataclass(frozen=True, slots=True)
class Filed:
    """A file of a revision, the format that its content has, and the component it belongs to."""

    stored: Stored
    format: str
    component: Component


def find_repo(connection: Connection, name: RepoName) -> Repo | None:
    table = shelves.repos.c
    wanted = (table.kind == name.kind.value) & (table.namespace == name.namespace) & (table.name == name.name)
    row = connection.execute(select(shelves.repos).where(wanted)).first()
    return None if row is None else _repo(row)


def _repo(row: Row[tuple[object, ...]]) -> Repo:
    return Repo(
        row.id,
        RepoName(Kind(row.kind), row.namespace, row.name),
        row.owner,
        row.private,
        row.gated,
        row.sdk,
        tuple(json.loads(row.tags)),
        row.downloads,
        restored(row.created),
        restored(row.moved),
    )


def add_repo(connection: Connection, name: RepoName, owner: str, at: datetime, *, private: bool, sdk: str) -> Repo:
    """The caller has seen that there is none of this name."""
    values = {
        "kind": name.kind.value,
        "namespace": name.namespace,
        "name": name.name,
        "owner": owner,
        "private": private,
        "gated": "",
        "sdk": sdk,
        "tags": "[]",
        "downloads": 0,
        "created": stored(at),
        "moved": stored(at),
    }
    made = connection.execute(insert(shelves.repos).values(**values).returning(shelves.repos.c.id)).scalar_one()
    return Repo(made, name, owner, private, "", sdk, (), 0, at, at)


def change_repo(connection: Connection, repo: Repo, **values: object) -> None:
    """Columns of the table `repos`."""
    connection.execute(update(shelves.repos).where(shelves.repos.c.id == repo.id).values(**values))


def rename_repo(connection: Connection, repo: Repo, name: RepoName) -> None:
    """The caller has seen that the name is free."""
    change_repo(connection, repo, namespace=name.namespace, name=name.name)


def remove_repo(connection: Connection, repo: Repo) -> None:
    """Its names, refs and claims. Trees and blobs stay for whatever else names them."""
    connection.execute(delete(shelves.repos).where(shelves.repos.c.id == repo.id))
    for table in (shelves.refs, shelves.commits, shelves.possessions, shelves.requests, shelves.xorbs):
        connection.execute(delete(table).where(table.c.repo == repo.id))


def list_repos(connection: Connection, kind: Kind) -> Iterator[Repo]:
    """All of a kind, the last that moved first."""
    table = shelves.repos.c
    rows = connection.execute(
        select(shelves.repos).where(table.kind == kind.value).order_by(table.moved.desc(), table.id.desc())
    )
    return map(_repo, rows)


def read_refs(connection: Connection, repo: Repo) -> dict[str, str]:
    """Full name -> commit."""
    rows = connection.execute(select(shelves.refs).where(shelves.refs.c.repo == repo.id).order_by(shelves.refs.c.name))
    return {row.name: row.oid for row in rows}


def write_ref(connection: Connection, repo: Repo, name: str, oid: str | None) -> None:
    """None takes it away."""
    own = (shelves.refs.c.repo == repo.id) & (shelves.refs.c.name == name)
    connection.execute(delete(shelves.refs).where(own))
    if oid is not None:
        connection.execute(insert(shelves.refs).values(repo=repo.id, name=name, oid=oid))


def read_revision(connection: Connection, repo: Repo, oid: str) -> Revision | None:
    table = shelves.commits.c
    row = connection.execute(select(shelves.commits).where(table.repo == repo.id, table.oid == oid)).first()
    if row is None:
        return None
    return Revision(
        row.oid, Commit(row.tree, row.parent, row.author, restored(row.at), row.title, row.message), row.manifest
    )


def history(connection: Connection, repo: Repo, oid: str | None) -> Iterator[Revision]:
    """A commit and those it grew out of, the newest first."""
    while oid is not None:
        revision = read_revision(connection, repo, oid)
        if revision is None:
            return
        yield revision
        oid = revision.commit.parent


def add_revision(connection: Connection, repo: Repo, revision: Revision) -> None:
    """Once; the same commit twice is one."""
    if read_revision(connection, repo, revision.oid) is not None:
        return
    values = asdict(revision.commit) | {"at": stored(revision.commit.at)}
    connection.execute(
        insert(shelves.commits).values(repo=repo.id, oid=revision.oid, manifest=revision.manifest, **values)
    )


def read_tree(connection: Connection, oid: str) -> list[Filed]:
    """In the order of paths. Raises LookupError where it is not kept."""
    content = connection.execute(select(shelves.trees.c.files).where(shelves.trees.c.oid == oid)).scalar()
    if content is None:
        raise LookupError(f"the tree {oid} is not kept")
    rows = json.loads(zlib.decompress(bytes(content)))
    return [Filed(Stored(*row[:5]), row[5], Component(row[6])) for row in rows]


def write_tree(connection: Connection, oid: str, files: Iterable[Filed]) -> None:
    """Once; the same tree twice is one."""
    if connection.execute(select(shelves.trees.c.oid).where(shelves.trees.c.oid == oid)).first() is not None:
        return
    rows = [[*astuple(one.stored), one.format, one.component.value] for one in files]
    content = zlib.compress(json.dumps(rows, separators=(",", ":")).encode(), 1)
    connection.execute(insert(shelves.trees).values(oid=oid, files=content))


def possess(connection: Connection, repo: Repo, sha256: str, size: int) -> None:
    """The bytes were sent into this repository, and hashed here."""
    if possessed(connection, repo, [sha256]):
        return
    connection.execute(insert(shelves.possessions).values(repo=repo.id, sha256=sha256, size=size))


def possessed(connection: Connection, repo: Repo, digests: Iterable[str]) -> Mapping[str, int]:
    """Those of the digests that were really sent into this repository, with their sizes."""
    table = shelves.possessions.c
    found: dict[str, int] = {}
    wanted = list(dict.fromkeys(digests))
    for start in range(0, len(wanted), 500):
        some = table.sha256.in_(wanted[start : start + 500])
        rows = connection.execute(select(table.sha256, table.size).where(table.repo == repo.id, some))
        found |= {row.sha256: row.size for row in rows}
    return found


def count_download(connection: Connection, repo: Repo) -> None:
    change_repo(connection, repo, downloads=func.coalesce(shelves.repos.c.downloads, 0) + 1)


def keep_xorb(connection: Connection, repo_id: int, name: str, sha256: str, size: int) -> None:
    """Under the name that its sender gave it, which means something in this repository only."""
    if find_xorb(connection, repo_id, name) is None:
        connection.execute(insert(shelves.xorbs).values(repo=repo_id, hash=name, sha256=sha256, size=size))


def find_xorb(connection: Connection, repo_id: int, name: str) -> tuple[str, int] | None:
    """sha256 and size of its blob."""
    table = shelves.xorbs.c
    row = connection.execute(select(table.sha256, table.size).where(table.repo == repo_id, table.hash == name)).first()
    return None if row is None else (row.sha256, row.size)


def find_repo_by_id(connection: Connection, repo_id: int) -> Repo | None:
    row = connection.execute(select(shelves.repos).where(shelves.repos.c.id == repo_id)).first()
    return None if row is None else _repo(row)


def link_secret(connection: Connection) -> bytes:
    """What signs links that are good for minutes; made when it is first asked for."""
    table = shelves.keyring.c
    kept = connection.execute(select(table.secret).where(table.name == "links")).scalar()
    if kept is None:
        kept = secrets.token_bytes(32)
        connection.execute(insert(shelves.keyring).values(name="links", secret=kept))
    return bytes(kept)
