"""A server process that is told to end: it does, soon and without a word, whoever is connected."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.desk.conftest import start
from tests.offices import found
from tests.servers import free_port


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_when_it_is_told_to(told: signal.Signals, tmp_path: Path) -> None:
    place, port = found(tmp_path / "office"), free_port()
    process = start(place, port)
    with socket.create_connection(("127.0.0.1", port)) as idle, socket.create_connection(("127.0.0.1", port)) as half:
        half.sendall(b"GET /api/v1/office HTTP/1.1\r\nHost: he")
        idle.settimeout(20)
        process.send_signal(told)
        assert process.wait(20) == 0
        assert idle.recv(1) == b""
    assert "interrupted" not in (place / "serve.log").read_text()


def test_a_port_that_is_taken_is_not_shared(tmp_path: Path) -> None:
    place = found(tmp_path / "office")
    process = start(place, port := free_port())
    command = [str(Path(sys.executable).with_name("brightline")), "serve", "--office", str(place), "--port", str(port)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    finally:
        process.terminate()
        process.wait(20)
    assert done.returncode != 0
    assert f"nobody can listen on 127.0.0.1:{port}" in done.stderr
