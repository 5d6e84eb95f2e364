"""Lists forget what they were told before they were asked as doors are: cards that are no documentation, cards that an order bars,
and repositories that were closed before they were ever open.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict

from alembic import op
from sqlalchemy import Connection, select, update

from brightline.release.card import Card
from brightline.release.component import Component
from brightline.storage.lists.catalogue import cards
from brightline.storage.repositories import listings
from brightline.storage.repositories.lending import loans
from brightline.storage.repositories.revealing import refresh
from brightline.storage.sql import schema, shelves

revision = "0012"
down_revision = "0011"
SOME = 500  # cards that are looked at together
ENDED = ("suspended", "withdrawn", "expired", "recalled")
EMPTY = json.dumps(asdict(Card()))


def upgrade() -> None:
    connection, repos = op.get_bind(), set[int]()
    commits, lent = shelves.commits.c, loans.c
    for listing in _misread(connection):
        connection.execute(update(cards).where(cards.c.listing == listing).values(content=EMPTY))
        repos |= set(connection.execute(select(commits.repo).where(commits.files == listing)).scalars())
    closed = select(schema.cases.c.manifest).where(schema.cases.c.state.in_(ENDED))
    ordered = select(schema.orders.c.manifest).where(schema.orders.c.lifted.is_(None))
    for wanted in (
        select(commits.repo).where(commits.manifest.in_(closed.union(ordered))),
        select(lent.repo).where(lent.manifest.in_(ordered)),
    ):
        repos |= set(connection.execute(wanted.distinct()).scalars())
    refresh(connection, sorted(repos))


def downgrade() -> None:
    """What lists do not show any more, nobody misses."""


def _misread(connection: Connection) -> Iterator[str]:
    """Listings whose card says something, and is no documentation."""
    last, kept = 0, select(cards).join(shelves.listings, shelves.listings.c.sha256 == cards.c.listing)
    while rows := connection.execute(kept.where(cards.c.id > last).order_by(cards.c.id).limit(SOME)).all():
        for row in rows:
            if row.content != EMPTY and not _documents(connection, row.listing):
                yield row.listing
        last = rows[-1].id


def _documents(connection: Connection, listing: str) -> bool:
    files = listings.read_listing(connection, listing)
    return any(one.stored.path == "README.md" and one.component is Component.DOCUMENTATION for one in files)
