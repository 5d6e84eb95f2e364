"""Who asked for access to a repository's gated components, and what became of it."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from brightline.storage.repositories.shelf import Repo
from brightline.storage.sql import shelves
from brightline.storage.sql.database import restored, stored

STATES = ("pending", "accepted", "rejected")
UNASKED = ""  # the office named it for study, which is no request and nothing that the owner is told of


@dataclass(frozen=True, slots=True)
class Request:
    """`vetted_until`: named by the office for study of vetted components, until then."""

    identity: str
    account: str
    status: str
    contact: str
    reason: str
    at: datetime


def requests_of(connection: Connection, repo: Repo, status: str) -> list[Request]:
    table = shelves.requests
    wanted = select(table).where(table.c.repo == repo.id, table.c.status == status).order_by(table.c.at, table.c.id)
    return [
        Request(row.id, row.account, row.status, row.contact, row.reason, restored(row.at))
        for row in connection.execute(wanted)
    ]


def set_request(connection: Connection, repo: Repo, account: str, status: str, at: datetime, **values: object) -> None:
    """One a repository and account: a later word takes the place of the earlier."""
    table = shelves.requests
    own = (table.c.repo == repo.id) & (table.c.account == account)
    if connection.execute(update(table).where(own).values(status=status, **values)).rowcount:
        return
    given = {"contact": "", "reason": "", "granted": False, "vetted_until": None, **values}
    connection.execute(
        insert(table).values(
            id=secrets.token_hex(8), repo=repo.id, account=account, status=status, at=stored(at), **given
        )
    )


def account_of(connection: Connection, repo: Repo, identity: str) -> str | None:
    """Whose request this is."""
    table = shelves.requests.c
    return connection.execute(select(table.account).where(table.repo == repo.id, table.id == identity)).scalar()


def is_granted(connection: Connection, repo: Repo, account: str) -> bool:
    """By the owner; accepted by itself is less."""
    table = shelves.requests.c
    mine = (table.repo == repo.id) & (table.account == account) & (table.status == "accepted") & table.granted
    return connection.execute(select(table.id).where(mine)).first() is not None


def status_of(connection: Connection, repo: Repo, account: str) -> str | None:
    """None where it never asked."""
    table = shelves.requests.c
    wanted = select(table.status).where(table.repo == repo.id, table.account == account)
    return connection.execute(wanted).scalar() or None
