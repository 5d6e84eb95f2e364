"""What lies here because an account sent it: charged before it is kept, and until it has been collected.

A charge is for a blob, by its sha256; for a parcel, by its name; or for a part, KEY/NUMBER. The same bytes are charged to an account
once, however many of its repositories have them; what was lent is charged to whoever sent it, as long as that account needs it.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    Integer,
    String,
    Table,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    tuple_,
    union,
    update,
)

from brightline.release.attributes import OFFICES
from brightline.storage.sql import schema, shelves
from brightline.storage.sql.database import stored

SOME = 400  # names that one statement asks about
OPEN = -1  # an exception without a limit

charges = Table(
    "charges",
    shelves.METADATA,
    Column("name", String(64), primary_key=True),
    Column("account", String(200), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("at", DateTime(timezone=False), nullable=False),
)

allowances = Table(
    "allowances",
    shelves.METADATA,
    Column("account", String(200), primary_key=True),
    Column("used", BigInteger, nullable=False),  # all its charges together
    Column("bytes", BigInteger),  # that it may have, where the office says something else than its settings do
    Column("repositories", Integer),
)

Spent = Mapping[str, Mapping[str, int]]
"""By the sha256 of a file: parcels or parts, and the bytes of each that became that file."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What an account uses; and what it may, where that is an exception (None: it is none; OPEN: without a limit)."""

    used: int = 0
    bytes: int | None = None
    repositories: int | None = None


def allowance_of(connection: Connection, account: str) -> Allowance:
    row = connection.execute(select(allowances).where(allowances.c.account == account)).first()
    return Allowance() if row is None else Allowance(row.used, row.bytes, row.repositories)


def all_accounts(connection: Connection) -> list[str]:
    """Those that use something, or that the office made an exception for."""
    return list(connection.execute(select(allowances.c.account).order_by(allowances.c.account)).scalars())


def except_account(connection: Connection, account: str, limits: Mapping[str, int | None]) -> None:
    """`bytes`, `repositories`: from now on."""
    _add(connection, account, 0)
    connection.execute(update(allowances).where(allowances.c.account == account).values(dict(limits)))


def charge(
    connection: Connection, account: str, sizes: Mapping[str, int], at: datetime, spent: Spent | None = None
) -> int:
    """What they are more than is charged already; what they were made of is not counted beside them. How much more it is."""
    more = due(connection, account, sizes)
    if not more:
        return 0
    for some in _batches([name for name in more if more[name] < sizes[name]]):
        connection.execute(delete(charges).where(charges.c.account == account, charges.c.name.in_(some)))
    rows = [{"name": one, "account": account, "size": sizes[one], "at": stored(at)} for one in more]
    connection.execute(insert(charges), rows)
    _add(connection, account, sum(more.values()))
    used = Counter[str]()
    for name in more if spent else ():
        used.update((spent or {}).get(name, {}))
    return sum(more.values()) - release(connection, account, used)


def due(connection: Connection, account: str, sizes: Mapping[str, int]) -> dict[str, int]:
    """Those that are not charged yet, or as less than they are, by how much: what was only announced may turn out larger."""
    known = charged(connection, account, list(sizes))
    return {
        name: size - known.get(name, 0)
        for name, size in sizes.items()
        if name != OFFICES and known.get(name, -1) < size
    }


def charged(connection: Connection, account: str, names: Sequence[str]) -> dict[str, int]:
    """Those that are, with their sizes."""
    found = dict[str, int]()
    for some in _batches(names):
        own = (charges.c.account == account) & charges.c.name.in_(some)
        found |= {row.name: row.size for row in connection.execute(select(charges).where(own))}
    return found


def release(connection: Connection, account: str, parts: Mapping[str, int]) -> int:
    """So many bytes of parcels and parts are charged no more. How much less it is."""
    gone = 0
    for name, size in charged(connection, account, list(parts)).items():
        own, taken = (charges.c.account == account) & (charges.c.name == name), min(size, parts[name])
        if taken == size:
            connection.execute(delete(charges).where(own))
        else:
            connection.execute(update(charges).where(own).values(size=size - taken))
        gone += taken
    _add(connection, account, -gone)
    return gone


def _add(connection: Connection, account: str, size: int) -> None:
    """To what it uses."""
    grown = update(allowances).where(allowances.c.account == account).values(used=allowances.c.used + size)
    if not connection.execute(grown).rowcount:
        connection.execute(insert(allowances).values(account=account, used=size))


