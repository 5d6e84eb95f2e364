"""The catalogue that lists are answered from, filled with the repositories that are there."""

import json
from collections.abc import Iterator

import sqlalchemy
from alembic import op
from sqlalchemy import Connection, inspect, select, text

from brightline.release.card import Card
from brightline.storage import migrations
from brightline.storage.lists import catalogue
from brightline.storage.lists.catalogue import PLACES, TABLES
from brightline.storage.repositories import listings
from brightline.storage.repositories.revealing import Records, refresh
from brightline.storage.sql import shelves
from brightline.storage.sql.database import Unopened

revision = "0003"
down_revision = "0002"
SOME = 500  # repositories that are looked at together


def upgrade() -> None:
    connection = op.get_bind()
    shelves.METADATA.create_all(connection, tables=list(TABLES))
    op.create_index("requests_of_account", "requests", ["account"], if_not_exists=True)
    _index_names(connection)
    if any(column["name"] == "tags" for column in inspect(connection).get_columns("repos")):
        _keep_cards(connection)
        op.drop_column("repos", "tags")
    records = Records(connection)
    for some in _repos(connection):
        refresh(connection, some, records)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for place in PLACES:
            op.execute(f"DROP TABLE found_{place}")
    shelves.METADATA.drop_all(op.get_bind(), tables=list(TABLES))


def _index_names(connection: Connection) -> None:
    """Trigrams of the names of each place. Raises Unopened where the server cannot."""
    if connection.dialect.name == "sqlite":
        for place in PLACES:
            op.execute(
                f"CREATE VIRTUAL TABLE found_{place} USING fts5(words, content='', columnsize=0, tokenize='trigram')"
            )
        return
    try:
        with connection.begin_nested():
            op.execute(f"CREATE EXTENSION IF NOT EXISTS {migrations.TRIGRAMS}")
    except sqlalchemy.exc.DBAPIError as trouble:
        raise Unopened(
            "the hub's lists need PostgreSQL's extension pg_trgm, which cannot be made here "
            f"({str(trouble.orig).splitlines()[0]}). Install the server's contrib package, and let an administrator say "
            "CREATE EXTENSION pg_trgm in this database."
        ) from None
    for place in PLACES:
        op.execute(f"CREATE INDEX found_{place} ON shown USING gin (words gin_trgm_ops, labels) WHERE place = {place}")


def _keep_cards(connection: Connection) -> None:
    """Until now a repository had the tags of the newest commit of main. Its other commits with the same README have them too:
    what strangers see is often an earlier one.
    """
    wanted = text(
        "SELECT repos.id, repos.tags, commits.files FROM repos, refs, commits WHERE refs.repo = repos.id AND "
        "commits.repo = repos.id AND refs.name = 'refs/heads/main' AND commits.oid = refs.oid AND repos.id > :last "
        "ORDER BY repos.id LIMIT :some"
    )
    last = 0
    while rows := connection.execute(wanted, {"last": last, "some": SOME}).all():
        for row in rows:
            card = Card(tags=tuple(json.loads(row.tags)))
            for listing in _alike(connection, row.id, row.files) if card.tags else ():
                catalogue.keep_card(connection, listing, card)
        last = rows[-1].id


def _alike(connection: Connection, repo: int, newest: str) -> list[str]:
    """The listings of a repository's commits whose README is the newest one's."""
    own = shelves.commits.c
    listings = connection.execute(select(own.files).where(own.repo == repo).distinct()).scalars().all()
    due = _readme(connection, newest)
    return [newest, *(one for one in listings if one != newest and due and _readme(connection, one) == due)]


def _readme(connection: Connection, listing: str) -> str | None:
    files = listings.read_listing(connection, listing)
    return next((one.stored.sha256 for one in files if one.stored.path == "README.md"), None)


def _repos(connection: Connection) -> Iterator[list[int]]:
    table, last = shelves.repos.c, 0
    while some := list(
        connection.execute(select(table.id).where(table.id > last).order_by(table.id).limit(SOME)).scalars()
    ):
        yield some
        last = some[-1]
