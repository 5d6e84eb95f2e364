"""The hub's application: its routes, and how it says no."""

import json
import logging
import secrets
import traceback
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from brightline.hub.asking import SLASH
from brightline.hub.host import Host, Turned
from brightline.hub.remembering import Remembering
from brightline.hub.routes import (
    accounts,
    catalogue,
    copies,
    discussions,
    files,
    listing,
    refusing,
    signing_in,
    uploads,
)
from brightline.hub.routes.absent import NOTHING, acts_of, bare
from brightline.hub.routes.greeting import by_a_person, greet

PURE = frozenset(
    {
        catalogue.whoami,
        listing.search,
        listing.tags,
        catalogue.info,
        catalogue.tree,
        catalogue.refs,
        catalogue.commits,
        catalogue.auth_check,
        files.resolve,
    }
)  # endpoints whose GET only looks
SHORT = 4  # slashes of an address that goes on with an act behind a bare name
LATER = 5  # seconds until a client that was told to asks again
LOG = logging.getLogger("brightline.hub")
ROOMS = (files, listing, refusing, catalogue, uploads, copies, discussions, accounts, signing_in)  # most asked first
ROUTES = [route for room in ROOMS for route in room.ROUTES]
ACTS = acts_of(ROUTES)


def make_hub(host: Host, unreached: Iterable[type[Exception]] = ()) -> "Hub":
    """`unreached` is what the host raises while its database does not answer."""
    handlers: dict[Any, Any] = {Turned: turned, 404: nothing, 405: otherwise, **dict.fromkeys(unreached, later)}
    app = Starlette(routes=ROUTES, exception_handlers=handlers)
    app.state.host = host
    app.router.redirect_slashes = False  # it would name what an escaped slash is called here: see Hub
    return Hub(Remembering(app, host, PURE))


async def turned(request: Request, trouble: Exception) -> Response:
    """What clients show is X-Error-Message; a refusal is never a 5xx or 429, which they would try again. Whoever is nobody in
    particular is told to sign in where a repository is not there, or not for everybody: it learns no more of which it is.
    """
    if not isinstance(trouble, Turned):
        raise trouble
    sentence = str(trouble)
    plain = "".join(letter if " " <= letter <= "~" else "?" for letter in sentence)[:1_000]
    headers = {"X-Error-Message": plain, "X-Request-Id": secrets.token_hex(8)}  # clients print both
    if trouble.code:
        headers["X-Error-Code"] = trouble.code
    if trouble.commit is not None:
        headers["X-Repo-Commit"] = trouble.commit
    unknown = trouble.code == "RepoNotFound" and not request.headers.get("authorization")
    return JSONResponse({"error": sentence}, 401 if unknown else trouble.status, headers)


async def nothing(request: Request, _trouble: Exception) -> Response:
    if by_a_person(request):
        return greet(request)
    return await turned(request, bare(request.url.path, ACTS) or Turned(404, NOTHING))


async def otherwise(request: Request, _trouble: Exception) -> Response:
    unnamed = bare(request.url.path, ACTS) if request.url.path.count("/") == SHORT else None
    return await turned(request, unnamed or Turned(405, "This address takes no such method."))


async def later(_request: Request, trouble: Exception) -> Response:
    """No refusal: clients may try this again, and do, after so many seconds."""
    _log(trouble)
    sentence = "The office's database does not answer just now. Ask again in a little while."
    return JSONResponse({"error": sentence}, 503, {"X-Error-Message": sentence, "Retry-After": str(LATER)})


def _log(trouble: Exception) -> None:
    """By kind and place alone: what it says may be somebody's words."""
    frame = traceback.extract_tb(trouble.__traceback__)[-1]
    LOG.error(json.dumps({"fault": type(trouble).__name__, "at": f"{frame.name}:{frame.lineno}"}))


class Hub:
    """An escaped slash belongs to a revision or a path, and parts nothing; one at the end of an address says nothing.
    Our own faults are told by their kind alone. `again` is what connections ask before they ask the application.
    """

    def __init__(self, app: Remembering) -> None:
        self._app, self.again = app, app.again

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw = scope.get("raw_path") or b""
        if b"%2f" in raw.lower():
            path = raw.partition(b"?")[0].decode("ascii", "replace")
            scope = {**scope, "path": unquote(path.replace("%2F", SLASH).replace("%2f", SLASH))}
        if scope["path"].endswith("/"):
            scope = {**scope, "path": scope["path"].rstrip("/") or "/"}
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            await JSONResponse({"error": "Nothing here has NUL in its name."}, 400)(scope, receive, send)
            return
        if (b"x-forwarded-proto", b"https") in scope["headers"]:
            scope["scheme"] = "https"  # as the client reaches us: addresses in answers begin with it
        try:
            await self._app(scope, receive, send)
        except ClientDisconnect:
            return
        except Exception as trouble:  # noqa: BLE001 - the outermost wall; what it says may be somebody's words
            _log(trouble)
