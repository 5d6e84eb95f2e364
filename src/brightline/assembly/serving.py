"""Serving: the API and the hub on granian, with the office joined on."""

import gc
import hashlib
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from brightline.assembly.examination import examining
from brightline.assembly.hosting.hosting import Hosting
from brightline.assembly.memory import keep_memory
from brightline.assembly.office import Office, now
from brightline.assembly.refusal import Refused
from brightline.assembly.service import OfficeService
from brightline.desk.application import PREFIX, log_to_stderr, make_application
from brightline.hub.application import make_hub
from brightline.settings.environment import choose_office, settings
from brightline.storage import shelf
from brightline.storage.database import writing


def make_app(office: Office, *, plain: bool = False) -> Any:
    """The ASGI application of an open office. `plain` is as the hub takes it."""
    office.ledger  # noqa: B018 - the log's key is asked for before the first request, not in it
    provider = office.settings.oidc
    sign_in = None
    if provider is not None:
        from brightline.desk.signin import sign_in_router  # noqa: PLC0415 - slow to import, and few offices have it

        address = office.settings.address.rstrip("/")
        sign_in = sign_in_router(provider.issuer, provider.client_id, provider.client_secret, address)
    hosting = Hosting(office)
    desk = make_application(OfficeService(office), _cookie_secret(office), lambda: working(office, hosting), sign_in)
    return Doors(desk, make_hub(hosting, plain=plain))


@contextmanager
def working(office: Office, hosting: Hosting) -> Iterator[None]:
    """Jobs run here: examinations, and what is fetched from another hub."""
    with examining(office), hosting.fetching():
        yield


def _cookie_secret(office: Office) -> str:
    """The same in every process of an office: who signs in begins at one, and may come back to another."""
    with writing(office.engine) as connection:
        return hashlib.sha256(b"sign-in" + shelf.link_secret(connection)).hexdigest()


class Doors:
    """The office's API below its own prefix; everything else is the hub's, which stands at the root as clients expect."""

    def __init__(self, desk: ASGIApp, hub: ASGIApp) -> None:
        self._desk, self._hub = desk, hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        own = scope["type"] != "http" or scope["path"].startswith(f"{PREFIX}/")
        await (self._desk if own else self._hub)(scope, receive, send)


def worker() -> Any:
    """What granian's worker calls: the office that the environment names."""
    folder = settings().office
    if folder is None:
        raise Refused("which office? Set BRIGHTLINE_OFFICE.", "NO-OFFICE")
    log_to_stderr()
    keep_memory()
    office = Office(Path(folder))
    for place in filter(None, (office.settings.folder, office.blobs.folder)):
        sweep(place / "incoming")
    return make_app(office, plain=True)  # granian's own connections: `serve_office` gives it no certificate


def sweep(incoming: Path) -> None:
    """Uploads that a crash cut off a day ago or earlier: nobody waits for them. Another process may sweep here too."""
    old = now().timestamp() - 86_400
    for place in incoming.iterdir() if incoming.is_dir() else ():
        with suppress(FileNotFoundError):
            if place.stat().st_mtime < old:
                shutil.rmtree(place) if place.is_dir() else place.unlink()


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
    """Until it is interrupted. One worker: whoever wants several starts several, each on a port of its own."""
    from granian import Granian  # noqa: PLC0415 - only the server needs it
    from granian.constants import Interfaces  # noqa: PLC0415

    choose_office(folder)
    gc.freeze()  # the worker is a fork: what both share is never looked through, so it is never copied
    gc.enable()
    Granian(
        "brightline.assembly.serving:worker",
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        factory=True,
        workers=1,
        log_enabled=True,
        log_level="warning",  # type: ignore[arg-type]
    ).serve()
