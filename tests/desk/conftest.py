import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.offices import decided, examined, file_case, found, write_model
from tests.servers import free_port

from brightline.assembly.office import Office
from brightline.storage.accounts import tokens

EVERYTHING = frozenset(tokens.SCOPES)


def token(office: Office, holder: str, *scopes: str) -> dict[str, str]:
    """Headers of a fresh token."""
    with office.engine.begin() as connection:
        secret, _ = tokens.create_token(connection, holder, holder, frozenset(scopes), office.clock(), None)
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Case 1 in force, case 2 tendered; both by acme."""
    place = tmp_path_factory.mktemp("desk")
    folder = found(place / "office")
    with Office(folder) as opened:
        file_case(opened, write_model(place / "one"))
        examined(opened, 1)
        decided(opened, 1)
        file_case(opened, write_model(place / "two", 2))
        yield opened


def start(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    """A real server process; ready when this returns."""
    command = [str(Path(sys.executable).with_name("brightline")), "serve", "--office", str(folder), "--port", str(port)]
    with (folder / "serve.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ}, start_new_session=True)
    with httpx.Client() as client:
        for _ in range(6_000):  # a busy machine takes its time
            if process.poll() is not None:
                break
            try:
                client.get(f"http://127.0.0.1:{port}/api/v1/office")
            except httpx.TransportError:
                time.sleep(0.02)
                continue
            return process
    raise RuntimeError((folder / "serve.log").read_text())


@pytest.fixture(scope="module")
def address(office: Office) -> Iterator[str]:
    port = free_port()
    process = start(office.settings.folder, port)
    yield f"http://127.0.0.1:{port}"
    os.killpg(process.pid, 15)
    process.wait(20)
