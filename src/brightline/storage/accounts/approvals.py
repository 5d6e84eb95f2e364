"""Devices that somebody let in by showing a token: kept for minutes, good once."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, DateTime, String, Table, delete, insert, select

from brightline.storage.sql.database import restored, stored
from brightline.storage.sql.shelves import METADATA

approvals = Table(
    "approvals",
    METADATA,
    Column("code", String(64), primary_key=True),  # sha256 of the code that a person typed
    Column("token", String(16), nullable=False),  # the one that was shown; empty where the person said no
    Column("at", DateTime(timezone=False), nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class Approval:
    """`token` is empty where the device was turned away."""

    token: str
    at: datetime


def approve(connection: Connection, code: str, token: str, at: datetime, lasting: timedelta) -> None:
    """A later word takes the place of the earlier; what has lasted long enough goes."""
    own = approvals.c.code == _digest(code)
    connection.execute(delete(approvals).where(own | (approvals.c.at < stored(at - lasting))))
    connection.execute(insert(approvals).values(code=_digest(code), token=token, at=stored(at)))


def redeem(connection: Connection, code: str) -> Approval | None:
    """Takes it away: a second time there is none."""
    own = approvals.c.code == _digest(code)
    row = connection.execute(select(approvals).where(own)).first()
    if row is None or not connection.execute(delete(approvals).where(own)).rowcount:
        return None
    return Approval(row.token, restored(row.at))


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8")).hexdigest()
