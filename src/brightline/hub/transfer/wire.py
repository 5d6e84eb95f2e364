"""A connection's own descriptor beside the server that has it: a file is sent by the kernel, a body is read to where it is wanted.

What passes through a process by ASGI is copied three times. What the kernel moves (sendfile) is not copied at all, and what is read
from the descriptor once. It is a duplicate: the server watches its own one, and nobody else writes or reads meanwhile.
"""

import asyncio
import os
import socket
from collections.abc import Callable

from brightline.release.reader import Unreadable

AT_ONCE = 8 << 20  # bytes that are not worth waiting for a turn: they take a millisecond or two of everybody's time
WORTH = 240 << 10  # bytes of a body that are worth being woken for


class Wire:
    """What is raised of OSError means that the client is gone."""

    def __init__(self, transport: asyncio.Transport) -> None:
        if transport.is_closing():
            raise ConnectionResetError
        own = os.dup(transport.get_extra_info("socket").fileno())
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, own)  # the family is not looked at
        self._socket.setblocking(False)
        self._loop, self._lowest = asyncio.get_running_loop(), 1  # bytes that it is woken for
        self._waiting: asyncio.Future[None] | None = None

    async def write(self, head: bytes) -> None:
        """What waits for more to follow. Raises OSError."""

        def more() -> bool:
            nonlocal head
            head = head[self._socket.send(head, socket.MSG_MORE) :]
            return not head

        await self._when(more, out=True)

    async def send(self, file: int, at: int, length: int, until: float) -> int:
        """How many bytes of an open file went as there was room for them: all, or those until that moment of the loop's clock.

        Raises OSError; Unreadable where the file has fewer.
        """
        sent = 0

        def more() -> bool:
            nonlocal sent
            went = os.sendfile(self._socket.fileno(), file, at + sent, length - sent)
            if not went:
                raise Unreadable("it is shorter than it was")
            sent += went
            return sent == length or self._loop.time() >= until

        await self._when(more, out=True, waiting=length > AT_ONCE)
        return sent

    async def read(self, into: memoryview) -> int:
        """How many bytes came, and none at the end: as many as there is room for are waited for where they are few. Raises OSError."""
        came = 0

        def once() -> bool:
            nonlocal came
            came = self._socket.recv_into(into)
            return True

        self._lowest = min(len(into), WORTH)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, self._lowest)
        await self._when(once, out=False, waiting=True)
        return came

    async def _when(self, work: Callable[[], bool], *, out: bool, waiting: bool = False) -> None:
        """Until `work` says that it is over: it is called at once, unless that may wait, and whenever something can be written or read."""
        if not waiting and _over(work):
            return
        over = self._waiting = self._loop.create_future()

        def ready() -> None:
            try:
                if _over(work) and not over.done():
                    over.set_result(None)
            except (OSError, Unreadable) as trouble:
                if not over.done():
                    over.set_exception(trouble)

        loop, file = self._loop, self._socket.fileno()
        watch, leave = (loop.add_writer, loop.remove_writer) if out else (loop.add_reader, loop.remove_reader)
        watch(file, ready)
        try:
            await over
        finally:
            leave(file)
            self._waiting = None

    def lost(self) -> None:
        """The client is gone, and waited for no longer."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ConnectionResetError())

    def close(self) -> None:
        """The server's own descriptor stays open, and is as it was."""
        if self._lowest > 1:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
        self._socket.close()


def _over(work: Callable[[], bool]) -> bool:
    """What the connection does not take or has not now it calls for later."""
    try:
        return work()
    except BlockingIOError:
        return False
