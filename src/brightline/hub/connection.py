"""The connection behind a request, to which the kernel itself moves a file's bytes (sendfile).

What passes through a process is copied three times; what the kernel moves is not copied at all. The server has no such way for a part of a
file, or for one that may be cut. But its connections lie open in this process, and each is known by the addresses that it joins. So a long
answer is written to the connection beside the server, head and all. The server has written nothing of it, and writes nothing
after it: such an answer says `Connection: close`, and its end is the connection's (RFC 9112, section 9.6).
"""

import asyncio
import os
import socket
from collections.abc import Iterable
from contextlib import suppress
from email.utils import formatdate
from http import HTTPStatus
from pathlib import Path

from starlette.types import Receive, Scope

from brightline.release.reader import Unreadable

DESCRIPTORS = Path("/dev/fd")  # what this process has open
LINGER = 5.0  # seconds that a client has to close a connection whose answer has ended
_Header = tuple[bytes, bytes]


def take(scope: Scope) -> "Connection | None":
    """The one that the request came by; None where it cannot be had: another version of HTTP, another process's."""
    client, server = scope.get("client"), scope.get("server")
    if scope.get("http_version") != "1.1" or client is None or server is None or not DESCRIPTORS.is_dir():
        return None
    wanted = str(client[0]), int(client[1]), int(server[1])
    for name in os.listdir(DESCRIPTORS):  # noqa: PTH208 - numbers, of which no paths need be made
        found = _duplicate(int(name)) if _ends(int(name)) == wanted else None
        if found is not None and _ends(found.fileno()) == wanted and found.type == socket.SOCK_STREAM:
            found.setblocking(False)
            return Connection(found)
        if found is not None:
            found.close()
    return None


def _ends(descriptor: int) -> tuple[str, int, int] | None:
    """The other end's address and port, and our own port; None for what joins no two of them."""
    try:
        looked_at = socket.socket(socket.AF_INET6, socket.SOCK_STREAM, 0, descriptor)  # or less: that is not asked
    except OSError:
        return None  # a file, or what was closed meanwhile
    try:
        peer, own = looked_at.getpeername(), looked_at.getsockname()
    except OSError:
        return None  # it listens, or is over
    finally:
        looked_at.detach()
    return (peer[0], peer[1], own[1]) if isinstance(peer, tuple) and isinstance(own, tuple) else None


def _duplicate(descriptor: int) -> socket.socket | None:
    """A socket that stays what it is, whoever closes the first one."""
    try:
        return socket.socket(fileno=os.dup(descriptor))
    except OSError:
        return None  # it was closed meanwhile


class Connection:
    """Written to by nobody else meanwhile. What it raises of OSError means that the client is gone."""

    def __init__(self, taken: socket.socket) -> None:
        self._socket = taken
        self._loop = asyncio.get_running_loop()

    async def begin(self, status: int, headers: Iterable[_Header]) -> None:
        """The head of the answer. Raises OSError; ValueError for a header that would be two."""
        said = [*headers, (b"date", formatdate(usegmt=True).encode()), (b"connection", b"close")]
        lines = [b"%b: %b" % header for header in said]
        if any(b"\r" in line or b"\n" in line for line in lines):
            raise ValueError("a header has a line break in it")
        first = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode()
        await self._loop.sock_sendall(self._socket, b"\r\n".join([first, *lines, b"", b""]))

    async def send(self, file: int, at: int, length: int) -> int:
        """As many bytes of an open file as there is room for; none, once there is room again, where there was none.

        Raises OSError; Unreadable where the file has fewer.
        """
        try:
            sent = os.sendfile(self._socket.fileno(), file, at, length)
        except BlockingIOError:
            await self._room()
            return 0
        if not sent:
            raise Unreadable("it is shorter than it was")
        await asyncio.sleep(0)  # a client that takes all at once leaves others their turn
        return sent

    async def _room(self) -> None:
        ready = asyncio.Event()
        self._loop.add_writer(self._socket, ready.set)
        try:
            await ready.wait()
        finally:
            self._loop.remove_writer(self._socket)

    async def end(self, receive: Receive) -> None:
        """The answer is whole. The client closes when it has read it: whoever closed first could take from it what is under way."""
        self._socket.shutdown(socket.SHUT_WR)
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER):
                while (await receive())["type"] != "http.disconnect":
                    pass

    def close(self) -> None:
        """Once; the server sees that the connection is over. An answer that was not whole is shorter than it said."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
