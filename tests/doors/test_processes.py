"""Several hub processes of one office, on one PostgreSQL and one S3: what is said to one holds in the others."""

import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from safetensors.numpy import save_file
from tests.desk.conftest import start
from tests.doors.conftest import client, decide_all, secret
from tests.offices import DECLARED, found, write_model
from tests.servers import free_port, fresh_database, object_store, postgresql

from brightline.assembly.office import Office
from brightline.assembly.ordering import lift_order
from brightline.assembly.seat import is_taken, table_of
from brightline.storage.accounts import tokens

FILE = "model.safetensors"
SIZE = 48 << 20  # more than the sockets on the way hold


class Pair:
    """Two servers of one office, each in a folder of its own, as on two machines."""

    def __init__(self, place: Path, **kept: str) -> None:
        folder = found(place / "one", **kept)
        text = (folder / "office.toml").read_text()
        (folder / "office.toml").write_text(f'downloads = "stream"\n{text}')
        other = place / "two"
        shutil.copytree(folder, other)
        self.office = Office(folder)
        self._places = [(folder, free_port()), (other, free_port())]
        self.addresses = [f"http://127.0.0.1:{port}" for _, port in self._places]
        self.processes = [start(*each) for each in self._places]

    def begin_again(self, number: int) -> None:
        """Once it was killed."""
        self.processes[number].wait(20)
        self.processes[number] = start(*self._places[number])

    def close(self) -> None:
        self.office.close()
        for process in self.processes:
            process.terminate()
            process.wait(20)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    place = tmp_path_factory.mktemp("pair")
    with (
        postgresql(place) as server,
        object_store(place / "s3") as environment,
        pytest.MonkeyPatch.context() as patched,
    ):
        for name, value in environment.items():
            patched.setenv(name, value)
        made = Pair(place, database=fresh_database(server), blobs="s3://blobs/pair")
        yield made
        made.close()


def test_a_push_to_one_is_downloaded_from_the_other(pair: Pair, tmp_path: Path) -> None:
    one, two = pair.addresses
    model = write_model(tmp_path / "model", 1)
    acme = client(one, pair.office, "acme")
    acme.create_repo("acme/pair")
    acme.upload_folder(repo_id="acme/pair", folder_path=model)
    decide_all(pair.office)
    nobody = client(two, pair.office, None)
    folder = nobody.snapshot_download("acme/pair", local_dir=tmp_path / "down")
    assert (Path(folder) / FILE).read_bytes() == (model / FILE).read_bytes()


def test_the_parts_of_one_push_go_through_both(pair: Pair, tmp_path: Path) -> None:
    """A balancer that alternates: every request of a stock client goes to the other process than the one before."""
    place = tmp_path / "large.safetensors"
    rng = np.random.default_rng(9)
    save_file({f"w{number}": rng.random((512, 1024), dtype=np.float32) for number in range(40)}, place)
    with Alternating(pair.addresses, tmp_path) as address:
        acme = client(address, pair.office, "acme")
        acme.create_repo("acme/both")
        acme.upload_file(path_or_fileobj=place, path_in_repo=FILE, repo_id="acme/both")
        acme.upload_file(path_or_fileobj=DECLARED.encode(), path_in_repo="brightline.toml", repo_id="acme/both")
        got = acme.hf_hub_download("acme/both", FILE, local_dir=tmp_path / "down")
    assert hashlib.sha256(Path(got).read_bytes()).digest() == hashlib.sha256(place.read_bytes()).digest()


class Alternating:
    """nginx as a balancer between two hubs, in turn."""

    def __init__(self, addresses: list[str], place: Path) -> None:
        from tests.doors.test_outlets import NGINX

        if NGINX is None:
            pytest.skip("nginx is not installed")
        self._port, place = free_port(), place / "balancer"
        place.mkdir()
        servers = "".join(f"server {one.removeprefix('http://')};" for one in addresses)
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = "".join(f"{kind}_temp_path {place}/{kind};" for kind in kinds)
        location = "location / { proxy_pass http://hubs; proxy_set_header Host $http_host; client_max_body_size 0; }"
        http = f"access_log off; {temporary} upstream hubs {{ {servers} }} server {{ listen 127.0.0.1:{self._port}; {location} }}"
        user = "user root;" if os.geteuid() == 0 else ""
        text = f"{user} daemon off; pid {place}/pid; error_log {place}/errors; worker_processes 1; events {{}} http {{ {http} }}"
        (place / "nginx.conf").write_text(text)
        self._command = [NGINX, "-e", str(place / "errors"), "-c", str(place / "nginx.conf")]

    def __enter__(self) -> str:
        from tests.servers import wait_for

        self._process = subprocess.Popen(self._command)
        wait_for(self._port, self._process)
        return f"http://127.0.0.1:{self._port}"

    def __exit__(self, *_exception: object) -> None:
        self._process.terminate()
        self._process.wait(20)


