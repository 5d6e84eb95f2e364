"""Answers that are written to the connection itself: the right one of many, whole or cut, and nothing where it cannot be had."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from brightline.hub import connection
from brightline.hub.connection import Connection, take
from brightline.release.reader import Unreadable

Work = Callable[[asyncio.StreamReader, Connection], Coroutine[Any, Any, None]]


def scope(client: tuple[str, int], port: int, version: str = "1.1") -> dict[str, Any]:
    """As granian says it: ports are text."""
    return {"http_version": version, "client": (client[0], str(client[1])), "server": ("0.0.0.0", str(port))}  # noqa: S104


def descriptors() -> set[str]:
    return {place.name for place in Path("/dev/fd").iterdir()}


async def disconnected() -> dict[str, str]:
    return {"type": "http.disconnect"}


async def send_all(found: Connection, file: int, at: int, length: int) -> None:
    sent = 0
    while sent < length:
        sent += await found.send(file, at + sent, length - sent)


@asynccontextmanager
async def clients_of(
    host: str, count: int
) -> AsyncIterator[tuple[int, list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]]:
    """A port, and so many who are connected to it."""
    held, all_held = list[asyncio.StreamWriter](), asyncio.Event()

    def hold(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)
        if len(held) == count:
            all_held.set()

    server = await asyncio.start_server(hold, host, 0)
    port = server.sockets[0].getsockname()[1]
    clients = [await asyncio.open_connection(host, port) for _ in range(count)]
    await all_held.wait()
    try:
        yield port, clients
    finally:
        for writer in (*held, *(writer for _, writer in clients)):
            writer.close()
        server.close()


def joined(work: Work, host: str = "127.0.0.1") -> None:
    """`work` with a client's end, and with the server's end as it was found among others to the same port."""

    async def main() -> None:
        async with clients_of(host, 3) as (port, clients):
            reader, writer = clients[1]
            found = take(scope(writer.get_extra_info("sockname")[:2], port))
            assert found is not None
            try:
                await work(reader, found)
            finally:
                found.close()

    asyncio.run(main())


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_an_answer_reaches_who_asked(host: str, tmp_path: Path) -> None:
    content = os.urandom(24 << 20)  # more than a connection takes at once
    (tmp_path / "file").write_bytes(content)

    async def work(reader: asyncio.StreamReader, found: Connection) -> None:
        async def answer() -> None:
            with (tmp_path / "file").open("rb") as file:
                await found.begin(206, [(b"content-length", b"7")])
                await send_all(found, file.fileno(), 5, len(content) - 5)
                await found.end(disconnected)

        answering = asyncio.create_task(answer())
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        await answering
        assert head.startswith(b"HTTP/1.1 206 Partial Content\r\ncontent-length: 7\r\ndate: ")
        assert head.endswith(b"\r\nconnection: close")
        assert body == content[5:]

    joined(work, host)


def test_what_is_closed_early_ends_for_the_client_too() -> None:
    async def work(reader: asyncio.StreamReader, found: Connection) -> None:
        await found.begin(200, [(b"content-length", b"100")])
        found.close()
        assert (await reader.read()).endswith(b"\r\n\r\n")

    joined(work)


def test_a_file_that_is_shorter_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"short")

    async def work(_reader: asyncio.StreamReader, found: Connection) -> None:
        with (tmp_path / "file").open("rb") as file, pytest.raises(Unreadable):
            await send_all(found, file.fileno(), 0, 6)

    joined(work)


def test_a_client_that_takes_nothing_can_be_given_up(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as made:
        made.truncate(64 << 20)

    async def work(reader: asyncio.StreamReader, found: Connection) -> None:
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        with (tmp_path / "file").open("rb") as file, pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await send_all(found, file.fileno(), 0, 64 << 20)
        assert not asyncio.get_running_loop().remove_writer(found._socket), "it is still waited for"

    joined(work)


def test_a_client_that_is_gone_is_said(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as made:
        made.truncate(64 << 20)

    async def work(reader: asyncio.StreamReader, found: Connection) -> None:
        reader._transport.abort()  # type: ignore[attr-defined]
        with (tmp_path / "file").open("rb") as file, pytest.raises(OSError):  # noqa: PT011 - which one depends on the moment
            await send_all(found, file.fileno(), 0, 64 << 20)

    joined(work)


def test_a_client_that_does_not_close_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "LINGER", 0.2)

    async def never() -> dict[str, str]:
        await asyncio.Event().wait()
        raise AssertionError

    async def work(_reader: asyncio.StreamReader, found: Connection) -> None:
        async with asyncio.timeout(5):
            await found.end(never)

    joined(work)


def test_no_header_becomes_two() -> None:
    async def work(reader: asyncio.StreamReader, found: Connection) -> None:
        with pytest.raises(ValueError, match="line break"):
            await found.begin(200, [(b"etag", b"x\r\nset-cookie: y")])
        found.close()
        assert await reader.read() == b""

    joined(work)


@pytest.mark.parametrize("odd", ["version", "client", "port", "nobody"])
def test_what_is_not_ours_is_not_taken(odd: str) -> None:
    async def main() -> None:
        async with clients_of("127.0.0.1", 1) as (port, [(_, writer)]):
            asked = scope(writer.get_extra_info("sockname"), port)
            asked |= {
                "version": {"http_version": "2"},
                "client": {"client": ("127.0.0.1", "1")},
                "port": {"server": ("127.0.0.1", str(port + 1))},
                "nobody": {"client": None},
            }[odd]
            before = descriptors()
            assert take(asked) is None
            assert descriptors() <= before, "one stays open"

    asyncio.run(main())
