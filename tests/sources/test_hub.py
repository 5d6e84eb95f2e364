"""hf:// through the real client, against a small recorded server on loopback."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from subprocess import CompletedProcess
from urllib.parse import unquote, urlsplit

import pytest
from tests.servers import served

Run = Callable[..., "CompletedProcess[str]"]
COMMIT = "a" * 40
FILES = {
    "config.json": json.dumps({"model_type": "llama", "architectures": ["LlamaForCausalLM"]}).encode(),
    "README.md": b"---\nlicense: mit\n---\n# A model\n",
}
REPOSITORIES = {
    "models/org/open": FILES,
    "datasets/org/open": {"train.jsonl": b'{"a": 1}\n'},
    "spaces/org/open": {"app.py": b"print(1)\n"},
}


class Hub(BaseHTTPRequestHandler):
    """The answers that huggingface_hub 2.4 needs of a hub for snapshot_download, as recorded on the wire."""

    tokens: list[str | None] = []  # noqa: RUF012 - what clients showed, for the test to see

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, *, body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        Hub.tokens.append(self.headers.get("Authorization"))
        if "/org/gated" in path:
            self.refuse(403, "GatedRepo", "Access to model org/gated is restricted; ask at our desk.", body)
        elif "/org/missing" in path:
            self.refuse(404, "RepoNotFound", "Repository not found", body)
        elif "nosuch" in path:
            self.refuse(404, "RevisionNotFound", "Invalid rev id: nosuch", body)
        elif path.startswith("/api/"):
            self.metadata(path, body)
        else:
            self.file(path, body)

    def metadata(self, path: str, body: bool) -> None:
        key = "/".join(path.split("/")[2:5])
        files = REPOSITORIES.get(key)
        if files is None:
            self.refuse(404, "RepoNotFound", "Repository not found", body)
        elif "/tree/" in path:
            rows = [
                {"type": "file", "path": name, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
                for name, content in files.items()
            ]
            self.send(200, json.dumps(rows).encode(), {"Content-Type": "application/json"}, body)
        else:
            siblings = [{"rfilename": name} for name in files]
            info = {
                "id": key.partition("/")[2],
                "sha": COMMIT,
                "siblings": siblings,
                "private": False,
                "tags": [],
                "sdk": "static",
            }
            self.send(200, json.dumps(info).encode(), {"Content-Type": "application/json"}, body)

    def file(self, path: str, body: bool) -> None:
        parts = path.strip("/").split("/")
        kind = parts[0] if parts[0] in ("datasets", "spaces") else "models"
        org = 1 if parts[0] in ("datasets", "spaces") else 0
        content = REPOSITORIES[f"{kind}/{parts[org]}/{parts[org + 1]}"][parts[-1]]
        etag = hashlib.sha1(content).hexdigest()
        self.send(
            200, content, {"X-Repo-Commit": COMMIT, "ETag": f'"{etag}"', "X-Linked-Size": str(len(content))}, body
        )

    def refuse(self, status: int, code: str, message: str, body: bool) -> None:
        self.send(
            status, json.dumps({"error": message}).encode(), {"X-Error-Code": code, "X-Error-Message": message}, body
        )

    def send(self, status: int, content: bytes, headers: dict[str, str], body: bool) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, *_words: object) -> None:
        return


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with served(Hub) as address:
        yield address


@pytest.fixture
def fetch(brightline: Run, endpoint: str, tmp_path) -> Run:
    """`brightline inspect` with the endpoint, an empty cache, and no token unless one is given."""

    def run(address: str, token: str = "") -> "CompletedProcess[str]":
        surroundings = {
            **os.environ,
            "HF_ENDPOINT": endpoint,
            "HF_HOME": str(tmp_path / "hf"),
            "HF_TOKEN": token,
            "HF_HUB_DISABLE_TELEMETRY": "1",
        }
        return brightline("inspect", address, "--format", "json", env=surroundings)

    return run


@pytest.mark.parametrize(
    ("address", "component"),
    [("hf://org/open", "software"), ("hf://datasets/org/open", "data"), ("hf://spaces/org/open", "software")],
)
def test_the_three_kinds_of_repository(address: str, component: str, fetch: Run) -> None:
    done = fetch(address)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["title"] == f"org/open@{COMMIT[:12]}"
    assert document["components"][component]


def test_a_revision_is_asked_for(fetch: Run) -> None:
    assert fetch("hf://org/open@main").returncode == 0


def test_the_token_is_shown(fetch: Run) -> None:
    Hub.tokens.clear()
    assert fetch("hf://org/open", token="hf_example").returncode == 0
    assert "Bearer hf_example" in Hub.tokens


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("hf://org/gated", "org/gated is gated"),
        ("hf://org/gated", "ask at our desk"),
        ("hf://org/missing", "there is no repository org/missing"),
        ("hf://org/open@nosuch", "has no revision nosuch"),
    ],
)
def test_refusals_say_why(address: str, said: str, fetch: Run) -> None:
    done = fetch(address)
    assert done.returncode == 66
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_hub_that_is_not_there(brightline: Run, tmp_path) -> None:
    surroundings = {
        **os.environ,
        "HF_ENDPOINT": "http://127.0.0.1:9",
        "HF_HOME": str(tmp_path / "hf"),
        "HF_HUB_DOWNLOAD_TIMEOUT": "1",
    }
    done = brightline("inspect", "hf://org/open", env=surroundings)
    assert done.returncode == 66
    assert "could not be fetched" in done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [("HF_ENDPOINT", "ftp://hub"), ("HF_ENDPOINT", "nowhere"), ("HF_TOKEN", "bä"), ("HF_TOKEN", "a\nb")],
)
def test_settings_that_no_request_can_be_made_of(name: str, value: str, brightline: Run) -> None:
    done = brightline("inspect", "hf://org/open", env={**os.environ, name: value})
    assert (done.returncode, name in done.stderr) == (66, True)
    assert len(done.stderr.splitlines()) == 1
