"""Bytes that a repository has without having been sent them: from whom, so that what befalls them there is felt here."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Connection, Integer, String, Table, delete, insert, select, update

from brightline.storage.repositories.shelf import Repo
from brightline.storage.sql.shelves import METADATA

_LONG = BigInteger().with_variant(Integer, "sqlite")

loans = Table(
    "loans",
    METADATA,
    Column("repo", _LONG, primary_key=True, autoincrement=False),
    Column("files", String(64), primary_key=True),  # a listing
    Column("manifest", String(71), primary_key=True),
    Column("owner", String(200), nullable=False),
    Column("source", String(32), nullable=False),  # the mark of the repository, or empty
)


@dataclass(frozen=True, slots=True)
class Loan:
    """The files of a listing, out of a release of `owner`. `source` is the repository itself; empty where it lent them on."""

    files: str
    manifest: str
    owner: str
    source: str


def lend(connection: Connection, repo: Repo, given: Iterable[Loan]) -> None:
    """Once; the same loan twice is one. What was lent on, and comes from its source as well, is asked for there."""
    known = {(one.files, one.manifest): one.source for one in loans_of(connection, repo)}
    for one in given:
        key, row = (one.files, one.manifest), {"owner": one.owner, "source": one.source}
        if key not in known:
            connection.execute(insert(loans).values(repo=repo.id, files=one.files, manifest=one.manifest, **row))
        elif one.source and not known[key]:
            own = (loans.c.repo == repo.id) & (loans.c.files == one.files) & (loans.c.manifest == one.manifest)
            connection.execute(update(loans).where(own).values(**row))
        known[key] = known.get(key) or one.source


def loans_of(connection: Connection, repo: Repo) -> list[Loan]:
    rows = connection.execute(select(loans).where(loans.c.repo == repo.id).order_by(loans.c.files, loans.c.manifest))
    return [Loan(row.files, row.manifest, row.owner, row.source) for row in rows]


def give_back(connection: Connection, repo: Repo) -> None:
    """Of a repository that goes."""
    connection.execute(delete(loans).where(loans.c.repo == repo.id))
