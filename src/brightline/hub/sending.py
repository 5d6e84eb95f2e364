"""A file's bytes as an answer: by the kernel where they are many, else block by block; and cut where the right to them ends."""

import asyncio
import time
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import aclosing
from typing import Any

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from brightline.hub import asking
from brightline.hub.connection import Connection, take
from brightline.hub.host import Content, Stretch

AGAIN = 0.5  # seconds after which a running download asks again whether it may go on
MANY = 8 << 20  # bytes that are worth a connection: more than clients read at once within a file


class Sending(StreamingResponse):
    """From `start` to `end`. What is cut is shorter than it said: the client notices, and asks again, and is told why."""

    def __init__(self, content: Content, start: int, end: int, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(_blocks(content, start, end), status, headers)
        self._content, self._start, self._end = content, start, end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        stretches, many = self._content.stretches, self._end - self._start >= MANY
        connection = take(scope) if many and stretches is not None and scope["app"].state.plain else None
        if connection is None or stretches is None:
            await super().__call__(scope, receive, send)
            return
        try:
            if await self._while_allowed(self._send(connection, stretches(self._start, self._end))):
                await connection.end(receive)
        except OSError:
            return  # the client is gone
        finally:
            connection.close()

    async def _while_allowed(self, work: Coroutine[Any, Any, None]) -> bool:
        """Whether all of it was sent. It is asked again also while a client takes nothing."""
        sending = asyncio.ensure_future(work)
        try:
            while not (await asyncio.wait({sending}, timeout=AGAIN))[0]:
                if not await asking.off(self._content.still):
                    return False
            await sending
            return True
        finally:
            sending.cancel()
            await asyncio.wait({sending})

    async def _send(self, connection: Connection, stretches: AsyncGenerator[Stretch, None]) -> None:
        async with aclosing(stretches):
            await connection.begin(self.status_code, self.raw_headers)
            async for file, at, length in stretches:
                await connection.send(file, at, length)


async def _blocks(content: Content, start: int, end: int) -> AsyncGenerator[bytes, None]:
    asked = time.monotonic()
    async with aclosing(content.read(start, end)) as blocks:
        async for block in blocks:
            if time.monotonic() - asked > AGAIN:
                if not await asking.off(content.still):
                    return
                asked = time.monotonic()
            yield block
