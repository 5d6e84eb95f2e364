"""Bodies that are read beside ASGI: whole, in order, and never into the next request."""

import asyncio
import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect, Request
from tests.hub.talking import App, get, nothing, serving, talk

from brightline.hub.transfer.body import Body

LONG = 3 << 20


def taking(heard: list[Any], most: int | None = None, room: int = 1 << 20) -> App:
    """Answers with how many bytes of its body it read: all, or as many as were enough for it."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        came = bytearray()
        into = bytearray(room)
        with Body(Request(scope, receive)) as body:
            try:
                while (most is None or len(came) < most) and (length := await body.read(memoryview(into))):
                    came += into[:length]
            except ClientDisconnect as gone:
                heard.append(gone)
                return
        heard.append(bytes(came))
        said = b"%d" % len(came)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(said))]})
        await send({"type": "http.response.body", "body": said})

    return app


def put(body: bytes, *headers: str) -> bytes:
    return get("/x", f"Content-Length: {len(body)}", *headers, method="PUT") + body


def bodies(said: bytes) -> list[bytes]:
    return [one.partition(b"\r\n\r\n")[2] for one in said.removesuffix(b"<over>").split(b"HTTP/1.1 200 OK")[1:]]


@given(st.lists(st.integers(0, LONG), min_size=1, max_size=4), st.integers(1, 1 << 21), st.booleans())
@settings(max_examples=15, deadline=None)
def test_every_body_is_whole_and_what_follows_is_the_next_request(sizes: list[int], room: int, at_once: bool) -> None:
    sent, heard = [os.urandom(size) for size in sizes], list[Any]()
    asked = [put(one) for one in sent[:-1]] + [put(sent[-1], "Connection: close")]
    said = talk(taking(heard, room=max(room, LONG // 100)), nothing, *([b"".join(asked)] if at_once else asked))
    assert heard == sent
    assert bodies(said) == [b"%d" % size for size in sizes]


def test_what_is_not_wanted_of_a_body_is_passed_over() -> None:
    heard = list[Any]()
    said = talk(taking(heard, most=1), nothing, put(os.urandom(LONG)), put(b"next"))
    assert len(bodies(said)) == 2
    assert len(heard[0]) < LONG
    assert heard[1] == b"next"


def test_who_asks_first_whether_it_may_send_is_told_so() -> None:
    heard, body = list[Any](), os.urandom(LONG)
    said = talk(taking(heard), nothing, get("/x", f"Content-Length: {LONG}", "Expect: 100-continue"), body, pause=0.1)
    assert said.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")
    assert heard == [body]


def test_a_body_of_unknown_length_comes_by_asgi() -> None:
    heard, piece = list[Any](), os.urandom(1 << 20)
    chunk = b"%x\r\n" % len(piece) + piece + b"\r\n"
    head = get("/x", "Transfer-Encoding: chunked", method="PUT")
    said = talk(taking(heard), nothing, head + chunk * 3 + b"0\r\n\r\n" + put(b"next"))
    assert heard == [piece * 3, b"next"]
    assert len(bodies(said)) == 2


def test_half_a_body_is_answered_by_nothing() -> None:
    """Not even where its sender still listens; and an application that answers what is no request any more is not heard."""
    heard = list[Any]()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await taking(heard)(scope, receive, send)
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body", "body": b"our fault"})

    async def main() -> bytes:
        async with serving(app) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(put(os.urandom(LONG))[: LONG // 2])
            writer.write_eof()
            said = await asyncio.wait_for(reader.read(), 5)
            writer.close()
            return said

    assert asyncio.run(main()) == b""
    assert isinstance(heard[0], ClientDisconnect)


@pytest.mark.parametrize("how", ["abort", "close"])
def test_a_client_that_goes_is_noticed_and_nothing_stays_open(how: str) -> None:
    heard = list[Any]()

    async def main() -> None:
        async with serving(taking(heard)) as port:
            before = len(os.listdir("/dev/fd"))  # noqa: PTH208
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(put(os.urandom(LONG))[:-1])
            await asyncio.sleep(0.3)
            assert not heard, "it is waited for as long as it is there"
            getattr(writer.transport, how)()
            await asyncio.sleep(0.3)
            assert isinstance(heard[0], ClientDisconnect)
            assert len(os.listdir("/dev/fd")) <= before  # noqa: PTH208

    asyncio.run(main())


def test_few_bytes_at_a_time_come_too() -> None:
    heard, body = list[Any](), os.urandom(300_000)
    talk(taking(heard), nothing, put(body)[:-5], body[-5:-3], body[-3:], pause=0.05)
    assert heard == [body]
