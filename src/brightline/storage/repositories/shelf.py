"""Repositories, their refs, commits and trees, within a transaction that the caller holds."""

import hashlib
import json
import secrets
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import chain, repeat
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, bindparam, delete, func, insert, literal, select, update

from brightline.release.attributes import OFFICES
from brightline.release.card import Card
from brightline.release.component import Component
from brightline.release.repository import Kind, RepoName
from brightline.release.revision import Commit, Stored
from brightline.storage.lists import catalogue
from brightline.storage.sql import schema, shelves
from brightline.storage.sql.database import restored, stored

HISTORY = 1_000  # commits of a branch that are looked through for one that was decided
FEW, MANY = (1, 8), 1_000  # commits that one question reads
LONG = 500  # files of a listing whose folders' ids are kept: those of others are made in less than a millisecond
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


def add_repo(connection: Connection, name: RepoName, owner: str, at: datetime, *, private: bool, sdk: str) -> Repo:
    """The caller has seen that there is none of this name."""
    mark = secrets.token_hex(16)
    values = {
        "mark": mark,
        "kind": name.kind.value,
        "namespace": name.namespace,
        "name": name.name,
        "owner": owner,
        "private": private,
        "gated": "",
        "sdk": sdk,
        "downloads": 0,
        "created": stored(at),
        "moved": stored(at),
    }
    made: int = connection.execute(insert(shelves.repos).values(**values).returning(shelves.repos.c.id)).scalar_one()
    _changed(connection, made)
    return Repo(made, mark, name, owner, private, "", sdk, 0, at, at)


def change_repo(connection: Connection, repo: Repo, **values: object) -> None:
    """Columns of the table `repos`."""
    connection.execute(update(shelves.repos).where(shelves.repos.c.id == repo.id).values(**values))
    _changed(connection, repo.id)


def _changed(connection: Connection, repo: int) -> None:
    """Lists show it anew."""
    from brightline.storage.repositories import revealing  # noqa: PLC0415 - it reads what is written here

    revealing.refresh_later(connection, repo)


def alike(connection: Connection, name: RepoName) -> Repo | None:
    """A repository whose name a person would take for this one."""
    table = shelves.repos.c
    spelled = (func.lower(table.namespace) == name.namespace.lower()) & (func.lower(table.name) == name.name.lower())
    row = connection.execute(select(shelves.repos).where(table.kind == name.kind.value, spelled)).first()
    return None if row is None else as_repo(row)


def remove_rows(connection: Connection, repo: Repo) -> None:
    """Its names, refs and claims: a part of what storage.repositories.leaving does."""
    connection.execute(delete(shelves.repos).where(shelves.repos.c.id == repo.id))
    for table in (shelves.refs, shelves.commits, shelves.possessions, shelves.requests, shelves.xorbs, shelves.rounds):
        connection.execute(delete(table).where(table.c.repo == repo.id))
    _changed(connection, repo.id)


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


def write_ref(connection: Connection, repo: Repo, name: str, oid: str | None) -> None:
    """None takes it away."""
    own = (shelves.refs.c.repo == repo.id) & (shelves.refs.c.name == name)
    connection.execute(delete(shelves.refs).where(own))
    if oid is not None:
        connection.execute(insert(shelves.refs).values(repo=repo.id, name=name, oid=oid))
    _changed(connection, repo.id)


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


def add_revision(connection: Connection, repo: Repo, revision: Revision) -> None:
    """Once; the same commit twice is one. Raises LookupError where git's id is taken by other files."""
    kept = read_revision(connection, repo, revision.oid)
    if kept is not None:
        if kept.files != revision.files:
            raise LookupError(f"the commit {revision.oid} has other files already")
        return
    values = asdict(revision.commit) | {"at": stored(revision.commit.at)}
    connection.execute(
        insert(shelves.commits).values(
            repo=repo.id, oid=revision.oid, files=revision.files, manifest=revision.manifest, **values
        )
    )


