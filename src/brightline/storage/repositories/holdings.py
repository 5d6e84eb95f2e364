"""What was sent into a repository: files, by their sha256, and xorbs that files are made of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from brightline.release.attributes import OFFICES
from brightline.storage.repositories.shelf import Repo
from brightline.storage.sql import shelves
from brightline.storage.sql.database import restored, stored


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