def _batches(names: Sequence[str]) -> Iterator[Sequence[str]]:
    return (names[at : at + SOME] for at in range(0, len(names), SOME))


Charge = tuple[str, str]
"""Name and account."""


def old_charges(connection: Connection, after: Charge | None, before: datetime) -> list[Charge]:
    """The next ones that were made before a moment, in their order."""
    wanted = select(charges.c.name, charges.c.account).where(charges.c.at < stored(before))
    if after is not None:
        wanted = wanted.where(tuple_(charges.c.name, charges.c.account) > after)
    rows = connection.execute(wanted.order_by(charges.c.name, charges.c.account).limit(SOME))
    return [(row.name, row.account) for row in rows]


def settle(connection: Connection, some: Collection[Charge], since: datetime, swept: datetime) -> int:
    """End the charges of what an account needs no more, and pass them on to those who have the bytes besides. How many ended.

    Parts are swept by their age; everything else is needed by a repository, a case, a xorb, or was expected since.
    """
    names = sorted({name for name, _ in some})
    holders = _holders(connection, names)
    kept = _kept(connection, names, since)
    rows = connection.execute(select(charges).where(charges.c.name.in_(names))).all()
    ended = [
        row
        for row in rows
        if (row.name, row.account) in some
        and (
            row.at < stored(swept)
            if "/" in row.name
            else (row.name, row.account) not in holders and row.name not in kept
        )
    ]
    for row in ended:
        connection.execute(delete(charges).where(charges.c.name == row.name, charges.c.account == row.account))
        _add(connection, row.account, -row.size)
    for row in rows:
        spare = row.size - holders.get((row.name, row.account), row.size)
        if spare > 0:  # it was announced as larger than what came
            release(connection, row.account, {row.name: spare})
    left = {row.name for row in rows} - {row.name for row in rows if row not in ended}
    for (name, account), size in holders.items():
        if name in left:
            charge(connection, account, {name: size}, since)
    return len(ended)


def _holders(connection: Connection, names: Sequence[str]) -> dict[Charge, int]:
    """Who has blobs in a repository, or in a release that was filed; and how large they are."""
    repos, owned, filed = shelves.repos.c, shelves.possessions.c, schema.files.c
    having = select(owned.sha256, repos.owner.label("account"), owned.size).where(
        owned.sha256.in_(names), repos.id == owned.repo
    )
    filing = select(filed.sha256, schema.cases.c.applicant, filed.size).where(
        filed.sha256.in_(names), schema.cases.c.manifest == filed.manifest
    )
    return {(row.sha256, row.account): row.size for row in connection.execute(union(having, filing))}


def _kept(connection: Connection, names: Sequence[str], since: datetime) -> set[str]:
    """What somebody is about to need, and parcels that a xorb lies in."""
    expected, xorbs = shelves.arrivals.c, shelves.xorbs.c
    young = select(expected.name).where(expected.name.in_(names), expected.at >= stored(since))
    return set(connection.execute(union(young, select(xorbs.place).where(xorbs.place.in_(names)))).scalars())


@dataclass(frozen=True, slots=True)
class Use:
    """Of what an account uses: in its repositories; of releases on file that no repository of it has; the rest."""

    repositories: int
    filed: int
    waiting: int


def use_of(connection: Connection, account: str) -> Use:
    """Asks about every charge of the account: for people, and not for each push."""
    repos, owned, filed = shelves.repos.c, shelves.possessions.c, schema.files.c
    mine = select(repos.id).where(repos.owner == account)
    having = select(owned.sha256).where(owned.sha256 == charges.c.name, owned.repo.in_(mine)).exists()
    applied = and_(schema.cases.c.manifest == filed.manifest, schema.cases.c.applicant == account)
    filing = select(filed.sha256).where(filed.sha256 == charges.c.name, applied).exists()
    total = select(func.coalesce(func.sum(charges.c.size), 0)).where(charges.c.account == account)
    every, held, either = (
        int(connection.execute(one).scalar_one())
        for one in (total, total.where(having), total.where(or_(having, filing)))
    )
    return Use(held, either - held, every - either)


def count_repositories(connection: Connection, account: str) -> int:
    """Of its name; proposals lie in forks, which are none."""
    repos = shelves.repos.c
    own = (repos.owner == account) & (repos.namespace == account) & (repos.kind.in_(("model", "dataset", "space")))
    return int(connection.execute(select(func.count()).where(own)).scalar_one())