def big(pair: Pair, name: str, seed: int, size: int = SIZE) -> tuple[str, Any]:
    """A file that takes its time, pushed and decided; its path, and its case."""
    acme = client(pair.addresses[0], pair.office, "acme")
    acme.create_repo(name)
    acme.upload_file(path_or_fileobj=DECLARED.encode(), path_in_repo="brightline.toml", repo_id=name)
    content = np.random.default_rng(seed).bytes(1 << 20) * (size >> 20)
    acme.upload_file(path_or_fileobj=content, path_in_repo="model.bin", repo_id=name)
    return f"{name}/resolve/main/model.bin", decide_all(pair.office)[-1]


@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # of the client's own LFS upload
def test_an_order_said_through_one_cuts_the_stream_of_the_other(pair: Pair) -> None:
    one, two = pair.addresses
    path, case = big(pair, "acme/cut", 5)
    headers = {"Authorization": f"Bearer {secret(pair.office, 'officer', 'orders:write')}"}
    for opened in (one, two):
        said = two if opened == one else one
        with httpx.stream("GET", f"{opened}/{path}") as answer:
            rest = answer.iter_raw(1 << 16)
            next(rest)
            body = {"manifest": case.manifest, "components": ["weights"], "callers": "everybody", "reason": "now"}
            ordered = httpx.post(f"{said}/api/v1/orders", headers=headers, json=body)
            assert ordered.status_code in (200, 201), ordered.text
            assert [httpx.head(f"{each}/{path}").status_code for each in (one, two)] == [403, 403]
            time.sleep(1)
            with pytest.raises(httpx.RemoteProtocolError):
                list(rest)
        lift_order(pair.office, ordered.json()["number"], "over")
        assert [httpx.head(f"{each}/{path}").status_code for each in (one, two)] == [200, 200]


def test_a_token_that_was_revoked_at_one_is_refused_at_the_other(pair: Pair) -> None:
    one, two = pair.addresses
    headers = {"Authorization": f"Bearer {secret(pair.office, 'acme')}"}
    with pair.office.engine.begin() as connection:
        newest = tokens.list_tokens(connection)[-1].identity
    by = {"Authorization": f"Bearer {secret(pair.office, 'officer', 'tokens:write')}"}
    for _ in range(3):
        assert httpx.get(f"{two}/api/whoami-v2", headers=headers).json()["name"] == "acme"
    httpx.delete(f"{one}/api/v1/tokens/{newest}", headers=by).raise_for_status()
    assert httpx.get(f"{two}/api/whoami-v2", headers=headers).status_code == 401


def test_two_machines_never_sit_on_one_seat(pair: Pair) -> None:
    """Jobs that were interrupted are taken up by whoever takes the seat: one that runs elsewhere is left alone."""
    table = table_of(pair.office.settings.folder, pair.office.engine)
    assert [is_taken(table, f"seat-{number}") for number in range(3)] == [True, True, False]


def test_both_write_the_same_log(pair: Pair, tmp_path: Path) -> None:
    """Acts through each in turn: every writer sees what the other wrote, and the log is one."""
    acme = client(pair.addresses[0], pair.office, "acme")
    acme.create_repo("acme/log")
    acme.upload_folder(repo_id="acme/log", folder_path=write_model(tmp_path / "model", 8))
    *_, case = decide_all(pair.office)
    path = "acme/log/resolve/main/" + FILE
    for at in range(6):
        by = {"Authorization": f"Bearer {secret(pair.office, 'officer', 'orders:write')}"}
        body = {"manifest": case.manifest, "components": ["weights"], "callers": "everybody", "reason": f"{at}"}
        ordered = httpx.post(f"{pair.addresses[at % 2]}/api/v1/orders", headers=by, json=body)
        assert ordered.status_code in (200, 201), ordered.text
        assert httpx.head(f"{pair.addresses[(at + 1) % 2]}/{path}").status_code == 403
        lift = f"{pair.addresses[(at + 1) % 2]}/api/v1/orders/{ordered.json()['number']}/lift"
        httpx.post(lift, headers=by, json={"reason": "over"}).raise_for_status()
        assert httpx.head(f"{pair.addresses[at % 2]}/{path}").status_code == 200


@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # of the client's own LFS upload
def test_one_that_is_killed_does_not_disturb_the_other(pair: Pair, tmp_path: Path) -> None:
    two = pair.addresses[1]
    path, _ = big(pair, "acme/alone", 6)
    with httpx.stream("GET", f"{two}/{path}") as answer:
        rest = answer.iter_raw(1 << 16)
        count = len(next(rest))
        os.killpg(pair.processes[0].pid, signal.SIGKILL)
        count += sum(map(len, rest))
    assert count == SIZE
    acme = client(two, pair.office, "acme")
    acme.create_repo("acme/after")
    acme.upload_folder(repo_id="acme/after", folder_path=write_model(tmp_path / "model", 7))
    decide_all(pair.office)
    assert client(two, pair.office, None).hf_hub_download("acme/after", FILE, local_dir=tmp_path / "down")
    pair.begin_again(0)
