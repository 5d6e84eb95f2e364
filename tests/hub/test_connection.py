"""A connection's own ways: what may be answered again at once, bounds on heads, and long files beside ASGI, which leave it open."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from tests.hub.talking import App, get, nothing, plain, serving, talk

from brightline.hub.transfer import connection
from brightline.hub.transfer.connection import HEAD, LINES
from brightline.hub.transfer.exchange import Exchange, Header, exchange_of, lines
from brightline.release.reader import Unreadable

FAR = 1e9  # a moment that does not come
SAID = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nagain"


def test_what_is_remembered_is_answered_without_the_application() -> None:
    asked = list[tuple[bytes, bytes, list[Header]]]()

    def again(method: bytes, target: bytes, headers: Sequence[Header]) -> bytes | None:
        asked.append((method, target, list(headers)))
        return SAID if target == b"/x?y=1" else None

    said = talk(plain, again, get("/x?y=1", "Accept: a"), get("/z"), get("/x?y=1"), pause=0.1)
    assert asked[0] == (b"GET", b"/x?y=1", [(b"host", b"here"), (b"accept", b"a")])
    assert said.startswith(SAID + b"HTTP/1.1 200 OK")
    assert said.endswith(b"\r\n\r\n/z" + SAID)


@pytest.mark.parametrize(
    "asked",
    [
        get("/x", "Content-Length: 2") + b"{}",
        get("/x", "Transfer-Encoding: chunked") + b"2\r\n{}\r\n0\r\n\r\n",
        get("/x", "Connection: close"),
        get("/x", version="1.0"),
        get("/x", "Expect: 100-continue"),
    ],
)
def test_what_goes_on_or_ends_the_connection_is_for_the_application(asked: bytes) -> None:
    said = talk(plain, lambda *_: SAID, asked, get("/y"), pause=0.1)
    assert b"\r\n\r\n/x" in said
    assert not said.startswith(SAID)


def test_answers_come_in_the_order_of_what_was_asked() -> None:
    """What is asked while another answer is made waits for that one, though its own were known."""

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.2)
        await plain(scope, receive, send)

    said = talk(
        slow, lambda _method, target, _headers: SAID if target == b"/known" else None, get("/a") + get("/known")
    )
    assert said.index(b"\r\n\r\n/a") < said.index(b"\r\n\r\n/known")


def test_a_head_has_bounds() -> None:
    assert talk(plain, nothing, get("/x", *(f"A{n}: b" for n in range(LINES)))).startswith(b"HTTP/1.1 400")
    assert b"/x" in talk(plain, nothing, get("/x", *(f"A{n}: b" for n in range(LINES - 1))))
    long = talk(plain, nothing, b"GET /x HTTP/1.1\r\nA: " + b"b" * HEAD)
    assert long.startswith(b"HTTP/1.1 400 Bad Request")
    assert long.endswith(b"too long.<over>")
    endless = talk(plain, nothing, b"GET /x HTTP/1.1\r\nA: ", *[b"b" * (1 << 20)] * 20)
    assert endless.endswith(b"<over>")


def test_who_says_nothing_or_half_a_head_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 0.3)
    assert talk(plain, nothing, b"", idle=1, pause=0.5) == b"<over>"
    drip = [b"GET /x HTTP/1.1\r\n", b"A: b\r\n", b"C: d\r\n", b"E: f\r\n"]
    assert talk(plain, nothing, *drip, idle=1, pause=0.15) == b"<over>"
    assert talk(plain, lambda *_: SAID, get("/x"), idle=1, pause=0.5) == SAID + b"<over>"


def moving(place: Path, *, start: int, end: int, status: int = 200, wrong: int = 0, whole: bool = True) -> App:
    """Answers with a piece of a file, which says to be `wrong` bytes longer."""

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        exchange = exchange_of(scope)
        assert exchange is not None
        try:
            with place.open("rb") as file:
                await exchange.begin(status, b"content-length: %d\r\n" % (end - start + wrong))
                at = start
                while at < end + wrong:
                    at += await exchange.send(file.fileno(), at, end + wrong - at, FAR)
        except Unreadable:
            exchange.end(whole=False)
            return
        exchange.end(whole=whole)

    return app


def test_a_file_goes_by_the_kernel_and_the_connection_stays(tmp_path: Path) -> None:
    content = os.urandom(24 << 20)  # more than a connection takes at once
    (tmp_path / "file").write_bytes(content)
    app = moving(tmp_path / "file", start=5, end=len(content) - 3, status=206)
    said = talk(app, nothing, get(), get())
    head, _, body = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 206 Partial Content\r\ndate: ")
    assert b"connection" not in head
    assert body.startswith(content[5:-3] + b"HTTP/1.1 206")
    assert body.endswith(content[5:-3])


@pytest.mark.parametrize("asked", [get("/x", "Connection: close"), get("/x", version="1.0")])
def test_who_wants_no_more_is_let_go(asked: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(content := os.urandom(9 << 20))
    said = talk(moving(tmp_path / "file", start=0, end=9 << 20), nothing, asked)
    head, _, body = said.partition(b"\r\n\r\n")
    assert b"\r\nconnection: close\r\n" in head
    assert body == content + b"<over>"


def test_what_is_shorter_than_it_said_ends_the_connection(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"short")
    assert talk(moving(tmp_path / "file", start=0, end=5, wrong=1), nothing, get()).endswith(b"\r\n\r\nshort<over>")
    assert talk(moving(tmp_path / "file", start=0, end=5, whole=False), nothing, get()).endswith(b"short<over>")


@pytest.mark.parametrize("how", ["abort", "close"])
def test_a_client_that_goes_is_noticed_and_nothing_stays_open(how: str, tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as made:
        made.truncate(256 << 20)
    ended = list[BaseException | None]()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            await moving(tmp_path / "file", start=0, end=256 << 20)(scope, receive, send)
        except OSError as trouble:
            ended.append(trouble)
            exchange = exchange_of(scope)
            assert exchange is not None
            exchange.end(whole=False)

    async def main() -> None:
        async with serving(app) as port:
            before = len(os.listdir("/dev/fd"))  # noqa: PTH208
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            writer.write(get())
            await asyncio.sleep(0.3)
            assert not ended, "it is waited for as long as it is there"
            getattr(writer.transport, how)()
            await asyncio.sleep(0.3)
            assert len(ended) == 1
            assert len(os.listdir("/dev/fd")) <= before  # noqa: PTH208

    asyncio.run(main())


def test_a_piece_ends_at_its_moment(tmp_path: Path) -> None:
    """So that whoever sends can ask again whether it may, and one who takes nothing is not asked about."""
    with (tmp_path / "file").open("wb") as made:
        made.truncate(256 << 20)
    sent = list[int]()

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        exchange = exchange_of(scope)
        assert exchange is not None
        with (tmp_path / "file").open("rb") as file:
            await exchange.begin(200, b"")
            for _ in range(3):
                sent.append(await exchange.send(file.fileno(), 0, 256 << 20, 0))
            exchange.end(whole=False)

    assert talk(app, nothing, get()).endswith(b"<over>")
    assert all(0 < one < 256 << 20 for one in sent)


def test_no_header_becomes_two() -> None:
    for line in (b"x\r\nset-cookie: y", b"x\ny", b"x\r"):
        with pytest.raises(ValueError, match="line break"):
            lines([(b"etag", b"x"), (b"etag", line)])
    assert lines([(b"etag", b"x"), (b"x", b"")]) == b"etag: x\r\nx: \r\n"


def test_another_server_has_no_exchange() -> None:
    assert exchange_of({"type": "http"}) is None
    assert exchange_of({"extensions": {"brightline.exchange": "said by somebody"}}) is None
    assert isinstance(
        exchange_of({"extensions": {"brightline.exchange": Exchange(cast("Any", None), [], kept=True)}}), Exchange
    )
