"""Serving: the API and the hub on uvicorn, with the office joined on."""

import gc
import hashlib
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, cast

from sqlalchemy import exc
from starlette.types import ASGIApp, Receive, Scope, Send

from brightline.assembly.examination import examining
from brightline.assembly.hosting.collecting import sweep
from brightline.assembly.hosting.hosting import Hosting
from brightline.assembly.memory import keep_memory
from brightline.assembly.office import Office
from brightline.assembly.refusal import Refused
from brightline.assembly.service import OfficeService
from brightline.desk.application import PREFIX, log_to_stderr, make_application
from brightline.hub.application import Hub, make_hub
from brightline.storage.accounts import links
from brightline.storage.sql.database import writing

IDLE = 75  # seconds that a connection is kept for another request: longer than proxies in front keep theirs
LEFT = 5  # seconds that running answers have when the server is told to end


def make_app(office: Office) -> "Doors":
    """The ASGI application of an open office."""
    office.ledger  # noqa: B018 - the log's key is asked for before the first request, not in it
    provider = office.settings.oidc
    sign_in = None
    if provider is not None:
        from brightline.desk.signin import sign_in_router  # noqa: PLC0415 - slow to import, and few offices have it

        address = office.settings.address.rstrip("/")
        sign_in = sign_in_router(provider.issuer, provider.client_id, provider.client_secret, address)
    hosting = Hosting(office)
    desk = make_application(OfficeService(office), _cookie_secret(office), lambda: working(office, hosting), sign_in)
    return Doors(desk, make_hub(hosting, (exc.OperationalError, exc.TimeoutError)))


@contextmanager
def working(office: Office, hosting: Hosting) -> Iterator[None]:
    """Jobs run here: examinations, and what is fetched from another hub."""
    with examining(office), hosting.fetching():
        yield


def _cookie_secret(office: Office) -> str:
    """The same in every process of an office: who signs in begins at one, and may come back to another."""
    with writing(office.engine) as connection:
        return hashlib.sha256(b"sign-in" + links.link_secret(connection)).hexdigest()


class Doors:
    """The office's API below its own prefix; everything else is the hub's, which stands at the root as clients expect."""

    def __init__(self, desk: ASGIApp, hub: Hub) -> None:
        self._desk, self._hub, self.again = desk, hub, hub.again

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        own = scope["type"] != "http" or scope["path"].startswith(f"{PREFIX}/")
        await (self._desk if own else self._hub)(scope, receive, send)


def listening_place(host: str, port: int) -> str:
    """The numeric address of a host that this machine can listen on. Raises Refused.

    Asked for before the server starts: it would share a port with another server without saying so.
    """
    try:
        family, kind, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except OSError as trouble:
        reason = trouble.strerror or str(trouble)
        raise Refused(f"nobody can listen on {host}:{port}: {reason}. Choose --host and --port.", "ADDRESS") from None
    return str(place[0])


def serve_office(folder: str, host: str, port: int) -> None:
    """Until it is interrupted. One process: whoever wants several starts several, each on a port of its own."""
    from uvicorn import Config, Server  # noqa: PLC0415 - only the server needs it

    from brightline.hub.transfer.connection import Connection  # noqa: PLC0415

    app = _opened(Path(folder))
    gc.freeze()  # what lives as long as the process is never looked through
    gc.enable()
    config = Config(
        app,
        host,
        port,
        http=cast("Any", partial(Connection, again=app.again)),  # a way to make one, as a class is
        loop="uvloop",
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # the hub reads what it needs of them
        timeout_keep_alive=IDLE,
        timeout_graceful_shutdown=LEFT,
    )
    signal.signal(signal.SIGTERM, _leave)  # uvicorn raises again what ended it, as soon as all is ended
    with suppress(KeyboardInterrupt):
        Server(config).run()


def _leave(_signal: int, _frame: object) -> None:
    sys.exit(0)


def _opened(folder: Path) -> Doors:
    log_to_stderr()
    keep_memory()
    office = Office(folder)
    for place in filter(None, (office.settings.folder, office.blobs.folder)):
        sweep(place / "incoming")
    return make_app(office)
