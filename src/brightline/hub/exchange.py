"""One request of a connection and its answer, as far as they are seen in their bytes; and long files that the kernel moves (sendfile).

What passes through a process is copied three times; what the kernel moves is not copied at all. ASGI has no such way for a part of a file that
may be cut. So an endpoint takes the exchange out of its scope, and writes the answer beside ASGI: to a duplicate of the connection's
descriptor, once all that was said before has left. Nobody else writes to it meanwhile, and it is kept open for the next request.
"""

import asyncio
import os
import socket
from collections.abc import Iterable
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from brightline.release.reader import Unreadable

EXCHANGE = "brightline.exchange"  # the extension of an ASGI scope that holds one
MOMENT = 0.001  # seconds between two looks at whether an earlier answer has left
AT_ONCE = 8 << 20  # bytes that are not worth waiting for a turn: they take a millisecond or two of everybody's time
Header = tuple[bytes, bytes]


def exchange_of(scope: Any) -> "Exchange | None":
    """None where another server has the connection."""
    found = (scope.get("extensions") or {}).get(EXCHANGE)
    return found if isinstance(found, Exchange) else None


def written(status: int, headers: Iterable[Header]) -> bytes:
    """The head of an answer. Raises ValueError for a header that would be two."""
    lines = [b"%b: %b\r\n" % header for header in headers]
    head = b"".join([STATUS_LINE[status], *lines, b"\r\n"])
    if not head.count(b"\r\n") == head.count(b"\r") == head.count(b"\n") == len(lines) + 2:
        raise ValueError("a header has a line break in it")
    return head


class Exchange:
    """What is raised of OSError means that the client is gone."""

    def __init__(self, transport: asyncio.Transport, own: list[Header], *, kept: bool) -> None:
        self.cycle: RequestResponseCycle | None = None  # uvicorn's side of it
        self.kept = kept  # the connection stays for another request
        self._own = own  # headers of the server
        self._transport = transport
        self._waiting: asyncio.Future[None] | None = None
        self._out: socket.socket | None = None

    def whole(self, status: int, headers: Iterable[Header], body: bytes) -> bytes:
        """An answer in its bytes."""
        return written(status, [*self._own, *headers]) + body

    async def begin(self, status: int, headers: Iterable[Header]) -> None:
        """The head of an answer, which waits for what follows. Raises OSError; ValueError for a header that would be two."""
        closing = () if self.kept else ((b"connection", b"close"),)
        head = written(status, [*self._own, *closing, *headers])
        while self._transport.get_write_buffer_size() and not self._transport.is_closing():  # noqa: ASYNC110 - uvicorn's event tells of 64 KiB and more
            await asyncio.sleep(MOMENT)
        if self._transport.is_closing():
            raise ConnectionResetError
        own = os.dup(self._transport.get_extra_info("socket").fileno())
        self._out = socket.socket(
            socket.AF_INET, socket.SOCK_STREAM, 0, own
        )  # or of the other family: that is not asked
        self._out.setblocking(False)
        if self.cycle is not None:
            self.cycle.response_started = True
        while head:
            try:
                head = head[self._out.send(head, socket.MSG_MORE) :]
            except BlockingIOError:
                await self._room()

    async def send(self, file: int, at: int, length: int, until: float) -> int:
        """How many bytes of an open file went as there was room for them: all, or those until that moment of the loop's clock.

        Raises OSError; Unreadable where the file has fewer.
        """
        moving = _Moving(self._sure(), file, at, at + length, until)
        if length > AT_ONCE or not moving():
            await self._room(moving)
        return moving.at - at

    async def _room(self, work: "_Moving | None" = None) -> None:
        """Waits until something can be written, or until `work`, which is called whenever something can, says that it is over."""
        loop, out = asyncio.get_running_loop(), self._sure()
        waiting = self._waiting = loop.create_future()

        def ready() -> None:
            try:
                over = work is None or work()
            except (OSError, Unreadable) as trouble:
                if not waiting.done():
                    waiting.set_exception(trouble)
                return
            if over and not waiting.done():
                waiting.set_result(None)

        loop.add_writer(out.fileno(), ready)
        try:
            await waiting
        finally:
            loop.remove_writer(out.fileno())
            self._waiting = None

    def _sure(self) -> socket.socket:
        if self._out is None:
            raise BrokenPipeError
        return self._out

    def lost(self) -> None:
        """The client is gone, and waited for no longer."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ConnectionResetError())

    def end(self, *, whole: bool) -> None:
        """Of the answer; and of the connection, where it was cut: it is shorter than it said."""
        if self._out is not None:
            self._out.close()
        if self.cycle is None or self.cycle.disconnected:
            return
        self.cycle.response_complete = True
        self.cycle.message_event.set()
        if not (whole and self.cycle.keep_alive):
            self._transport.close()
        self.cycle.on_response()


class _Moving:
    """A piece of a file, from `at` to `end`, on its way."""

    def __init__(self, out: socket.socket, file: int, at: int, end: int, until: float) -> None:
        self.at = at
        self._out, self._file, self._end, self._until = out.fileno(), file, end, until
        self._now = asyncio.get_running_loop().time

    def __call__(self) -> bool:
        """Once more: whether this is enough for now. What the connection did not take now it will call for."""
        try:
            sent = os.sendfile(self._out, self._file, self.at, self._end - self.at)
        except BlockingIOError:
            return False
        if not sent:
            raise Unreadable("it is shorter than it was")
        self.at += sent
        return self.at == self._end or self._now() >= self._until
