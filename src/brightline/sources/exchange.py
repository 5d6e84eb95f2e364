"""A conversation with another hub over HTTP, which is believed nothing: bounded, timed as a whole, and tried again a few times.

The token is shown to the hub's own address and to no other; redirects are followed to http(s) only, and never from https to http.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from brightline.sources.source import NoSource

PATIENCE = 60.0  # seconds without an answer, or for fewer bytes than SOME
SOME = 256 << 10
TRIES = 5  # without anything gained
GAIN = 16 << 20  # bytes that are worth another try
REDIRECTS = 5
TEXT = 64 << 20  # bytes of a document
_AGAIN = {408, 429, 500, 502, 503, 504}
_MOVED = {301, 302, 303, 307, 308}
DIGEST = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_Answer = TypeVar("_Answer")


class Away(NoSource):
    """It does not answer, or breaks off again and again: another time it may."""


class Broken(Exception):
    """One try came to nothing. `pause` is how long it asks to be left alone."""

    def __init__(self, sentence: str, pause: float = 0) -> None:
        super().__init__(sentence)
        self.pause = min(pause, PATIENCE)


@dataclass(frozen=True)
class Exchange:
    """With the hub at an endpoint, as long as its client is open."""

    client: httpx.AsyncClient
    endpoint: str
    token: str | None
    patience: float

    async def document(self, url: str) -> tuple[Any, str | None]:
        """The document, and where the next page is."""

        async def once() -> tuple[Any, str | None]:
            async with self.asked(url, {}) as (answer, _):
                if answer.status_code != 200:
                    raise NoSource(await self.said(answer))
                content = await self._text(answer, TEXT)
                return _read(content, self.endpoint), self._next(answer)

        return await self.persist(once)

    async def persist(self, once: Callable[[], Awaitable[_Answer]], gained: Callable[[], int] = lambda: 0) -> _Answer:
        """Try again, a while later each time; what gains something has all its tries again."""
        left, pause = TRIES, self.patience / 200
        while True:
            before = gained()
            try:
                return await once()
            except Broken as broken:
                if gained() - before >= GAIN:
                    left, pause = TRIES, self.patience / 200
                left, pause = left - 1, pause * 2
                if not left:
                    raise Away(f"{self.endpoint} was asked {TRIES} times in vain: {broken}.") from None
                await asyncio.sleep(max(pause, broken.pause))

    @asynccontextmanager
    async def asked(self, url: str, headers: dict[str, str]) -> AsyncIterator[tuple[httpx.Response, str | None]]:
        """The answer behind all redirects, and the digest that was announced on the way. Raises NoSource, Broken."""
        place, linked = httpx.URL(url), None
        for _ in range(REDIRECTS + 1):
            answer = await self._once(place, headers)
            try:
                linked = linked or _linked(answer)
                if answer.status_code in _AGAIN:
                    pause = answer.headers.get("retry-after", "")
                    raise Broken(await self.said(answer), float(pause) if pause.isdigit() else 0)
                if answer.status_code not in _MOVED:
                    yield answer, linked
                    return
                place = _followed(place, answer.headers.get("location", ""))
            finally:
                await answer.aclose()
        raise NoSource(f"{self.endpoint} redirects more than {REDIRECTS} times.")

    async def _once(self, place: httpx.URL, headers: dict[str, str]) -> httpx.Response:
        shown = {} if self.token is None or not _same(place, httpx.URL(self.endpoint)) else _bearer(self.token)
        self.client.cookies.clear()
        try:
            async with asyncio.timeout(self.patience):
                return await self.client.send(
                    self.client.build_request("GET", place, headers={**headers, **shown}), stream=True
                )
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as trouble:
            raise Broken(f"{place.host} does not answer: {str(trouble) or type(trouble).__name__}") from None

    async def blocks(self, answer: httpx.Response) -> AsyncIterator[bytes]:
        """As they come, and not more slowly than SOME bytes in the time of patience."""
        stream = answer.aiter_raw()
        while True:
            try:
                async with asyncio.timeout(self.patience):
                    block = await _some(stream)
            except (httpx.HTTPError, TimeoutError, OSError) as trouble:
                raise Broken(f"it breaks off: {str(trouble) or type(trouble).__name__}") from None
            if not block:
                return
            yield block

    async def _text(self, answer: httpx.Response, most: int) -> bytes:
        content = bytearray()
        async for block in self.blocks(answer):
            content += block
            if len(content) > most:
                raise NoSource(f"{self.endpoint} answers with more than {most} bytes of text.")
        return bytes(content)

    def _next(self, answer: httpx.Response) -> str | None:
        url = answer.links.get("next", {}).get("url")
        return None if url is None else str(_followed(answer.url, url))

    async def said(self, answer: httpx.Response) -> str:
        """A refusal, as the source words it."""
        said = answer.headers.get("x-error-message", "")
        plain = "".join(letter for letter in said if letter.isprintable()).strip().rstrip(".")[:300]
        code = answer.headers.get("x-error-code", "")[:40]
        words = " ".join(filter(None, (str(answer.status_code), code if code.isalnum() else "")))
        return f"{self.endpoint} answers {words}{': ' if plain else ''}{plain}."


def _linked(answer: httpx.Response) -> str | None:
    """The digest in X-Linked-Etag, where there is one."""
    said = answer.headers.get("x-linked-etag", "").removeprefix("W/").strip('"')
    return said if DIGEST.fullmatch(said) else None


def _followed(here: httpx.URL, location: str) -> httpx.URL:
    """Raises NoSource."""
    try:
        there = here.join(location)
    except (httpx.InvalidURL, ValueError):
        raise NoSource(f"{here.host} leads to {location[:100]!r}, which is no address.") from None
    if not location or there.scheme not in ("http", "https") or there.userinfo or not there.host:
        raise NoSource(f"{here.host} leads to {location[:100]!r}: only http and https are followed.")
    if here.scheme == "https" and there.scheme != "https":
        raise NoSource(f"{here.host} leads from https to http at {there.host}, which is not followed.")
    return there


def _same(one: httpx.URL, other: httpx.URL) -> bool:
    """One origin: scheme, host and port."""
    ports = {"http": 80, "https": 443}
    return (one.scheme, one.host, one.port or ports.get(one.scheme)) == (
        other.scheme,
        other.host,
        other.port or ports.get(other.scheme),
    )


def _bearer(token: str) -> dict[str, str]:
    if not (token.isascii() and token.isprintable()):
        raise NoSource(
            "The token for the other hub has letters that no token has: set HF_TOKEN, or upstream.token, again."
        )
    return {"Authorization": f"Bearer {token}"}


async def _some(stream: AsyncIterator[bytes]) -> bytes:
    """SOME bytes at least, or all that are left."""
    taken = bytearray()
    async for block in stream:
        taken += block
        if len(taken) >= SOME:
            break
    return bytes(taken)


def _read(content: bytes, where: str) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise NoSource(f"{where} answers with something that is no JSON.") from None
