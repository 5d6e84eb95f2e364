"""A file's bytes as an answer: by the kernel where they are many, else block by block; and cut where the right to them ends."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import NamedTuple

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from brightline.hub import asking
from brightline.hub.host import Content, Stretch
from brightline.hub.transfer.exchange import Exchange, exchange_of, lines

AGAIN = 0.5  # seconds after which a running download asks again whether it may go on
MANY = 256 << 10  # bytes that are worth the kernel's way


class Known(NamedTuple):
    """A file that may be handed out, and what is said of it whichever part of it is asked for; also as a head has it."""

    content: Content
    headers: Mapping[str, str]
    said: bytes


def known(content: Content, headers: Mapping[str, str]) -> Known:
    return Known(content, headers, _lines(headers))


def _lines(headers: Mapping[str, str]) -> bytes:
    return lines((name.lower().encode("ascii"), value.encode("ascii")) for name, value in headers.items())


class Sending:
    """From `start` to `end`. What is cut is shorter than it said: the client notices, and asks again, and is told why."""

    def __init__(self, file: Known, start: int, end: int, status: int, part: Mapping[str, str]) -> None:
        self._file, self._start, self._end, self._status, self._part = file, start, end, status, part

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        stretches, exchange = self._file.content.stretches, exchange_of(scope)
        if self._end - self._start < MANY:
            await self._blockwise().stream_response(send)  # to watch who goes meanwhile costs more than to send it
            return
        if exchange is None or stretches is None:
            await self._blockwise()(scope, receive, send)
            return
        whole = False
        try:
            whole = await self._send(exchange, stretches(self._start, self._end))
        except OSError:
            return  # the client is gone
        finally:
            exchange.end(whole=whole)

    def _blockwise(self) -> StreamingResponse:
        blocks = _blocks(self._file.content, self._start, self._end)
        return StreamingResponse(blocks, self._status, {**self._file.headers, **self._part})

    async def _send(self, exchange: Exchange, stretches: AsyncGenerator[Stretch, None]) -> bool:
        """Whether all of it was sent. A client that takes nothing is asked about when it takes more."""
        right = _Right(self._file.content)
        async with aclosing(stretches):
            await exchange.begin(self._status, self._file.said + _lines(self._part))
            async for file, at, length in stretches:
                sent = 0
                while sent < length:
                    if not await right.holds():
                        return False
                    sent += await exchange.send(file, at + sent, length - sent, right.until)
        return True


class _Right:
    """A right to go on that is asked about again, but not with every block."""

    def __init__(self, content: Content) -> None:
        self._content, self._now = content, asyncio.get_running_loop().time
        self.until = self._now() + AGAIN

    async def holds(self) -> bool:
        if self._now() < self.until:
            return True
        self.until = self._now() + AGAIN
        return await asking.off(self._content.still)


async def _blocks(content: Content, start: int, end: int) -> AsyncGenerator[bytes, None]:
    right = _Right(content)
    async with aclosing(content.read(start, end)) as blocks:
        async for block in blocks:
            if not await right.holds():
                return
            yield block
