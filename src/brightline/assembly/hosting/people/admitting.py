"""Who somebody is, what it may, and who asked for more."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from brightline.assembly.hosting.sight import showing
from brightline.assembly.hosting.sight.room import Room
from brightline.hub.host import Account, Document, Turned
from brightline.release.repository import RepoName
from brightline.storage.accounts import tokens
from brightline.storage.repositories import asking
from brightline.storage.repositories.attributes import attributes_of

SCOPES = {"hub:read", "hub:write"}
LONGEST = 200  # letters of an account's name


class Admitting(Room):
    """Accounts, and requests for access."""

    def account(self, secret: str) -> Account | None:
        def ask(connection: Connection) -> Account | None:
            token = tokens.find_token(connection, secret, self._office.clock())
            if token is not None and not token.scopes & SCOPES:
                raise Turned(403, "This token is for something else: it has neither the scope hub:read nor hub:write.")
            said = {} if token is None else attributes_of(connection, token.identity)
            if token is None:
                return None
            return Account(token.holder, token.identity, token.scopes, said, token.created, token.name)

        return self._read(ask)

    def whoami(self, account: Account) -> Document:
        """`brightline` is ours: what the account uses of what it may.

        Clients keep a token under its `displayName`: the name that people know, and the id, so that none takes another one's place.
        """
        storage = self._read(lambda connection: self._shelving.quota.document(connection, account.name))
        role = "write" if "hub:write" in account.scopes else "read"
        made = {} if account.since is None else {"createdAt": showing.moment(account.since)}
        access = {"displayName": f"{account.called} ({account.token})", "role": role, **made}
        return {
            "type": "user",
            "id": account.name,
            "name": account.name,
            "fullname": account.name,
            "email": "",
            "emailVerified": True,
            "isPro": False,
            "orgs": [],
            "auth": {"type": "access_token", "accessToken": access},
            "brightline": {"storage": storage},
        }

    def may(self, account: Account | None, name: RepoName, *, write: bool) -> None:
        """Whether the account may write to the repository; or, for reading, whether every file of it may be had."""

        def ask(connection: Connection) -> None:
            if write:
                self._shelving.own(connection, account, name)
                return
            seen = self._shelving.look(connection, account, name).seen("main")
            denials = [seen.denial(one) for one in self._shelving.files(connection, seen.revision)]
            for denial in denials:
                if denial is None or denial.hidden:
                    continue
                raise self._shelving.denied(denial, seen)

        self._read(ask)

    def asked(self, account: Account | None, name: RepoName, status: str) -> list[Document]:
        def ask(connection: Connection) -> list[Document]:
            repo = self._shelving.own(connection, account, name)
            return [showing.request_document(one) for one in asking.requests_of(connection, repo, status)]

        return self._read(ask)

    def ask(self, account: Account | None, name: RepoName, contact: str) -> Document:
        """Accept the terms: granted at once, or when the owner says so, as the repository is set."""
        if account is None:
            raise Turned(401, "Sign in with a token of this office to ask for access.")

        def make(connection: Connection) -> Document:
            repo = self._shelving.repo(connection, account, name)
            status = "pending" if repo.gated == "manual" else "accepted"
            if asking.status_of(connection, repo, account.name) in (None, "pending"):
                asking.set_request(connection, repo, account.name, status, self._office.clock(), contact=contact)
            return {"status": asking.status_of(connection, repo, account.name)}

        return self._write(make)

    def grant(self, account: Account | None, name: RepoName, who: str) -> None:
        """To somebody who need not have asked."""

        def change(connection: Connection) -> None:
            repo = self._shelving.own(connection, account, name)
            if not 0 < len(who) <= LONGEST:
                raise Turned(404, f"user names an account, by at most {LONGEST} letters.")
            if asking.is_granted(connection, repo, who):
                raise Turned(400, f"{who} has access to {name} already.")
            asking.set_request(connection, repo, who, "accepted", self._office.clock(), granted=True)

        self._write(change)

    def answer(self, account: Account | None, name: RepoName, who: Mapping[str, Any], status: str) -> None:
        def change(connection: Connection) -> None:
            repo = self._shelving.own(connection, account, name)
            named = who.get("user") or asking.account_of(connection, repo, str(who.get("requestId")))
            before = asking.status_of(connection, repo, named) if isinstance(named, str) else None
            if not isinstance(named, str) or before is None or status not in asking.STATES:
                raise Turned(404, f"There is no such request for {name}.")
            granted = status == "accepted"
            if before == status and granted == asking.is_granted(connection, repo, named):
                raise Turned(404, f"The request of {named} is {status} already.")
            asking.set_request(connection, repo, named, status, self._office.clock(), granted=granted)

        self._write(change)
