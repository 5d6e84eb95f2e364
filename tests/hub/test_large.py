"""Files that are larger than what clients fetch by HTTP when they are told how large."""

import asyncio
import base64
import json

import httpx
from tests.desk.conftest import token
from tests.offices import found

from brightline.assembly.hosting.hosting import Hosting
from brightline.assembly.office import Office
from brightline.hub.application import make_hub
from brightline.hub.routes import files
from brightline.release.repository import Kind, RepoName

CONTENT = b"larger than the largest"


def test_who_asks_how_large_a_very_large_file_is_is_not_told(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(files, "TOLD", len(CONTENT) - 1)
    with Office(found(tmp_path / "office")) as office:
        head, whole = asyncio.run(asked(office))
    assert "x-linked-size" not in head
    assert "content-length" not in head
    assert {"x-repo-commit", "etag", "x-linked-etag"} <= set(head)
    assert (whole.headers["content-length"], whole.content) == (str(len(CONTENT)), CONTENT)


async def asked(office: Office) -> tuple[httpx.Headers, httpx.Response]:
    hosting = Hosting(office)
    headers = token(office, "acme", "hub:read", "hub:write")
    transport = httpx.ASGITransport(make_hub(hosting))
    async with httpx.AsyncClient(transport=transport, base_url="http://hub", headers=headers) as client:
        await client.post("/api/repos/create", json={"name": "one", "type": str(Kind.MODEL)})
        lines = [
            {"key": "header", "value": {"summary": "one"}},
            {
                "key": "file",
                "value": {"path": "w.gguf", "content": base64.b64encode(CONTENT).decode(), "encoding": "base64"},
            },
        ]
        content = "\n".join(map(json.dumps, lines))
        sent = {"Content-Type": "application/x-ndjson"}
        (await client.post("/api/models/acme/one/commit/main", content=content, headers=sent)).raise_for_status()
        url = f"/{RepoName(Kind.MODEL, 'acme', 'one')}/resolve/main/w.gguf"
        return (await client.head(url)).headers, await client.get(url)
