"""What the office says of a token's holder (its organisation, its country), and which organisations it named for study."""

import re
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import BigInteger, Column, Connection, DateTime, Integer, String, Table, delete, insert, select

from brightline.storage.repositories.shelf import Repo
from brightline.storage.sql import shelves
from brightline.storage.sql.database import stored

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
VALUE = 200  # characters
ACCOUNT, ORGANISATION = "account", "organisation"

attributes = Table(
    "attributes",
    shelves.METADATA,
    Column("token", String(16), primary_key=True),
    Column("name", String(40), primary_key=True),
    Column("value", String(VALUE), nullable=False),
)

vettings = Table(  # of organisations; people are named in `requests`
    "vettings",
    shelves.METADATA,
    Column("repo", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("organisation", String(VALUE), primary_key=True),
    Column("until", DateTime(timezone=False), nullable=False),
)


def read_attribute(text: str) -> tuple[str, str]:
    """`organisation=ORG`. Raises ValueError."""
    name, equals, value = text.partition("=")
    if not equals or NAME.fullmatch(name) is None or name == ACCOUNT:
        raise ValueError(f"{text[:60]!r} is no attribute; write organisation=ORG, country=DE; {ACCOUNT} is the holder")
    if not 0 < len(value.strip()) <= VALUE or not value.isprintable() or '"' in value:
        raise ValueError(f"{name}: a value has 1 to {VALUE} printable letters, and no quotation mark")
    return name, value.strip()


def give_attributes(connection: Connection, token: str, given: Mapping[str, str]) -> None:
    rows = [{"token": token, "name": name, "value": value} for name, value in given.items()]
    if rows:
        connection.execute(insert(attributes), rows)


def attributes_of(connection: Connection, token: str) -> dict[str, str]:
    rows = connection.execute(select(attributes).where(attributes.c.token == token).order_by(attributes.c.name))
    return {row.name: row.value for row in rows}


def vet_organisation(connection: Connection, repo: Repo, organisation: str, until: datetime) -> None:
    """A later word takes the place of the earlier."""
    own = (vettings.c.repo == repo.id) & (vettings.c.organisation == organisation)
    connection.execute(delete(vettings).where(own))
    connection.execute(insert(vettings).values(repo=repo.id, organisation=organisation, until=stored(until)))


def forget_organisations(connection: Connection, repo: Repo) -> None:
    """Of a repository that goes."""
    connection.execute(delete(vettings).where(vettings.c.repo == repo.id))


def vetted_repos(connection: Connection, organisation: str | None, at: datetime) -> list[int]:
    """Those for which an organisation is named at a moment. There are few rows, each of which somebody wrote by hand."""
    if organisation is None:
        return []
    own = (vettings.c.organisation == organisation) & (vettings.c.until > stored(at))
    return list(connection.execute(select(vettings.c.repo).where(own)).scalars())
