"""A client's connection: what uvicorn makes of it, with bounds, and with a short way for what was answered before.

Most of what a request costs is to make a task of it and to find its endpoint. What was answered is answered again as soon as
its head is read, where whoever remembers (`hub.remembering`) has the answer in its bytes.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from httptools import HttpRequestParser
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from brightline.hub.transfer.exchange import EXCHANGE, Exchange, Header, exchange_of

HEAD = 512 << 10  # bytes that come before a head is over; what came with it counts too
LINES = 128  # headers of a request
PATIENCE = 60  # seconds that a head may take
MORE = frozenset(
    {b"content-length", b"transfer-encoding", b"upgrade", b"expect", b"range"}
)  # headers of what takes more than an answer that is remembered
Again = Callable[[bytes, bytes, Sequence[Header]], bytes | None]


class Connection(HttpToolsProtocol):
    """`again` is asked with a method, a target and headers for the answer that may be given again, in its bytes."""

    def __init__(self, *given: Any, again: Again, **named: Any) -> None:
        super().__init__(*given, **named)
        self._again = again
        self._heard = 0.0  # when something came last
        self._began: float | None = None  # when the head began that is not over yet
        self._length = 0  # of what came of it
        self._short = False  # the request is answered already
        self._running: Exchange | None = None
        self._watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._heard = self.loop.time()
        self._look()

    def data_received(self, data: bytes) -> None:
        self._heard = self.loop.time()
        if self._running is not None and self._running.apart:
            data = self._behind(self._running, data)
            if not data:
                return
        super().data_received(data)
        if self._began is not None and not self.transport.is_closing():
            self._length += len(data)
            if self._length > HEAD:
                self.send_400_response("The head of this request is too long.")

    def _behind(self, running: Exchange, data: bytes) -> bytes:
        """What follows a body that was read beside the parser, which never sees its end: another one begins there."""
        data = running.passed(data)
        if data:
            running.apart = False
            self.parser = HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's own
        return data

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._began, self._length, self._short = self._heard, 0, False

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(self.headers) == LINES:
            raise ValueError("too many headers")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._began = None
        kept = self.parser.should_keep_alive() and self.parser.get_http_version() == "1.1"
        if kept and self._idle and MORE.isdisjoint([name for name, _ in self.headers]):
            answer = self._again(self.parser.get_method(), self.url, self.headers)
            if answer is not None:
                self._short = True
                self.transport.write(answer)
                return
        exchange = Exchange(self.transport, self.server_state.default_headers, kept=kept)
        self.scope["extensions"] = {EXCHANGE: exchange}  # type: ignore[dict-item]
        super().on_headers_complete()
        exchange.cycle = self.cycle

    def on_message_complete(self) -> None:
        if not self._short:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        self._heard = self.loop.time()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._watch is not None:
            self._watch.cancel()
        if self._running is not None:
            self._running.lost()

    @property
    def _idle(self) -> bool:
        """Nothing is being answered."""
        cycle: RequestResponseCycle | None = self.cycle  # none before the first, whatever uvicorn's own type says
        return cycle is None or (cycle.response_complete and not self.pipeline)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = exchange_of(cycle.scope)
        super()._start_asgi_task(cycle, app)

    def _look(self) -> None:
        """Whether what is waited for, the rest of a head or another request, has had its time. uvicorn knows no such bound for heads."""
        end = self._heard + self.timeout_keep_alive if self._began is None else self._began + PATIENCE
        left = end - self.loop.time()
        if left <= 0 and (self._began is not None or self._idle):
            self.transport.close()
        else:
            self._watch = self.loop.call_later(left if left > 0 else self.timeout_keep_alive, self._look)
