"""What was answered is answered again while nothing has changed.

An answer follows from the request and from what the office's database holds. So it is kept with the name of that state, which is asked
for anew with every request, and which every commit of every process changes; and for a second at most, because terms end by the clock.
No decision outlives what it was made from: an order bites at the next request (Law 8).
"""

from collections.abc import Awaitable, Callable, Collection, Hashable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from brightline.hub.host import Host, Turned
from brightline.hub.transfer.exchange import Header, exchange_of

ROOM = 32 << 20  # bytes of answers that are kept at once
SIZE = 256 << 10  # of one answer
LITTLE = 1 << 10  # what anything else is taken to be
ASKED = frozenset(
    {b"authorization", b"host", b"x-forwarded-proto", b"if-none-match", b"if-range", b"range"}
)  # what answers look at
CALLER = frozenset({b"authorization"})  # what says who asks
_SHELF, _ACTED = "brightline.shelf", "brightline.acted"
Way = Callable[[Request], Awaitable[ASGIApp]]


class Shelf:
    """What is kept of one state."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, Any] = {}
        self._room = ROOM

    def get(self, key: Hashable) -> Any:
        return self._kept.get(key)

    def put(self, key: Hashable, what: Any, size: int) -> None:
        size += _weight(key)
        if size <= min(SIZE, self._room):
            self._room -= size
            self._kept[key] = what


class _Answer(NamedTuple):
    """In ASGI's messages; and in its bytes, where the connection can be told them."""

    first: Message
    rest: Message
    written: bytes | None

    @property
    def size(self) -> int:
        return len(self.written or b"") + len(self.rest.get("body", b""))


def _answer(scope: Scope, first: Message, rest: Message) -> _Answer:
    exchange, body = exchange_of(scope), b"" if scope["method"] == "HEAD" else rest.get("body", b"")
    if exchange is None or not any(name == b"content-length" for name, _ in first["headers"]):
        return _Answer(first, rest, None)
    return _Answer(first, rest, exchange.whole(first["status"], first["headers"], body))


class Remembering:
    """`pure` are the endpoints that only look."""

    def __init__(self, app: ASGIApp, host: Host, pure: frozenset[Callable[..., object]]) -> None:
        self._app, self._host, self._pure = app, host, pure
        self._state: Hashable | None = None
        self._shelf = Shelf()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        shelf = await self._current() if scope["method"] in ("GET", "HEAD") else None
        if shelf is None:
            await self._app(scope, receive, send)
            return
        asked = _asked(scope)
        key = _key(*asked)
        kept: _Answer | None = shelf.get(key)
        if kept is not None:
            await send(kept.first)
            await send(kept.rest)
            return
        scope[_SHELF] = shelf
        way: tuple[object, Way] | None = shelf.get(_place(*asked))
        app = self._app
        if way is not None:
            scope["endpoint"] = way[0]
            with suppress(Turned):  # then it is asked from the beginning, and refused there
                app = await way[1](Request(scope, receive))
        await app(scope, receive, self._keeping(scope, shelf, key, send))

    def again(self, method: bytes, target: bytes, headers: Sequence[Header]) -> bytes | None:
        """The answer in its bytes that may be given again to this, where that can be told at once."""
        state = self._host.state_at_once()
        kept: _Answer | None = (
            None if state is None or state != self._state else self._shelf.get(_key(method, target, headers))
        )
        return None if kept is None else kept.written

    async def _current(self) -> Shelf | None:
        """Asked before anything is looked up: what was found is then at least as new as the name it is kept under."""
        state = self._host.state_at_once()
        if state is None:
            state = await self._host.state()
        if state is None:
            return None
        if state != self._state:
            self._state, self._shelf = state, Shelf()
        return self._shelf

    def _keeping(self, scope: Scope, shelf: Shelf, key: Hashable, send: Send) -> Send:
        """An answer in one piece, by an endpoint that only looked, which is no fault of ours."""
        first: Message | None = None

        async def keep(message: Message) -> None:
            nonlocal first
            if message["type"] == "http.response.start":
                first = message
            else:
                if first is not None and not message.get("more_body") and self._looked(scope, first):
                    shelf.put(key, answer := _answer(scope, first, message), LITTLE + answer.size)
                first = None
            await send(message)

        return keep

    def _looked(self, scope: Scope, first: Message) -> bool:
        return scope.get("endpoint") in self._pure and _ACTED not in scope and first["status"] < 500


def _weight(key: Hashable) -> int:
    """Addresses and headers are as long as whoever asks makes them."""
    parts = key if isinstance(key, tuple) else ()
    return sum(len(part) if isinstance(part, (str, bytes)) else _weight(part) for part in parts)


def _asked(scope: Scope) -> tuple[bytes, bytes, Sequence[Header]]:
    """Method, target and headers, as a connection reads them."""
    target, query = scope["raw_path"].partition(b"?")[0], scope["query_string"]
    return scope["method"].encode(), target + b"?" + query if query else target, scope["headers"]


def _key(method: bytes, target: bytes, headers: Sequence[Header], looked: Collection[bytes] = ASKED) -> Hashable:
    return method, target, *[header for header in headers if header[0] in looked]


def _place(_method: bytes, target: bytes, headers: Sequence[Header]) -> Hashable:
    """Of what is found for an address and a caller, whichever part of it is asked for."""
    return _key(b"", target, headers, CALLER)


def acted(request: Request) -> None:
    """Something is done for this request: its answer is for once."""
    request.scope[_ACTED] = True


def ready(request: Request, way: Way) -> Way:
    """What an endpoint found is so for the same address and caller in the same state: they are answered this way, and it is not asked again."""
    shelf: Shelf | None = request.scope.get(_SHELF)
    if shelf is not None:
        shelf.put(_place(*_asked(request.scope)), (request.scope["endpoint"], way), LITTLE)
    return way
