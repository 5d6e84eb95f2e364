"""Long downloads of a real server: the kernel moves them, and an order still cuts them."""

import hashlib
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.doors.conftest import client, decide_all
from tests.offices import write_model

from brightline.assembly.office import Office
from brightline.assembly.ordering import issue_order, lift_order
from brightline.hub.transfer.sending import MANY
from brightline.release.component import Component

SIZE = 40 << 20  # more than the sockets on the way hold
NAME = "acme/long"


@pytest.fixture(scope="module")
def content() -> bytes:
    return os.urandom(SIZE)


@pytest.fixture(scope="module")
def manifest(address: str, office: Office, content: bytes, tmp_path_factory: pytest.TempPathFactory) -> str:
    acme, model = client(address, office, "acme"), write_model(tmp_path_factory.mktemp("model") / "model", 41)
    (model / "big.bin").write_bytes(content)
    acme.create_repo(NAME)
    acme.upload_folder(repo_id=NAME, folder_path=model)
    (case,) = decide_all(office, weights="gated")
    return case.manifest


@pytest.fixture
def http(address: str, office: Office, manifest: str) -> Iterator[httpx.Client]:
    secret = client(address, office, "acme").token
    with httpx.Client(base_url=f"{address}/{NAME}/resolve/main", headers={"Authorization": f"Bearer {secret}"}) as made:
        yield made


def test_the_same_head_whichever_way_the_bytes_take(http: httpx.Client, content: bytes) -> None:
    head, short, whole = (
        http.head("/big.bin"),
        http.get("/big.bin", headers={"Range": "bytes=0-9"}),
        http.get("/big.bin"),
    )
    told = [{key: value for key, value in one.headers.items() if key != "date"} for one in (head, whole)]
    assert told[0] == told[1]
    assert {"date", "x-repo-commit"} <= short.headers.keys() & whole.headers.keys()
    assert whole.content == content
    assert whole.headers["etag"].strip('"') == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("start", "end"),
    [(0, MANY), (0, MANY - 1), (1, MANY + 1), (SIZE - MANY, SIZE), (SIZE - MANY - 7, SIZE - 3), (5, SIZE)],
)
def test_any_stretch_is_what_was_asked_for(http: httpx.Client, content: bytes, start: int, end: int) -> None:
    """Two after each other over one connection."""
    for _ in range(2):
        answer = http.get("/big.bin", headers={"Range": f"bytes={start}-{end - 1}"})
        assert answer.status_code == 206
        assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{SIZE}"
        assert answer.content == content[start:end]


def test_a_client_of_the_first_version_is_served(http: httpx.Client, content: bytes) -> None:
    with _asked(http, "1.0") as connection:
        assert _rest(connection).partition(b"\r\n\r\n")[2] == content


def _rest(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(1 << 20), b""))


def _asked(http: httpx.Client, version: str = "1.1") -> socket.socket:
    connection = socket.create_connection((http.base_url.host, http.base_url.port or 80), timeout=20)
    lines = [f"GET {http.base_url.path}big.bin HTTP/{version}", f"Host: {http.base_url.host}"]
    lines += [f"Authorization: {http.headers['authorization']}", "", ""]
    connection.sendall("\r\n".join(lines).encode())
    return connection


def test_a_client_that_took_nothing_gets_no_more_after_an_order(
    http: httpx.Client, office: Office, manifest: str
) -> None:
    """What lay in the kernel's queue when the order fell still comes; nothing is added to it."""
    with _asked(http) as connection:
        got = len(connection.recv(1))
        time.sleep(1)
        order = issue_order(office, manifest, (Component.WEIGHTS,), "everybody", "now", None)
        got += len(_rest(connection))
        lift_order(office, order.order.number, "over")
    assert 0 < got < SIZE // 2


def test_clients_that_go_leave_nothing_open(http: httpx.Client, address: str) -> None:
    before = _open(address)
    for _ in range(5):
        with _asked(http) as connection:
            connection.recv(1)
    time.sleep(1)
    assert _open(address) <= before


def _open(address: str) -> set[str]:
    """The connections that the server has not ended: established, or closed by the client alone."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ours = f":{httpx.URL(address).port:04X}"
    return {remote for _, local, remote, state, *_ in lines if local.endswith(ours) and state in ("01", "08")}
