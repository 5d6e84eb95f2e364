"""One request of a connection and its answer, as far as they are seen in their bytes.

ASGI has no way for a part of a file that may be cut, and none for a body that is read to where it is wanted. So an endpoint takes the
exchange out of its scope, and writes or reads beside ASGI, by a wire of its own; then uvicorn's own account of the request is closed, and
the connection is kept open for the next one.
"""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from brightline.hub.transfer.wire import Wire

EXCHANGE = "brightline.exchange"  # the extension of an ASGI scope that holds one
MOMENT = 0.001  # seconds between two looks at whether an earlier answer has left
Header = tuple[bytes, bytes]
OVER = b"connection: close\r\n"


def exchange_of(scope: Any) -> "Exchange | None":
    """None where another server has the connection."""
    found = (scope.get("extensions") or {}).get(EXCHANGE)
    return found if isinstance(found, Exchange) else None


def lines(headers: Iterable[Header]) -> bytes:
    """Of an answer's head. Raises ValueError for a header that would be two."""
    each = [b"%b: %b\r\n" % header for header in headers]
    together = b"".join(each)
    if not together.count(b"\r\n") == together.count(b"\r") == together.count(b"\n") == len(each):
        raise ValueError("a header has a line break in it")
    return together


class Exchange:
    """What is raised of OSError means that the client is gone."""

    def __init__(self, transport: asyncio.Transport, own: list[Header], *, kept: bool) -> None:
        self.cycle: RequestResponseCycle | None = None  # uvicorn's side of it
        self.kept = kept  # the connection stays for another request
        self.apart = False  # the body is read here, and uvicorn never sees its end
        self.left = 0  # bytes of it that did not come yet
        self._own = own  # headers of the server
        self._transport = transport
        self._wire: Wire | None = None

    def whole(self, status: int, headers: Iterable[Header], body: bytes) -> bytes:
        """An answer in its bytes. Raises ValueError for a header that would be two."""
        return self._head(status, lines(headers)) + body

    def _head(self, status: int, said: bytes) -> bytes:
        return b"%b%b%b\r\n" % (STATUS_LINE[status], lines(self._own), said)

    async def begin(self, status: int, said: bytes) -> None:
        """The head of an answer, with the lines that are said in it; it waits for what follows. Raises OSError."""
        head = self._head(status, said if self.kept else OVER + said)
        while self._transport.get_write_buffer_size() and not self._transport.is_closing():  # noqa: ASYNC110 - uvicorn's event tells of 64 KiB and more
            await asyncio.sleep(MOMENT)
        self._wire = Wire(self._transport)
        if self.cycle is not None:
            self.cycle.response_started = True
        await self._wire.write(head)

    async def send(self, file: int, at: int, length: int, until: float) -> int:
        """How many bytes of an open file went as there was room for them: all, or those until that moment of the loop's clock.

        Raises OSError; Unreadable where the file has fewer.
        """
        return await self._sure().send(file, at, length, until)

    def end(self, *, whole: bool) -> None:
        """Of the answer; and of the connection, where it was cut: it is shorter than it said."""
        if self._wire is not None:
            self._wire.close()
        if self.cycle is None or self.cycle.disconnected:
            return
        self.cycle.response_complete = True
        self.cycle.message_event.set()
        if not (whole and self.cycle.keep_alive):
            self._transport.close()
        self.cycle.on_response()

    @contextmanager
    def taking(self, left: int) -> Iterator[None]:
        """The rest of the body, so many bytes, is read here; what is not read of it within is passed over. Raises OSError."""
        if self.cycle is None:
            raise BrokenPipeError
        with closing(Wire(self._transport)) as wire:
            self.cycle.flow.pause_reading()
            self._wire, self.apart, self.left = wire, True, left
            try:
                yield
            finally:
                self._wire = None
                self.cycle.more_body = False
                self.cycle.flow.resume_reading()

    async def take(self, into: memoryview) -> int:
        """How many bytes of the body came. Raises OSError."""
        try:
            with into[: self.left] as room:
                came = await self._sure().read(room)
            if not came:
                raise ConnectionResetError
        except OSError:
            self._over()
            raise
        self.left -= came
        return came

    def _over(self) -> None:
        """uvicorn, which does not read meanwhile, is told what it would have seen: nothing is answered to half a body."""
        if self.cycle is not None:
            self.cycle.disconnected = True
        self._transport.close()

    def passed(self, data: bytes) -> bytes:
        """What there is behind the body."""
        gone = min(self.left, len(data))
        self.left -= gone
        return data[gone:]

    def _sure(self) -> Wire:
        if self._wire is None:
            raise BrokenPipeError
        return self._wire

    def lost(self) -> None:
        """The client is gone, and waited for no longer."""
        if self._wire is not None:
            self._wire.lost()
