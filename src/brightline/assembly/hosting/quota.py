"""What an account may have at the hub, and how somebody is told that it is too much.

What is held is charged before it is kept, in a transaction that no other writer shares: it is never more than what is allowed. Before
bytes are read it is asked whether they would fit; of several that come at once each may, and then those that do not are dropped.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from brightline.assembly.office import Office
from brightline.hub.host import FULL, Document, Turned
from brightline.storage.accounts import charges
from brightline.storage.accounts.charges import OPEN, Spent
from brightline.storage.sql.database import writing

GIGABYTE = 1_000_000_000
UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


@dataclass(frozen=True, slots=True)
class Allowed:
    """None: as much as there is room for."""

    used: int
    bytes: int | None
    repositories: int | None


class Exceeded(Turned):
    """More than the account may have."""


class Quota:
    """Of one office."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def allowed(self, connection: Connection, account: str) -> Allowed:
        """The exception that the office made, else what office.toml says. What is fetched from upstream has its bound there."""
        known, settings = charges.allowance_of(connection, account), self._office.settings
        size, count = settings.quota.bytes, settings.quota.repositories
        if settings.upstream is not None and settings.upstream.owner == account:
            size, count = int(settings.upstream.total * GIGABYTE), None
        return Allowed(known.used, _either(known.bytes, size), _either(known.repositories, count))

    def room(self, connection: Connection, account: str, size: int) -> None:
        """Raises Exceeded where so many bytes more are too many."""
        refusal = self.refusal(connection, account, size)
        if refusal is not None:
            raise refusal

    def refusal(self, connection: Connection, account: str, size: int, beside: int = 0) -> Exceeded | None:
        """Where so many bytes are too many, beside others that are expected."""
        allowed = self.allowed(connection, account)
        if allowed.bytes is None or size <= 0 or allowed.used + beside + size <= allowed.bytes:
            return None
        return self._full(account, allowed, beside + size)

    def charge(
        self, connection: Connection, account: str, sizes: Mapping[str, int], spent: Spent | None = None
    ) -> None:
        """Before they are kept. `spent` is what they were made of. Raises Exceeded: then undo it all."""
        grown = charges.charge(connection, account, sizes, self._office.clock(), spent)
        allowed = self.allowed(connection, account)
        if allowed.bytes is not None and grown > 0 and allowed.used > allowed.bytes:
            raise self._full(account, Allowed(allowed.used - grown, allowed.bytes, None), grown)

    def another(self, connection: Connection, account: str) -> None:
        """Raises Exceeded where one repository more is too many."""
        most = self.allowed(connection, account).repositories
        if most is not None and charges.count_repositories(connection, account) >= most:
            said = f"{account} has {most} repositories, and may have no more. Delete one, or ask {self._asked()}."
            raise Exceeded(403, said)

    def document(self, connection: Connection, account: str) -> Document:
        """For the account itself."""
        allowed = self.allowed(connection, account)
        return {
            "account": account,
            "used": allowed.used,
            "allowed": allowed.bytes,
            "repositories": charges.count_repositories(connection, account),
            "allowedRepositories": allowed.repositories,
        }

    def _full(self, account: str, allowed: Allowed, more: int) -> Exceeded:
        used, most = spelled(allowed.used), spelled(allowed.bytes or 0)
        rest = "What was deleted counts until it has been collected"
        said = f"The quota is full: {account} uses {used} of {most}, and {spelled(more)} more were to come."
        return Exceeded(FULL, f"{said} {rest}. For more ask {self._asked()}.")

    def _asked(self) -> str:
        return f"the office at {self._office.settings.address.rstrip('/')}"


def except_account(office: Office, account: str, limits: Mapping[str, int | None]) -> None:
    """What it may have from now on, whatever office.toml says; None: what it says."""
    with writing(office.engine) as connection:
        charges.except_account(connection, account, limits)


def _either(exception: int | None, usual: int | None) -> int | None:
    if exception == OPEN:
        return None
    return usual if exception is None else exception


def spelled(size: int) -> str:
    """`12.5 GB`: rounded, for people."""
    number, unit = float(size), 0
    while number >= 999.95 and unit < len(UNITS) - 1:
        number, unit = number / 1000, unit + 1
    return f"{number:.0f} bytes" if unit == 0 else f"{number:.1f} {UNITS[unit]}"
