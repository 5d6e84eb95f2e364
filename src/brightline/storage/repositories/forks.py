"""Forks: where the proposals of one account to one repository are kept. Nobody names them, and no list has them."""

import hashlib
import secrets
from datetime import datetime

from sqlalchemy import Connection, insert, select

from brightline.storage.repositories import shelf
from brightline.storage.repositories.shelf import FORK, Repo
from brightline.storage.sql import shelves
from brightline.storage.sql.database import stored

PROPOSED = "refs/heads/pr/"  # in a fork: the branch of each proposal


def find_fork(connection: Connection, repo: Repo, account: str) -> Repo | None:
    table = shelves.repos.c
    wanted = (table.kind == FORK) & (table.namespace == _namespace(repo)) & (table.name == _name(account))
    mark = connection.execute(select(table.mark).where(wanted)).scalar()
    return None if mark is None else shelf.find_incarnation(connection, mark)


def own_fork(connection: Connection, repo: Repo, account: str, at: datetime) -> Repo:
    """Made when it is first needed."""
    kept = find_fork(connection, repo, account)
    if kept is not None:
        return kept
    mark = secrets.token_hex(16)
    connection.execute(
        insert(shelves.repos).values(
            mark=mark,
            kind=FORK,
            namespace=_namespace(repo),
            name=_name(account),
            owner=account,
            private=True,
            gated="",
            sdk="",
            downloads=0,
            created=stored(at),
            moved=stored(at),
        )
    )
    made = shelf.find_incarnation(connection, mark)
    if made is None:
        raise LookupError("the fork that was made is gone")
    return made


def forks_of(connection: Connection, repo: Repo) -> list[Repo]:
    table = shelves.repos.c
    marks = connection.execute(select(table.mark).where(table.kind == FORK, table.namespace == _namespace(repo)))
    return [one for mark in marks.scalars() if (one := shelf.find_incarnation(connection, mark)) is not None]


def holding(connection: Connection, repo: Repo, oid: str) -> list[Repo]:
    """The forks of a repository that have a commit."""
    table, own = shelves.repos.c, shelves.commits.c
    joined = shelves.repos.join(shelves.commits, table.id == own.repo)
    wanted = select(table.mark).select_from(joined).where(table.kind == FORK, table.namespace == _namespace(repo))
    marks = connection.execute(wanted.where(own.oid == oid).order_by(table.id)).scalars()
    return [one for mark in marks if (one := shelf.find_incarnation(connection, mark)) is not None]


def _namespace(repo: Repo) -> str:
    return f"~{repo.id}"


def _name(account: str) -> str:
    """Accounts have letters that names have not."""
    return hashlib.sha256(account.encode("utf-8")).hexdigest()
