"""The body of a request, into the caller's memory: beside ASGI where that is possible, which copies every byte three times."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Self

from starlette.requests import ClientDisconnect, Request

from brightline.hub.transfer.exchange import exchange_of


class Body:
    """Read once, and within: what is not read of it then is passed over."""

    def __init__(self, request: Request) -> None:
        self._receive, self._exchange = request.receive, exchange_of(request.scope)
        said = None if "transfer-encoding" in request.headers else request.headers.get("content-length")
        self.length = None if said is None else int(said)  # None where it is not said before
        self._left = self.length  # bytes of it that ASGI did not tell of
        self._block, self._more = memoryview(b""), True
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_trouble: object) -> None:
        self._stack.close()

    async def read(self, into: memoryview) -> int:
        """How many bytes of it came; none at its end. Raises ClientDisconnect."""
        while not self._block and self._more:
            await self._next()
        if not self._block:
            return await self._take(into)
        length = min(len(self._block), len(into))
        into[:length] = self._block[:length]
        self._block = self._block[length:]
        return length

    async def _next(self) -> None:
        """By ASGI, which says too that a client may send that waits for this (RFC 9110, section 10.1.1); then without it."""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        self._block, self._more = memoryview(message.get("body", b"")), message.get("more_body", False)
        if self._exchange is None or self._left is None or not self._more:
            return
        self._left -= len(self._block)
        with _gone():
            self._stack.enter_context(self._exchange.taking(self._left))
        self._more = False

    async def _take(self, into: memoryview) -> int:
        if self._exchange is None or not self._exchange.left:
            return 0
        with _gone():
            return await self._exchange.take(into)


@contextmanager
def _gone() -> Iterator[None]:
    """What is said of a connection is no fault of a disk."""
    try:
        yield
    except OSError:
        raise ClientDisconnect from None
