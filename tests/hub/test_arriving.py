"""Bodies on their way in: who dawdles is told so, and holds up nobody for ever."""

import asyncio
import hashlib
import json
import time
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from tests.desk.conftest import token
from tests.offices import found

from brightline.assembly.hosting.hosting import Hosting
from brightline.assembly.office import Office
from brightline.hub import asking
from brightline.hub.application import make_hub
from brightline.hub.host import Account
from brightline.hub.routes import catalogue
from brightline.hub.transfer import arriving
from brightline.release.repository import Kind, RepoName
from brightline.storage.blobs import direct

ACME = Account("acme", "t", frozenset({"hub:read", "hub:write"}))
ZETA = replace(ACME, name="zeta")
NAME = RepoName(Kind.MODEL, "acme", "one")
CONTENT = b"whole"


@pytest.fixture
def hosting(tmp_path):
    with Office(found(tmp_path / "office")) as office:
        opened = Hosting(office)
        opened.create(ACME, NAME, {})
        yield opened


def link(hosting: Hosting, by: Account = ACME) -> str:
    wanted, name = {"oid": hashlib.sha256(CONTENT).hexdigest(), "size": len(CONTENT)}, replace(NAME, namespace=by.name)
    return f"/lfs/{hosting.wanted(by, name, 'main', [wanted])[0][2]}"


async def dawdling(forever: asyncio.Event) -> AsyncIterator[bytes]:
    yield CONTENT[:1]
    await forever.wait()


async def dripping() -> AsyncIterator[bytes]:
    for _ in range(10_000):
        yield b""
        await asyncio.sleep(0.01)


def test_who_sends_nothing_is_told_so_and_the_next_one_has_its_turn(hosting, monkeypatch) -> None:
    monkeypatch.setattr(arriving, "SPAN", 0.3)
    asyncio.run(crowded(hosting))


def test_who_sends_slowly_has_not_every_turn(hosting) -> None:
    hosting.create(ZETA, RepoName(Kind.MODEL, "zeta", "one"), {})
    asyncio.run(shared(hosting))


async def shared(hosting: Hosting) -> None:
    transport = httpx.ASGITransport(make_hub(hosting))
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
        forever = asyncio.Event()
        slow = [
            asyncio.create_task(client.put(link(hosting), content=dawdling(forever)))
            for _ in range(2 * arriving.AT_ONCE)
        ]
        await asyncio.sleep(0.05)
        url = link(hosting, ZETA)
        assert (await asyncio.wait_for(client.put(url, content=CONTENT), 5)).status_code == 200
        forever.set()
        await asyncio.gather(*slow)


def test_long_pushes_come_by_turns(hosting, monkeypatch) -> None:
    """And lie on the disk until they are whole; short ones wait for none of them."""
    monkeypatch.setattr(asking, "BODY", 1_000)
    asyncio.run(pushed(hosting))


async def pushed(hosting: Hosting) -> None:
    headers = token(hosting._office, "acme", "hub:read", "hub:write")
    transport = httpx.ASGITransport(make_hub(hosting))
    async with httpx.AsyncClient(transport=transport, base_url="http://hub", headers=headers) as client:
        forever, url = asyncio.Event(), "/api/models/acme/one/commit/main"
        slow = [asyncio.create_task(client.post(url, content=dawdling(forever))) for _ in range(6)]
        for _ in range(500):
            if coming(hosting) == catalogue.PUSHES * 2 // 3:
                break
            await asyncio.sleep(0.01)
        assert (await client.post(url, content=commit(b"short"))).status_code == 200
        assert coming(hosting) == catalogue.PUSHES * 2 // 3
        forever.set()
        assert {answer.status_code for answer in await asyncio.gather(*slow)} == {400}
        assert (await client.post(url, content=commit(bytes(2_000)))).status_code == 200
    assert coming(hosting) == 0


def coming(hosting: Hosting) -> int:
    return len(list(hosting.incoming().parent.iterdir()))


def commit(content: bytes) -> str:
    file = {"path": "a.txt", "content": b64encode(content).decode(), "encoding": "base64"}
    return "\n".join(map(json.dumps, ({"key": "header", "value": {"summary": "s"}}, {"key": "file", "value": file})))


async def crowded(hosting: Hosting) -> None:
    transport = httpx.ASGITransport(make_hub(hosting))
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
        forever = asyncio.Event()
        slow = [
            asyncio.create_task(client.put(link(hosting), content=body))
            for body in (*(dawdling(forever) for _ in range(arriving.AT_ONCE - 1)), dripping())
        ]
        await asyncio.sleep(0.05)
        assert (await client.put(link(hosting), content=CONTENT)).status_code == 200
        answers = await asyncio.gather(*slow)
    assert {answer.status_code for answer in answers} == {408}
    assert "Send it again" in answers[0].headers["X-Error-Message"]
    assert list(hosting.incoming().parent.iterdir()) == [], "nothing is left of what was cut off"


def test_nobody_waits_for_the_disk_of_a_body_that_is_given_up(hosting, monkeypatch) -> None:
    def slow(*given: Any) -> None:
        time.sleep(1)
        written(*given)

    written = direct._write
    monkeypatch.setattr(direct, "_write", slow)
    assert asyncio.run(given_up(hosting)) < 0.5


async def given_up(hosting: Hosting) -> float:
    """The longest that the loop was not seen, in seconds."""

    async def watch() -> None:
        nonlocal longest
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - began)

    longest, watching = 0.0, asyncio.create_task(watch())
    wanted = {"oid": "a" * 64, "size": 2 * direct.BUFFER}
    url = f"/lfs/{hosting.wanted(ACME, NAME, 'main', [wanted])[0][2]}"
    transport = httpx.ASGITransport(make_hub(hosting))
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
        assert (await client.put(url, content=too_long())).status_code == 413
    await asyncio.sleep(0.1)  # what held it up is seen when it goes on
    watching.cancel()
    assert coming(hosting) == 0
    return longest


async def too_long() -> AsyncIterator[bytes]:
    for _ in range(5):
        yield bytes(direct.BUFFER)
