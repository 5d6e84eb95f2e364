"""Device login (RFC 8628): a device shows a code, a person who has a token types it, the device gets a token of its own."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer
from sqlalchemy import Connection, select

from brightline.assembly.hosting.people.admitting import SCOPES, Admitting
from brightline.assembly.hosting.sight.shelving import Shelving
from brightline.hub.host import Account, Document, Turned
from brightline.storage.accounts import links, tokens
from brightline.storage.accounts.approvals import approve, redeem
from brightline.storage.repositories.attributes import attributes_of, give_attributes
from brightline.storage.sql import schema
from brightline.storage.sql.database import restored, writing

LETTERS = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels, no words (RFC 8628, section 6.1)
LONG = 8
LASTING = timedelta(minutes=10)  # of a code
INTERVAL = 5  # seconds between two questions of a device
SESSION = timedelta(days=30)  # of a device's token, at the most
ASKED = 10_000  # devices whose last question is remembered


@dataclass
class Asked:
    """When each device asked last, in this process: what keeps it from asking all the time."""

    at: dict[str, datetime] = field(default_factory=dict)

    def too_soon(self, code: str, now: datetime) -> bool:
        last = self.at.pop(code, None)
        while len(self.at) >= ASKED:
            self.at.pop(next(iter(self.at)))
        self.at[code] = now
        return last is not None and (now - last).total_seconds() < INTERVAL - 2


class LettingIn(Admitting):
    """Nothing is kept of a device that asks: its code is signed, and says when it ends."""

    def __init__(self, shelving: Shelving) -> None:
        super().__init__(shelving)
        self._codes: URLSafeTimedSerializer | None = None
        self._asked = Asked()

    def device_codes(self) -> URLSafeTimedSerializer:
        if self._codes is None:
            with writing(self._office.engine) as connection:
                self._codes = URLSafeTimedSerializer(links.link_secret(connection), salt="device")
        return self._codes

    def device(self) -> Document:
        code = "".join(secrets.choice(LETTERS) for _ in range(LONG))
        return {
            "device_code": str(self.device_codes().dumps([code, secrets.token_hex(16)])),
            "user_code": f"{code[:4]}-{code[4:]}",
            "expires_in": int(LASTING.total_seconds()),
            "interval": INTERVAL,
        }

    def let_in(self, account: Account | None, code: str, *, yes: bool) -> None:
        """By whoever shows a token that is for the hub. Raises Turned."""
        if account is None:
            raise Turned(401, "Show a token of this office to let a device in.")
        letters = "".join(letter for letter in code.upper() if letter in LETTERS)
        if len(letters) != LONG or len(code) > 40:
            raise Turned(400, f"A code has {LONG} letters, as the device shows it.")
        token = account.token if yes else ""
        self._write(lambda connection: approve(connection, letters, token, self._office.clock(), LASTING))

    def device_token(self, device_code: str) -> Document:
        """The answer of RFC 8628: a token, once; or an `error` that says whether to ask again."""
        try:
            letters, _ = self.device_codes().loads(device_code, max_age=int(LASTING.total_seconds()))
        except SignatureExpired:
            return {"error": "expired_token"}
        except BadData:
            return {"error": "invalid_grant"}
        if self._asked.too_soon(device_code, self._office.clock()):
            return {"error": "slow_down"}
        return self._write(lambda connection: self._redeemed(connection, str(letters)))

    def _redeemed(self, connection: Connection, letters: str) -> Document:
        given, at = redeem(connection, letters), self._office.clock()
        if given is None or at - given.at > LASTING:
            return {"error": "authorization_pending"}
        if not given.token:
            return {"error": "access_denied"}
        return self._device_token(connection, given.token, at)

    def _device_token(self, connection: Connection, shown: str, at: datetime) -> Document:
        """It may do no more at the hub than the token that was shown, and ends no later, however that one ends.

        What the office says of that one's holder, it says of the device's: orders bar by it, and vettings name by it.
        """
        row = connection.execute(select(schema.tokens).where(schema.tokens.c.id == shown)).first()
        if row is None or not tokens.still_good(connection, shown, at):
            return {"error": "access_denied", "error_description": "The token that let this device in is good no more."}
        scopes = frozenset(row.scopes.split()) & SCOPES
        ends = at + SESSION if row.expires is None else min(at + SESSION, restored(row.expires))
        secret, made = tokens.create_token(connection, tokens.let_in_by(shown), row.holder, scopes, at, ends)
        give_attributes(connection, made.identity, attributes_of(connection, shown))
        left = int((ends - at).total_seconds())
        return {"access_token": secret, "token_type": "bearer", "expires_in": left, "scope": " ".join(sorted(scopes))}
