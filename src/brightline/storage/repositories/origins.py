"""Where imported revisions came from; and what callers wished to have from the office's upstream."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    Integer,
    Row,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)

from brightline.release.repository import RepoName
from brightline.storage.repositories.shelf import Repo, alike
from brightline.storage.sql import schema, shelves
from brightline.storage.sql.database import restored, stored

_LONG = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts rows by INTEGER only
FETCHING, DONE, FAILED = "fetching", "done", "failed"
UNFINISHED = ""  # instead of a commit: an import that was begun, and has not come to its end

origins = Table(  # a line an import: a record, which stays when the repository goes
    "origins",
    shelves.METADATA,
    Column("id", _LONG, primary_key=True, autoincrement=True),
    Column("repo", _LONG, nullable=False, index=True),
    Column("oid", String(40), nullable=False),  # of the commit that it became here
    Column("name", String(210), nullable=False),  # of the repository then
    Column("endpoint", String(400), nullable=False),
    Column("source", String(210), nullable=False),
    Column("commit", String(40), nullable=False),  # of the source
    Column("digest", String(71), nullable=False),
    Column("at", DateTime(timezone=False), nullable=False),
    sqlite_autoincrement=True,
)

wishes = Table(  # one a repository
    "wishes",
    shelves.METADATA,
    Column("address", String(210), primary_key=True),
    Column("account", String(200), nullable=False),  # who asked last
    Column("state", String(10), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("said", Text, nullable=False),  # why it failed
    Column("asked", DateTime(timezone=False), nullable=False),
    Column("looked", DateTime(timezone=False), nullable=False),  # at the upstream, the last time
)


@dataclass(frozen=True, slots=True)
class Origin:
    """`digest` is the sha256 of the list that `sha256sum` prints of all files in the order of their paths."""

    name: str
    oid: str
    endpoint: str
    source: str
    commit: str
    digest: str
    at: datetime


def add_origin(connection: Connection, repo: Repo, origin: Origin) -> None:
    values = {
        "name": origin.name,
        "oid": origin.oid,
        "endpoint": origin.endpoint,
        "source": origin.source,
        "commit": origin.commit,
        "digest": origin.digest,
        "at": stored(origin.at),
    }
    connection.execute(insert(origins).values(repo=repo.id, **values))


def last_origin(connection: Connection, repo: Repo, oid: str | None = None) -> Origin | None:
    """The newest import into a repository, or the newest that became a certain commit of it."""
    wanted = select(origins).where(origins.c.repo == repo.id)
    if oid is not None:
        wanted = wanted.where(origins.c.oid == oid)
    row = connection.execute(wanted.order_by(origins.c.id.desc()).limit(1)).first()
    return None if row is None else _origin(row)


def became(connection: Connection, repo: Repo, commit: str) -> str | None:
    """The commit here that a commit of the source became, the last time that it was imported."""
    wanted = select(origins.c.oid).where(origins.c.repo == repo.id, origins.c.commit == commit)
    return connection.execute(wanted.order_by(origins.c.id.desc()).limit(1)).scalar() or None


def list_origins(connection: Connection, name: str | None = None) -> list[Origin]:
    """All that came to their end, or those that were made under one name; the oldest first."""
    wanted = select(origins).where(origins.c.oid != UNFINISHED).order_by(origins.c.id)
    rows = connection.execute(wanted if name is None else wanted.where(origins.c.name == name))
    return [_origin(row) for row in rows]


def _origin(row: Row[tuple[object, ...]]) -> Origin:
    return Origin(row.name, row.oid, row.endpoint, row.source, row.commit, row.digest, restored(row.at))


@dataclass(frozen=True, slots=True)
class Wish:
    """A repository that somebody would have from the upstream."""

    address: str
    account: str
    state: str
    tries: int
    said: str
    asked: datetime
    looked: datetime


def find_wish(connection: Connection, name: RepoName) -> Wish | None:
    row = connection.execute(select(wishes).where(wishes.c.address == name.address)).first()
    return None if row is None else _wish(row)


def _wish(row: Row[tuple[object, ...]]) -> Wish:
    return Wish(row.address, row.account, row.state, row.tries, row.said, restored(row.asked), restored(row.looked))


def list_wishes(connection: Connection) -> list[Wish]:
    """Those that are not fulfilled yet, or failed; the last first."""
    wanted = select(wishes).where(wishes.c.state != DONE).order_by(wishes.c.looked.desc(), wishes.c.address)
    return [_wish(row) for row in connection.execute(wanted)]


def fetching(connection: Connection) -> list[Wish]:
    return [_wish(row) for row in connection.execute(select(wishes).where(wishes.c.state == FETCHING))]


def wished_since(connection: Connection, account: str, at: datetime) -> int:
    """How many an account asked for."""
    mine = (wishes.c.account == account) & (wishes.c.asked > stored(at))
    return int(connection.execute(select(func.count()).where(mine)).scalar_one())


def begin_wish(connection: Connection, name: RepoName, account: str, at: datetime) -> Wish:
    """It is being fetched from now on, by one job more than before."""
    kept = find_wish(connection, name)
    tries = 1 if kept is None else kept.tries + 1
    values = {"account": account, "state": FETCHING, "tries": tries, "said": "", "looked": stored(at)}
    if kept is None:
        connection.execute(insert(wishes).values(address=name.address, asked=stored(at), **values))
    else:
        own = wishes.c.address == name.address
        connection.execute(update(wishes).where(own).values(asked=stored(at), **values))
    return Wish(name.address, account, FETCHING, tries, "", at, at)


def end_wish(connection: Connection, address: str, state: str, said: str, at: datetime) -> None:
    own = wishes.c.address == address
    connection.execute(update(wishes).where(own).values(state=state, said=said[:2_000], looked=stored(at)))


def forget_failed(connection: Connection, before: datetime) -> None:
    """So that names which nobody has do not pile up."""
    old = (wishes.c.state == FAILED) & (wishes.c.looked < stored(before))
    connection.execute(delete(wishes).where(old))


def look_again(connection: Connection, name: RepoName, at: datetime, span: timedelta) -> bool:
    """Whether the caller is the one who looks at the upstream now: one in each span, whichever process asks."""
    due = (wishes.c.address == name.address) & (wishes.c.state != FETCHING) & (wishes.c.looked <= stored(at - span))
    return bool(connection.execute(update(wishes).where(due).values(looked=stored(at))).rowcount)


def held_by(connection: Connection, owner: str) -> int:
    """Bytes that the repositories of an owner hold together."""
    joined = shelves.possessions.join(shelves.repos, shelves.possessions.c.repo == shelves.repos.c.id)
    total = select(func.coalesce(func.sum(shelves.possessions.c.size), 0)).select_from(joined)
    return int(connection.execute(total.where(shelves.repos.c.owner == owner)).scalar_one())


def is_local(connection: Connection, name: RepoName, upstream: str) -> bool:
    """Whether the name, or its namespace, is somebody's here: who has a token of this office, or repositories of its own."""
    folded, table = name.namespace.lower(), shelves.repos.c
    taken = alike(connection, name)
    if taken is not None and taken.owner != upstream:
        return True
    holders = select(schema.tokens.c.id).where(func.lower(schema.tokens.c.holder) == folded)
    owned = select(table.id).where(func.lower(table.owner) == folded)
    return any(connection.execute(one.limit(1)).first() is not None for one in (holders, owned))
