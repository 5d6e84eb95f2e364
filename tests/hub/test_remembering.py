"""What is remembered of answers is bounded, whatever is asked; and it is told as long as nothing has changed, and no longer."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest
from starlette.requests import Request
from starlette.responses import Response

from brightline.hub.remembering import ASKED, LITTLE, ROOM, Remembering, Shelf, ready
from brightline.hub.transfer.exchange import EXCHANGE, Exchange, Header


def test_long_addresses_take_the_room_that_they_need() -> None:
    shelf, kept = Shelf(), 0
    for number in range(3 * ROOM // (64 << 10)):
        key = ("GET", "/api/models", b"search=" + b"x" * (64 << 10) + str(number).encode())
        shelf.put(key, number, LITTLE)
        kept += shelf.get(key) is not None
    assert 0 < kept <= ROOM // (64 << 10)


class _Named:
    """A host whose state is told."""

    def __init__(self) -> None:
        self.name: str | None = "first"

    async def state(self) -> str | None:
        return self.name

    def state_at_once(self) -> str | None:
        return self.name


async def pure(scope: Any, _receive: Any, send: Any) -> None:
    scope["endpoint"] = pure
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
    await send({"type": "http.response.body", "body": b"said"})


async def nobody() -> Any:
    raise AssertionError


def asked(path: str = "/x", query: bytes = b"", headers: Sequence[Header] = (), method: str = "GET") -> Any:
    exchange = Exchange(cast("Any", None), [(b"date", b"now")], kept=True)
    target = {"raw_path": path.encode(), "path": path, "query_string": query}
    return {"method": method, "headers": list(headers), "extensions": {EXCHANGE: exchange}, **target}


def remembering() -> tuple[Remembering, _Named, Callable[[Any], None]]:
    host, sent = _Named(), list[Any]()
    made = Remembering(pure, cast("Any", host), frozenset({pure}))

    async def send(message: Any) -> None:
        sent.append(message)

    return made, host, lambda scope: asyncio.run(made(scope, nobody, send))


def test_an_answer_is_told_in_its_bytes_while_nothing_has_changed() -> None:
    made, host, ask = remembering()
    assert made.again(b"GET", b"/x", []) is None
    ask(asked())
    whole = b"HTTP/1.1 200 OK\r\ndate: now\r\ncontent-length: 4\r\n\r\nsaid"
    assert made.again(b"GET", b"/x", [(b"x-amzn-trace-id", b"one of many")]) == whole
    host.name = None
    assert made.again(b"GET", b"/x", []) is None, "the state cannot be told"
    host.name = "second"
    assert made.again(b"GET", b"/x", []) is None, "something has changed"
    host.name = "first"
    assert made.again(b"GET", b"/x", []) == whole


@pytest.mark.parametrize("header", sorted(ASKED))
def test_what_answers_look_at_is_asked_for(header: bytes) -> None:
    made, _, ask = remembering()
    ask(asked(headers=[(header, b"one")]))
    assert made.again(b"GET", b"/x", [(header, b"one")]) is not None
    assert made.again(b"GET", b"/x", [(header, b"two")]) is None
    assert made.again(b"GET", b"/x", []) is None


def test_another_target_or_method_is_another_question() -> None:
    made, _, ask = remembering()
    ask(asked(query=b"a=1"))
    assert made.again(b"GET", b"/x?a=1", []) is not None
    assert {made.again(b"GET", target, []) for target in (b"/x", b"/x?a=2", b"/x?", b"/X?a=1")} == {None}
    assert made.again(b"HEAD", b"/x?a=1", []) is None
    ask(asked(method="HEAD"))
    assert (made.again(b"HEAD", b"/x", []) or b"").endswith(b"content-length: 4\r\n\r\n"), "a HEAD has no body"


def test_what_another_server_sends_has_no_bytes_of_ours() -> None:
    made, _, ask = remembering()
    ask(asked() | {"extensions": {}})
    assert made.again(b"GET", b"/x", []) is None


def test_what_was_found_is_handed_out_again_to_the_same_caller_until_something_changes() -> None:
    """Of any part of it, which the endpoint is not asked for again."""
    found, host, sent = list[Any](), _Named(), list[Any]()

    async def handed(request: Request) -> Response:
        return Response(request.headers.get("range", "all of it"))

    async def find(scope: Any, receive: Any, send: Any) -> None:
        found.append(scope["headers"])
        scope["endpoint"] = find
        await (await ready(Request(scope, receive), handed)(Request(scope, receive)))(scope, receive, send)

    made = Remembering(find, cast("Any", host), frozenset({find}))

    async def send(message: Any) -> None:
        sent.append(message)

    def ask(*headers: Header, path: str = "/x") -> bytes:
        asyncio.run(made(asked(path, headers=headers) | {"type": "http"}, nobody, send))
        body: bytes = sent[-1]["body"]
        return body

    somebody = (b"authorization", b"Bearer one")
    assert ask((b"range", b"bytes=0-1")) == b"bytes=0-1"
    assert ask((b"range", b"bytes=2-3")) == b"bytes=2-3"
    assert ask() == b"all of it"
    assert len(found) == 1
    ask(somebody)
    ask(path="/y")
    host.name = "second"
    ask((b"range", b"bytes=2-3"))
    assert len(found) == 4
