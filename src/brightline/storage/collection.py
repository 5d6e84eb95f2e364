"""What nothing names any more: found in the tables, and removed within transactions that no writer shares."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select

from brightline.storage.lists.catalogue import cards
from brightline.storage.repositories.lending import loans
from brightline.storage.repositories.listings import read_listing
from brightline.storage.repositories.shelf import Repo
from brightline.storage.sql import schema, shelves
from brightline.storage.sql.database import stored

SOME = 400  # names that one statement asks about
Gone = tuple[int, str]
"""A repository, and what of it was or would be dropped."""


def batches(names: Sequence[str], length: int = SOME) -> Iterator[Sequence[str]]:
    return (names[at : at + length] for at in range(0, len(names), length))


def every_repo(connection: Connection) -> list[str]:
    """Marks."""
    return list(connection.execute(select(shelves.repos.c.mark).order_by(shelves.repos.c.id)).scalars())


def reached(connection: Connection, repo: Repo, refs: Iterable[str], since: datetime) -> dict[str, str]:
    """With their listings: the commits that these ones grew out of, and themselves; and so for all that came since then."""
    table = shelves.commits.c
    rows = connection.execute(select(table.oid, table.parent, table.files, table.at).where(table.repo == repo.id)).all()
    known, found = {row.oid: row for row in rows}, dict[str, str]()
    waiting = [*refs, *(row.oid for row in rows if row.at >= stored(since))]
    while waiting:
        row = known.get(waiting.pop())
        if row is not None and row.oid not in found:
            found[row.oid] = row.files
            waiting += [row.parent] if row.parent is not None else []
    return found


def drop_commits(connection: Connection, repo: Repo, live: Collection[str]) -> int:
    table = shelves.commits
    own = connection.execute(select(table.c.oid).where(table.c.repo == repo.id)).scalars()
    gone = [oid for oid in own if oid not in live]
    for some in batches(gone):
        connection.execute(delete(table).where(table.c.repo == repo.id, table.c.oid.in_(some)))
    return len(gone)


def drop_possessions(connection: Connection, repo: Repo, live: Collection[str], since: datetime) -> list[str]:
    """Those of files that no live listing has, and that nobody is about to need."""
    table = shelves.possessions
    rows = connection.execute(select(table.c.sha256).where(table.c.repo == repo.id)).scalars()
    dropped: list[str] = []
    for some in batches([sha256 for sha256 in rows if sha256 not in live]):
        idle = sorted(set(some) - expected(connection, some, since))
        connection.execute(delete(table).where(table.c.repo == repo.id, table.c.sha256.in_(idle)))
        dropped += idle
    return dropped


def expected(connection: Connection, names: Iterable[str], since: datetime) -> set[str]:
    """Those that somebody said, since then, to be about to need."""
    table = shelves.arrivals.c
    wanted = select(table.name).where(table.name.in_(list(names)), table.at >= stored(since))
    return set(connection.execute(wanted).scalars())


def idle_blobs(connection: Connection, digests: Collection[str], since: datetime, gone: Collection[Gone]) -> set[str]:
    """Those that no case, no repository and no arrival names; possessions that are `gone` name nothing."""
    filed, owned = schema.files.c.sha256, shelves.possessions.c
    named = expected(connection, digests, since)
    named |= set(connection.execute(select(filed).where(filed.in_(list(digests)))).scalars())
    rows = connection.execute(select(owned.repo, owned.sha256).where(owned.sha256.in_(list(digests))))
    return set(digests) - named - {row.sha256 for row in rows if (row.repo, row.sha256) not in gone}


def idle_parcels(connection: Connection, names: Collection[str], since: datetime, gone: Collection[Gone]) -> set[str]:
    """Those that no xorb lies in; xorbs that are `gone` name nothing."""
    table = shelves.xorbs.c
    rows = connection.execute(select(table.repo, table.hash, table.place).where(table.place.in_(list(names))))
    named = {row.place for row in rows if (row.repo, row.hash) not in gone}
    return set(names) - named - expected(connection, names, since)


def old_xorbs(connection: Connection, repo: Repo, before: datetime) -> list[str]:
    table = shelves.xorbs.c
    wanted = select(table.hash).where(table.repo == repo.id, table.at < stored(before))
    return list(connection.execute(wanted).scalars())


def idle_listings(connection: Connection, among: Collection[str] | None = None) -> set[str]:
    """Those that no commit has, and none who lent files by them; asked again, before they are removed, of a few."""
    table = shelves.listings.c.sha256
    idle = set(connection.execute(select(table)).scalars()) if among is None else set(among)
    for named in (shelves.commits.c.files, loans.c.files):
        some = select(named) if among is None else select(named).where(named.in_(list(among)))
        idle -= set(connection.execute(some).scalars())
    return idle


def drop_listings(connection: Connection, digests: Collection[str]) -> int:
    idle = idle_listings(connection, digests)
    connection.execute(delete(shelves.listings).where(shelves.listings.c.sha256.in_(idle)))
    connection.execute(delete(shelves.folders).where(shelves.folders.c.listing.in_(idle)))
    connection.execute(delete(cards).where(cards.c.listing.in_(idle)))  # what lists showed of them
    return len(idle)


def drop_arrivals(connection: Connection, before: datetime) -> None:
    connection.execute(delete(shelves.arrivals).where(shelves.arrivals.c.at < stored(before)))


def listed(connection: Connection, digests: Iterable[str]) -> Iterator[str]:
    """The sha256 of every file of these listings."""
    return (filed.stored.sha256 for digest in set(digests) for filed in read_listing(connection, digest))
