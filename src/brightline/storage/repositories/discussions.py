"""What people say about a repository, and what they propose to change in it."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    DateTime,
    Index,
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

from brightline.storage.repositories.shelf import Repo
from brightline.storage.sql.database import restored, stored
from brightline.storage.sql.shelves import METADATA

_LONG = BigInteger().with_variant(Integer, "sqlite")

discussions = Table(
    "discussions",
    METADATA,
    Column("repo", _LONG, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("title", String(400), nullable=False),
    Column("author", String(200), nullable=False),
    Column("status", String(10), nullable=False),  # draft, open, closed, merged
    Column("fork", String(32), nullable=False),  # the mark of where a proposal is kept; empty for a conversation
    Column("base", String(40), nullable=False),  # the revision that a proposal began with, as its fork has it
    Column("branch", String(200), nullable=False),  # that a proposal is for
    Column("merged", String(40), nullable=False),  # the commit that it became
    Column("at", DateTime(timezone=False), nullable=False),
    Index("discussions_by_author", "repo", "author"),
)

remarks = Table(
    "remarks",
    METADATA,
    Column("repo", _LONG, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("id", String(24), nullable=False),
    Column("kind", String(20), nullable=False),  # comment, status-change, title-change
    Column("author", String(200), nullable=False),
    Column("hidden", Boolean, nullable=False),
    Column("content", Text, nullable=False),  # JSON
    Column("at", DateTime(timezone=False), nullable=False),
)


@dataclass(frozen=True, slots=True)
class Discussion:
    """A conversation, or a proposal where it has a fork."""

    number: int
    title: str
    author: str
    status: str
    fork: str
    base: str
    branch: str
    merged: str
    at: datetime

    @property
    def pull(self) -> bool:
        return bool(self.fork)


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that was said or done. `content` is what its kind has: every wording of a comment, a status, two titles."""

    identity: str
    kind: str
    author: str
    hidden: bool
    content: Mapping[str, Any]
    at: datetime


def find_discussion(connection: Connection, repo: Repo, number: int) -> Discussion | None:
    table = discussions.c
    row = connection.execute(select(discussions).where(table.repo == repo.id, table.number == number)).first()
    return None if row is None else _discussion(row)


def list_discussions(connection: Connection, repo: Repo) -> list[Discussion]:
    """The newest first."""
    wanted = select(discussions).where(discussions.c.repo == repo.id)
    return [
        _discussion(row)
        for row in connection.execute(wanted.order_by(discussions.c.at.desc(), discussions.c.number.desc()))
    ]


def _discussion(row: Row[tuple[Any, ...]]) -> Discussion:
    return Discussion(
        row.number, row.title, row.author, row.status, row.fork, row.base, row.branch, row.merged, restored(row.at)
    )


def count_open(connection: Connection, repo: Repo, author: str) -> int:
    """What somebody began, and what is neither closed nor merged."""
    table = discussions.c
    wanted = select(func.count()).where(table.repo == repo.id, table.author == author)
    return int(connection.execute(wanted.where(table.status.in_(("open", "draft")))).scalar_one())


def add_discussion(connection: Connection, repo: Repo, made: Discussion) -> None:
    """The caller has seen that its number is free."""
    connection.execute(
        insert(discussions).values(
            repo=repo.id,
            number=made.number,
            title=made.title,
            author=made.author,
            status=made.status,
            fork=made.fork,
            base=made.base,
            branch=made.branch,
            merged=made.merged,
            at=stored(made.at),
        )
    )


def change_discussion(connection: Connection, repo: Repo, number: int, **values: object) -> None:
    """Columns of the table `discussions`."""
    own = (discussions.c.repo == repo.id) & (discussions.c.number == number)
    connection.execute(update(discussions).where(own).values(**values))


def remove_discussions(connection: Connection, repo: Repo, number: int | None = None) -> None:
    """One, or all of a repository."""
    for table in (discussions, remarks):
        wanted = delete(table).where(table.c.repo == repo.id)
        connection.execute(wanted if number is None else wanted.where(table.c.number == number))


def read_remarks(connection: Connection, repo: Repo, number: int) -> list[Remark]:
    """In the order in which they were made."""
    wanted = select(remarks).where(remarks.c.repo == repo.id, remarks.c.number == number)
    return [_remark(row) for row in connection.execute(wanted.order_by(remarks.c.position))]


def _remark(row: Row[tuple[Any, ...]]) -> Remark:
    return Remark(row.id, row.kind, row.author, row.hidden, json.loads(row.content), restored(row.at))


def add_remark(
    connection: Connection, repo: Repo, number: int, kind: str, author: str, content: Mapping[str, Any], at: datetime
) -> Remark:
    own = (remarks.c.repo == repo.id) & (remarks.c.number == number)
    position = connection.execute(select(func.coalesce(func.max(remarks.c.position), 0)).where(own)).scalar_one() + 1
    made = Remark(secrets.token_hex(12), kind, author, hidden=False, content=content, at=at)
    connection.execute(
        insert(remarks).values(
            repo=repo.id,
            number=number,
            position=position,
            id=made.identity,
            kind=kind,
            author=author,
            hidden=False,
            content=json.dumps(content),
            at=stored(at),
        )
    )
    return made


def change_remark(
    connection: Connection, repo: Repo, number: int, identity: str, content: Mapping[str, Any], *, hidden: bool
) -> None:
    own = (remarks.c.repo == repo.id) & (remarks.c.number == number) & (remarks.c.id == identity)
    connection.execute(update(remarks).where(own).values(content=json.dumps(content), hidden=hidden))


def free_number(connection: Connection, repo: Repo, *, inside: bool) -> int:
    """Of what the owner opens: the next one. Of what others open: one of many, so that a number tells of nothing hidden."""
    taken: Sequence[int] = (
        connection.execute(select(discussions.c.number).where(discussions.c.repo == repo.id)).scalars().all()
    )
    if inside:
        return max((number for number in taken if number < MANY), default=0) + 1
    while True:
        number = MANY + secrets.randbelow(9 * MANY)
        if number not in taken:
            return number


MANY = 100_000
