"""Odd requests are refused in words, on either database: none is a fault of ours, and none is told to come again."""

import json
import os
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.desk.conftest import start
from tests.doors.conftest import secret
from tests.offices import found
from tests.servers import free_port, fresh_database, postgresql

from brightline.assembly.office import Office

REPO, BATCH = "/api/models/acme/odd", "/acme/odd.git/info/lfs/objects/batch"
LONG, NUL = "9" * 25, "a\0b"
CARD = '---\nlicense: "\\0"\ntags: ["a\\0b", "\\ud800", 1, null, 1e999, 2001-01-01]\npipeline_tag: "\\0"\n---\n'
PLACES = (
    *(f"{REPO}/discussions/{number}" for number in ("0", LONG, "9" * 5_000)),
    f"{REPO}/user-access-request/a%00b",
    "/api/users/a%00b/overview",
    "/api/models/acme/odd%00",
    f"{REPO}/tree/main%00",
    "/acme/odd/resolve/main/a%00b",
    *(f"/api/models?{key}=a%00b" for key in ("search", "author", "filter", "pipeline_tag")),
    f"{REPO}/discussions?author=%00",
    "/device?user_code=%00",
    f"{REPO}/tree/%ED%A0%80",
)
BODIES: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("POST", f"{REPO}/discussions", {"title": NUL, "description": ""}),
    ("POST", f"{REPO}/discussions", {"title": "t", "description": NUL}),
    ("POST", f"{REPO}/discussions/1/comment", {"comment": NUL}),
    ("POST", f"{REPO}/discussions/1/title", {"title": NUL}),
    ("POST", f"{REPO}/discussions/{LONG}/title", {"title": "t"}),
    ("POST", f"{REPO}/discussions/1/comment/a%00b/hide", {}),
    ("POST", f"{REPO}/user-access-request/grant", {"user": NUL}),
    ("POST", f"{REPO}/user-access-request/handle", {"user": NUL, "status": "accepted"}),
    ("POST", f"{REPO}/user-access-request/handle", {"user": ["x"], "status": "accepted"}),
    ("POST", f"{REPO}/ask-access", {"contact": NUL}),
    ("POST", "/api/repos/create", {"name": NUL}),
    ("POST", "/api/repos/create", {"name": "x", "sdk": NUL}),
    ("POST", f"{REPO}/branch/b", {"startingPoint": NUL}),
    ("POST", f"{REPO}/super-squash/main", {"message": NUL}),
    ("POST", f"{REPO}/paths-info/main", {"paths": [NUL]}),
    *(
        ("POST", f"{REPO}/preupload/main", {"files": [{"path": "a", "size": size, "sample": ""}]})
        for size in (1e400, 10**400, -1)
    ),
    *(
        ("POST", BATCH, {"operation": "upload", "objects": [{"oid": "a" * 64, "size": size}]})
        for size in (1 << 63, 10**400, -1)
    ),
)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def hub(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    place = tmp_path_factory.mktemp("odd")
    if request.param == "sqlite":
        yield from serving(place, "sqlite:///office.db")
    else:
        with postgresql(place) as server:
            yield from serving(place, fresh_database(server))


def serving(place: Path, database: str) -> Iterator[httpx.Client]:
    folder = found(place / "office", database=database)
    with Office(folder) as office:
        headers = {"Authorization": f"Bearer {secret(office, 'acme')}"}
    port = free_port()
    process = start(folder, port)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30) as client:
            client.post("/api/repos/create", json={"name": "odd"}).raise_for_status()
            client.post(f"{REPO}/discussions", json={"title": "t", "description": ""}).raise_for_status()
            yield client
    finally:
        os.killpg(process.pid, 15)
        process.wait(20)


def refused(answer: httpx.Response) -> None:
    assert 400 <= answer.status_code < 429, (answer.request.url, answer.status_code)
    assert answer.json()["error"]


@pytest.mark.parametrize("path", PLACES)
def test_odd_addresses(hub: httpx.Client, path: str) -> None:
    refused(hub.get(path))


@pytest.mark.parametrize(("method", "path", "body"), BODIES)
def test_odd_bodies(hub: httpx.Client, method: str, path: str, body: dict[str, object]) -> None:
    refused(hub.request(method, path, content=json.dumps(body)))


@pytest.mark.parametrize("number", [[], {}, "1", True, 10**30, None])
def test_parts_that_are_numbered_oddly(hub: httpx.Client, number: object) -> None:
    wanted = {"operation": "upload", "transfers": ["multipart"], "objects": [{"oid": "a" * 64, "size": 300 << 20}]}
    upload = hub.post(BATCH, json=wanted).json()["objects"][0]["actions"]["upload"]
    refused(hub.put(f"{upload['href']}/{LONG}", content=b""))
    refused(hub.post(upload["href"], json={"oid": "a" * 64, "parts": [{"partNumber": number, "etag": "x"}]}))


def test_a_card_of_odd_letters_is_kept_and_listed(hub: httpx.Client) -> None:
    """It is its owner's; nothing of it stands in the way of a commit."""
    lines = [
        {"key": "header", "value": {"summary": "card"}},
        {
            "key": "file",
            "value": {"path": "README.md", "content": b64encode(CARD.encode()).decode(), "encoding": "base64"},
        },
    ]
    content = "\n".join(map(json.dumps, lines))
    assert hub.post(f"{REPO}/commit/main", content=content).status_code == 200
    assert hub.get(REPO).status_code == 200
    assert [one["id"] for one in hub.get("/api/models").json()] == ["acme/odd"]


def test_text_that_only_speaks_of_nul_is_taken(hub: httpx.Client) -> None:
    assert (
        hub.post(f"{REPO}/discussions", json={"title": "\\u0000 in JSON", "description": "\u00e9"}).status_code == 200
    )
