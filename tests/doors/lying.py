"""A source that lies: a small HTTP server on loopback which announces what a test says, and sends what a test says."""

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from tests.servers import served

COMMIT = "c" * 40
GOOD = b"\0weights" * 1_000
Answer = Callable[[BaseHTTPRequestHandler], None]


def row(path: str, content: bytes = GOOD, **more: object) -> dict[str, object]:
    """A file in LFS as a hub lists it."""
    lfs = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
    return {"type": "file", "path": path, "size": len(content), "oid": "0" * 40, "lfs": lfs, **more}


@dataclass
class Lies:
    """`rows` are listed; `files` are sent (bytes, or what is done instead); `asked` is every request with its headers."""

    rows: list[object] = field(default_factory=lambda: [row("model.bin")])
    files: dict[str, bytes | Answer] = field(default_factory=lambda: {"model.bin": GOOD})
    commit: object = COMMIT
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    address: str = ""

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


def send(answer: BaseHTTPRequestHandler, content: bytes, status: int = 200, **headers: str) -> None:
    answer.send_response(status)
    for name, value in {"Content-Length": str(len(content)), **headers}.items():
        answer.send_header(name.replace("_", "-"), value)
    answer.end_headers()
    answer.wfile.write(content)


@contextmanager
def lying(lies: Lies) -> Iterator[str]:
    class Source(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path)
            lies.asked.append((path, {name.lower(): value for name, value in self.headers.items()}))
            with contextlib.suppress(ConnectionError):
                if "/revision/" in path:
                    send(self, json.dumps({"sha": lies.commit}).encode())
                elif "/tree/" in path:
                    send(self, json.dumps(lies.rows).encode())
                else:
                    self.file(path.partition(f"/resolve/{lies.commit}/")[2] or path.lstrip("/"))
            self.close_connection = True

        def file(self, name: str) -> None:
            found = lies.files.get(name)
            if found is None:
                send(self, b"", 404, X_Error_Code="EntryNotFound")
            elif callable(found):
                found(self)
            else:
                send(self, found)

        def log_message(self, *_arguments: object) -> None:
            return

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            return

    with served(Source, Quiet) as lies.address:
        yield lies.address
