"""Who may ask: a bearer token with the right scope. Everything that is not public asks here first."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException

from brightline.desk.service import Caller, Service

BEARER = HTTPBearer(auto_error=False, description="A token of `brightline token create`, or of a sign-in.")


def service(request: Request) -> Service:
    found: Service = request.app.state.service
    return found


Joined = Annotated[Service, Depends(service)]


@dataclass(frozen=True)
class needs:  # noqa: N801 - it reads as what it says: Depends(needs("cases:read"))
    """401 without a good token, 403 without the scope."""

    scope: str

    def __call__(
        self,
        request: Request,
        joined: Joined,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)],
    ) -> Caller:
        caller = None if credentials is None else joined.caller(credentials.credentials)
        if caller is None:
            challenge = {"WWW-Authenticate": "Bearer"}
            raise HTTPException(401, "This needs a good bearer token: `brightline token create`.", challenge)
        if self.scope not in caller.scopes:
            raise HTTPException(403, f"This token lacks the scope {self.scope}.")
        request.state.token = caller.token
        return caller


def own(caller: Caller) -> str | None:
    """Whose cases a caller sees: its own, unless its scopes are those of somebody who works here."""
    working = {"cases:review", "cases:examine", "cases:sign", "cases:appeals"}
    return None if caller.scopes & working else caller.holder