def read_listing(connection: Connection, sha256: str) -> list[Filed]:
    """In the order of paths. Raises LookupError where it is not kept."""
    table = shelves.listings.c
    content = connection.execute(select(table.files).where(table.sha256 == sha256)).scalar()
    if content is None:
        raise LookupError(f"the listing {sha256} is not kept")
    return _filed(content)


class Carded(NamedTuple):
    """A listing, with what was kept along with it: its card, and the ids of its folders."""

    files: list[Filed]
    card: Card | None
    folders: Mapping[str, str] | None


def read_carded(connection: Connection, sha256: str) -> Carded:
    """Raises LookupError where the listing is not kept."""
    row = connection.execute(_CARDED, {"sha256": sha256}).first()
    if row is None:
        raise LookupError(f"the listing {sha256} is not kept")
    card = None if row.content is None else catalogue.card_of(row.content)
    return Carded(_filed(row.files), card, None if row.ids is None else _inflated(row.ids))


def _carded() -> Select[tuple[object, ...]]:
    table, cards, folders = shelves.listings, catalogue.cards, shelves.folders
    every = table.outerjoin(cards, cards.c.listing == table.c.sha256)
    every = every.outerjoin(folders, folders.c.listing == table.c.sha256)
    wanted = select(table.c.files, cards.c.content, folders.c.ids).select_from(every)
    return wanted.where(table.c.sha256 == bindparam("sha256"))


_CARDED = _carded()
_COMPONENTS = {component.value: component for component in Component}


def _filed(content: bytes) -> list[Filed]:
    return [
        Filed(Stored(path, oid, size, sha256, lfs), kind, _COMPONENTS[component])
        for path, oid, size, sha256, lfs, kind, component in _inflated(content)
    ]


def _inflated(content: bytes) -> Any:
    return json.loads(zlib.decompress(bytes(content)))


def listing(files: Iterable[Filed]) -> tuple[str, bytes]:
    """Its sha256, and its bytes."""
    content = json.dumps([_row(one, one.stored) for one in files], separators=(",", ":")).encode("utf-8")
    return hashlib.sha256(content).hexdigest(), content


def _row(one: Filed, file: Stored) -> tuple[object, ...]:
    return file.path, file.oid, file.size, file.sha256, file.lfs, one.format, one.component.value


def write_listing(connection: Connection, sha256: str, content: bytes) -> None:
    """Once; the same listing twice is one."""
    table = shelves.listings
    if connection.execute(select(table.c.sha256).where(table.c.sha256 == sha256)).first() is None:
        connection.execute(insert(table).values(sha256=sha256, files=zlib.compress(content, 1)))


def write_folders(connection: Connection, sha256: str, files: int, ids: Mapping[str, str]) -> None:
    """Of a listing of so many files, where it is long. Once; they follow from the listing."""
    table = shelves.folders
    if files < LONG or connection.execute(select(table.c.listing).where(table.c.listing == sha256)).first():
        return
    content = json.dumps(ids, separators=(",", ":")).encode("utf-8")
    connection.execute(insert(table).values(listing=sha256, ids=zlib.compress(content, 1)))


def published(connection: Connection, repo: Repo) -> set[str]:
    """The manifests of its revisions about which a permit was ever published: nothing else can be seen by strangers."""
    own, permits = shelves.commits.c, schema.permits.c
    wanted = select(own.manifest).where(own.repo == repo.id, own.manifest == permits.manifest).distinct()
    return set(connection.execute(wanted).scalars())


def possess(connection: Connection, repo: Repo, files: Mapping[str, int]) -> None:
    """The bytes (sha256 and size) were sent into this repository, and hashed here."""
    known = possessed(connection, repo, files)
    fresh = [{"repo": repo.id, "sha256": one, "size": size} for one, size in files.items() if one not in known]
    if fresh:
        connection.execute(insert(shelves.possessions), fresh)


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


