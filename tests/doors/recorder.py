"""A hub that only keeps what the stock client sends it by Xet: real traffic, for tests and benchmarks to replay."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi
from tests.servers import served

_XORB = re.compile(r"/cas/v1/xorbs/default/([0-9a-f]{64})")


class _Recorder(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    folder: Path

    def log_message(self, *_words: Any) -> None:
        return

    def _answer(self, status: int, document: Any) -> None:
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        address = f"http://127.0.0.1:{self.server.server_address[1]}"
        if "/xet-write-token/" in self.path:
            self._answer(200, {"casUrl": f"{address}/cas", "accessToken": "t", "exp": 1 << 34})
        else:
            self._answer(404, {"error": "nothing here"})

    def do_POST(self) -> None:
        body = self._body()
        if (xorb := _XORB.fullmatch(self.path)) is not None:
            (self.folder / "xorbs" / xorb[1]).write_bytes(body)
            self._answer(200, {"was_inserted": True})
        elif self.path == "/cas/v1/shards":
            names = self.folder / "shards"
            (names / f"{len(list(names.iterdir())):04}").write_bytes(body)
            self._answer(200, {"result": 1})
        elif "/preupload/" in self.path:
            rows = [
                {"path": one["path"], "uploadMode": "lfs", "shouldIgnore": False} for one in json.loads(body)["files"]
            ]
            self._answer(200, {"files": rows})
        elif "/commit/" in self.path:
            url = f"http://127.0.0.1:{self.server.server_address[1]}/a/b/commit/{'0' * 40}"
            self._answer(200, {"commitUrl": url, "commitOid": "0" * 40})
        else:
            self._answer(404, {"error": "nothing here"})

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        content = bytearray()
        while length := int(self.rfile.readline(), 16):
            content += self.rfile.read(length)
            self.rfile.readline()
        self.rfile.readline()
        return bytes(content)


@contextmanager
def recorder(folder: Path) -> Iterator[str]:
    """Its address; xorbs and shards come to lie in the folder."""
    for name in ("xorbs", "shards"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    with served(type("Recorder", (_Recorder,), {"folder": folder})) as address:
        yield address


def record(subject: Path, folder: Path) -> None:
    """What the stock client sends for one file that it never saw."""
    with recorder(folder) as address:
        api = HfApi(endpoint=address, token="t")
        api.upload_file(path_or_fileobj=subject, path_in_repo="model.safetensors", repo_id="a/b")
