"""Bearer tokens: named, scoped, expiring. Only the sha256 of the secret is kept."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, insert, select, update

from brightline.storage.sql import schema
from brightline.storage.sql.database import restored, stored

PREFIX = "bl_"  # so that a secret scanner knows one when it sees it
SCOPES = {
    "cases:read": "read cases, their reports and progress",
    "cases:file": "file releases, and act as their applicant: answer, respond, withdraw, appeal",
    "cases:review": "act as an officer: accept, stop the clock, draft, decide, publish, suspend, recall",
    "cases:examine": "start, follow and cancel examinations",
    "cases:sign": "read what is to be signed, and vote with a signature made elsewhere",
    "cases:appeals": "rule on appeals",
    "orders:write": "issue and lift orders",
    "exposure:read": "read who obtained which bytes",
    "tokens:write": "make, list and revoke tokens",
    "metrics:read": "read the metrics",
    "hub:read": "be known by name at the hub: what is gated or vetted can be had then",
    "hub:write": "make repositories of its own name at the hub, and push to them",
}


@dataclass(frozen=True, slots=True)
class Token:
    """`holder` is whom it speaks for: an applicant, or a holder of the charter."""

    identity: str
    name: str
    holder: str
    scopes: frozenset[str]
    created: datetime
    expires: datetime | None
    revoked: datetime | None

    def good(self, at: datetime) -> bool:
        return self.revoked is None and (self.expires is None or at < self.expires)


def create_token(
    connection: Connection, name: str, holder: str, scopes: frozenset[str], at: datetime, expires: datetime | None
) -> tuple[str, Token]:
    """The secret, which is shown once, and the token."""
    secret = PREFIX + secrets.token_urlsafe(32)
    token = Token(secrets.token_hex(4), name, holder, scopes, at, expires, None)
    connection.execute(
        insert(schema.tokens).values(
            id=token.identity,
            name=name,
            holder=holder,
            scopes=" ".join(sorted(scopes)),
            digest=_digest(secret),
            created=stored(at),
            expires=None if expires is None else stored(expires),
        )
    )
    return secret, token


def let_in_by(identity: str) -> str:
    """The name of a device's token: by it the token that let it in is known."""
    return f"device of {identity}"


def find_token(connection: Connection, secret: str, at: datetime) -> Token | None:
    """The token of a secret, where it is good."""
    row = connection.execute(select(schema.tokens).where(schema.tokens.c.digest == _digest(secret))).first()
    token = None if row is None else _token(row)
    return token if token is not None and token.good(at) else None


def list_tokens(connection: Connection) -> list[Token]:
    return [_token(row) for row in connection.execute(select(schema.tokens).order_by(schema.tokens.c.created))]


def revoke_token(connection: Connection, identity: str, at: datetime) -> bool:
    """Whether there was one to revoke. The devices that it let in go with it."""
    table = schema.tokens.c
    for one in connection.execute(select(table.id).where(table.name == let_in_by(identity))).scalars().all():
        revoke_token(connection, one, at)
    done = connection.execute(
        update(schema.tokens).where(table.id == identity, table.revoked.is_(None)).values(revoked=stored(at))
    )
    return bool(done.rowcount)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8")).hexdigest()


def _token(row: Row[tuple[object, ...]]) -> Token:
    return Token(
        row.id,
        row.name,
        row.holder,
        frozenset(row.scopes.split()),
        restored(row.created),
        None if row.expires is None else restored(row.expires),
        None if row.revoked is None else restored(row.revoked),
    )


def still_good(connection: Connection, identity: str, at: datetime) -> bool:
    row = connection.execute(select(schema.tokens).where(schema.tokens.c.id == identity)).first()
    return row is not None and _token(row).good(at)
