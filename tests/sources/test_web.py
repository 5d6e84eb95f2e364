"""Answers over HTTP that are none: each is a sentence, in bounded time."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from brightline.sources import web
from brightline.sources.web import NoAnswer, fetch


@contextmanager
def answering(speak: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that reads a request and then says whatever it likes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65_536)
                try:
                    speak(connection)
                except OSError:
                    return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        thread.join(10)


@pytest.mark.parametrize(
    "said",
    [
        b"nonsense\r\n\r\n",
        b"",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab",
        b"HTTP/1.1 500 Oh\r\nContent-Length: 9\r\n\r\nab",
        b"HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\nzz",
    ],
)
def test_an_answer_that_is_none_is_a_sentence(said: bytes) -> None:
    with answering(lambda connection: connection.sendall(said)) as url, pytest.raises(NoAnswer):
        fetch(url)


def test_a_drip_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "PATIENCE", 1)

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n")
        for _ in range(50):
            connection.sendall(b"x")
            time.sleep(0.2)

    began = time.monotonic()
    with answering(drip) as url, pytest.raises(NoAnswer, match="took longer"):
        fetch(url)
    assert time.monotonic() - began < 15
