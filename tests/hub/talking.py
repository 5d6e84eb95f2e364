"""Talking to a connection in its bytes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, cast

from uvicorn import Config, Server

from brightline.hub.transfer.connection import Connection
from brightline.hub.transfer.exchange import Header

App = Callable[[Any, Any, Any], Awaitable[None]]


async def plain(scope: Any, _receive: Any, send: Any) -> None:
    """Says which target was asked for."""
    body = scope["path"].encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


def nothing(_method: bytes, _target: bytes, _headers: Sequence[Header]) -> None:
    return None


@asynccontextmanager
async def serving(app: App, again: Any = nothing, idle: int = 20) -> AsyncIterator[int]:
    made = cast("Any", partial(Connection, again=again))
    server = Server(Config(app, port=0, http=made, ws="none", lifespan="off", log_config=None, timeout_keep_alive=idle))
    running = asyncio.create_task(server._serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        server.force_exit = True
        await running


def talk(app: App, again: Any, *asked: bytes, pause: float = 0.0, idle: int = 20) -> bytes:
    """All that is answered to these, one after the other over one connection, until it is over or nobody says anything."""

    async def main() -> bytes:
        async with serving(app, again, idle) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for one in asked:
                writer.write(one)
                await asyncio.sleep(pause)
            said = b""
            while True:
                try:
                    some = await asyncio.wait_for(reader.read(1 << 20), 1)
                except TimeoutError:
                    break
                except ConnectionResetError:  # what it was sent it had not read
                    some = b""
                said += some
                if not some:
                    said += b"<over>"
                    break
            writer.close()
            return said

    return asyncio.run(main())


def get(path: str = "/x", *headers: str, method: str = "GET", version: str = "1.1") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/{version}", "Host: here", *headers, "", ""]).encode()