def weigh(connection: Connection, repo: Repo) -> int:
    """The bytes that were sent into it, or lent to it; not what the office gave."""
    table = shelves.possessions.c
    total = select(func.coalesce(func.sum(table.size), 0)).where(table.repo == repo.id, table.sha256 != OFFICES)
    return int(connection.execute(total).scalar_one())


def count_downloads(connection: Connection, repo: int, count: int) -> None:
    """In the lists too, which show nothing else of it anew."""
    table = shelves.repos
    connection.execute(update(table).where(table.c.id == repo).values(downloads=table.c.downloads + count))
    catalogue.count_downloads(connection, repo, count)


@dataclass(frozen=True, slots=True)
class Xorb:
    """`heads` are its chunks' own headers, one behind the other; `place` is the name of its parcel; `at` is when it was kept."""

    place: str
    size: int
    heads: bytes
    at: datetime | None = None


def renew_xorb(connection: Connection, repo: Repo, name: str, at: datetime) -> bool:
    """It was sent again: it is as young as if it had come now. Whether it is still here."""
    table = shelves.xorbs
    own = (table.c.repo == repo.id) & (table.c.hash == name)
    return bool(connection.execute(update(table).where(own).values(at=stored(at))).rowcount)


def keep_xorb(connection: Connection, repo: Repo, name: str, xorb: Xorb, at: datetime) -> bool:
    """Under the name that its sender gave it, which means something in this repository only. Not where it is here already, and
    shards may be made of it. Whether it was new.
    """
    table = shelves.xorbs
    own = (table.c.repo == repo.id) & (table.c.hash == name)
    values = {"place": xorb.place, "size": xorb.size, "heads": xorb.heads, "at": stored(at)}
    if connection.execute(select(table.c.place).where(own)).first() is not None:
        return False
    connection.execute(insert(table).values(repo=repo.id, hash=name, **values))
    return True


def find_xorbs(connection: Connection, repo: Repo, names: Iterable[str]) -> dict[str, Xorb]:
    """Of those that were sent."""
    table, found = shelves.xorbs.c, dict[str, Xorb]()
    wanted = list(dict.fromkeys(names))
    for start in range(0, len(wanted), 500):
        some = table.hash.in_(wanted[start : start + 500])
        for row in connection.execute(select(shelves.xorbs).where(table.repo == repo.id, some)):
            found[row.hash] = Xorb(row.place, row.size, bytes(row.heads), restored(row.at))
    return found


def drop_xorbs(connection: Connection, repo: int, names: Iterable[str]) -> None:
    """With them the round ends: by its number clients see that they must not count on what they sent."""
    table, wanted = shelves.xorbs, list(names)
    for start in range(0, len(wanted), 500):
        some = table.c.hash.in_(wanted[start : start + 500])
        connection.execute(delete(table).where(table.c.repo == repo, some))
    count = shelves.rounds.c
    if (
        wanted
        and not connection.execute(
            update(shelves.rounds).where(count.repo == repo).values(number=count.number + 1)
        ).rowcount
    ):
        connection.execute(insert(shelves.rounds).values(repo=repo, number=1))


def read_round(connection: Connection, repo: Repo) -> int:
    table = shelves.rounds.c
    return connection.execute(select(table.number).where(table.repo == repo.id)).scalar() or 0


def find_incarnation(connection: Connection, mark: str) -> Repo | None:
    row = connection.execute(select(shelves.repos).where(shelves.repos.c.mark == mark)).first()
    return None if row is None else as_repo(row)


def link_secret(connection: Connection) -> bytes:
    """What signs links that are good for minutes; made when it is first asked for."""
    table = shelves.keyring.c
    kept = connection.execute(select(table.secret).where(table.name == "links")).scalar()
    if kept is None:
        kept = secrets.token_bytes(32)
        connection.execute(insert(shelves.keyring).values(name="links", secret=kept))
    return bytes(kept)
