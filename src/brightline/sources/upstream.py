"""Another hub of the Hugging Face protocol: what it has at a revision, and its bytes as they come.

Nothing that it says is believed. Its answers are bounded and timed, its paths are checked, its bytes are hashed here. The token is
shown to its own address and to no other; redirects are followed to http(s) only, and never from https to http.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

from brightline.release.repository import COMMIT, Misnamed, RepoName, file_path
from brightline.sources.arriving import Announced, Arriving
from brightline.sources.source import NoSource

PATIENCE = 60.0  # seconds without an answer, or for fewer bytes than SOME
SOME = 256 << 10
TRIES = 5  # without anything gained
GAIN = 16 << 20  # bytes that are worth another try
REDIRECTS = 5
PAGES, FILES = 1_000, 100_000  # of a listing
TEXT = 64 << 20  # bytes of a listing's page
TOGETHER = 4  # files that are fetched at a time
_AGAIN = {408, 429, 500, 502, 503, 504}
_MOVED = {301, 302, 303, 307, 308}
_DIGEST = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_Answer = TypeVar("_Answer")


class Away(NoSource):
    """It does not answer, or breaks off again and again: another time it may."""


class Halted(Exception):
    """Whoever fetches was asked to stop."""


class _Broken(Exception):
    """One try came to nothing. `pause` is how long it asks to be left alone."""

    def __init__(self, sentence: str, pause: float = 0) -> None:
        super().__init__(sentence)
        self.pause = min(pause, PATIENCE)


@dataclass(frozen=True, slots=True)
class Described:
    """A revision as the source describes it."""

    commit: str
    private: bool
    sdk: str


def endpoint(url: str) -> str:
    """As it is kept and compared. Raises NoSource."""
    try:
        found = httpx.URL(url.rstrip("/"))
    except (httpx.InvalidURL, ValueError) as trouble:
        raise NoSource(f"{url[:200]!r} is no address of a hub: {trouble}.") from None
    if found.scheme not in ("http", "https") or not found.host or found.userinfo or found.query or found.fragment:
        raise NoSource(f"{url[:200]!r} is no address of a hub; write https://HOST, and put a token into HF_TOKEN.")
    return str(found).rstrip("/")


@dataclass(frozen=True)
class Upstream:
    """One hub, at its endpoint. `halted` is asked while bytes come."""

    endpoint: str
    token: str | None = None
    patience: float = PATIENCE
    halted: Callable[[], bool] = lambda: False

    def describe(self, name: RepoName, revision: str) -> Described:
        """Raises NoSource."""

        async def ask(client: httpx.AsyncClient) -> Described:
            said, _ = await self._json(client, f"{self._api(name)}/revision/{quote(revision, safe='')}")
            commit = said.get("sha") if isinstance(said, dict) else None
            if not isinstance(commit, str) or COMMIT.fullmatch(commit) is None:
                raise NoSource(f"{self.endpoint} does not say which commit {name}@{revision} is.")
            return Described(commit, said.get("private") is True, str(said.get("sdk") or "")[:20])

        return self._run(ask)

    def files(self, name: RepoName, commit: str, most: int | None = None) -> list[Announced]:
        """In the order of paths; together at most `most` bytes. Raises NoSource."""

        async def ask(client: httpx.AsyncClient) -> list[Announced]:
            url: str | None = f"{self._api(name)}/tree/{commit}?recursive=true&expand=false"
            found: dict[str, Announced] = {}
            for _ in range(PAGES):
                if url is None:
                    return [found[path] for path in sorted(found)]
                rows, url = await self._json(client, url)
                self._take(rows, found)
                if most is not None and sum(one.size for one in found.values()) > most:
                    raise NoSource(
                        f"{name} at {self.endpoint} has more than the {most:,} bytes that there is room for."
                    )
            raise NoSource(f"{self.endpoint} lists {name} on more than {PAGES} pages.")

        return self._run(ask)

    def _take(self, rows: Any, found: dict[str, Announced]) -> None:
        if not isinstance(rows, list):
            raise NoSource(f"{self.endpoint} answers with no list of files.")
        for row in rows:
            if isinstance(row, dict) and row.get("type") == "directory":
                continue
            one = self._announced(row)
            if one.path in found:
                raise NoSource(f"{self.endpoint} lists {one.path} twice.")
            found[one.path] = one
        if len(found) > FILES:
            raise NoSource(f"{self.endpoint} lists more than {FILES} files.")

    def _announced(self, row: Any) -> Announced:
        try:
            path, size, lfs = file_path(str(row["path"])), row["size"], row.get("lfs")
            oid = str(row["oid"] if lfs is None else lfs["oid"]).removeprefix("sha256:")
            right = 40 if lfs is None else 64
            if lfs is not None and lfs.get("size", size) != size:
                raise NoSource(f"{self.endpoint} announces two sizes of {path}.")
        except Misnamed as trouble:
            raise NoSource(f"{self.endpoint} lists a file that cannot be taken: {trouble}.") from None
        except (AttributeError, KeyError, TypeError):
            raise NoSource(f"{self.endpoint} lists something that is no file: {str(row)[:100]!r}.") from None
        if type(size) is not int or not 0 <= size < 1 << 53:
            raise NoSource(f"{self.endpoint} announces no size of {path}.")
        if len(oid) != right or _DIGEST.fullmatch(oid) is None:
            raise NoSource(f"{self.endpoint} announces no digest of {path}.")
        return Announced(path, size, oid, lfs is not None)

    def fetch(
        self,
        name: RepoName,
        commit: str,
        files: Sequence[Announced],
        folder: Path,
        keep: Callable[[Announced, Path, str], None],
        told: Callable[[int], None] = lambda _count: None,
    ) -> None:
        """Each file is handed to `keep` (with its place, and its sha256) once it is exactly what was announced.

        What broke off lies in the folder, and is gone on with. Raises NoSource, Halted; and then some files may have been kept.
        """

        async def one(client: httpx.AsyncClient, file: Announced) -> None:
            arriving = Arriving(file, folder, told)
            url = f"{self.endpoint}/{name.address}/resolve/{commit}/{quote(file.path)}"
            await self._persist(lambda: self._receive(client, url, arriving), lambda: arriving.size)
            await asyncio.to_thread(keep, file, arriving.place, arriving.checked(self.endpoint))

        async def work(client: httpx.AsyncClient) -> None:
            waiting = iter(files)
            try:
                async with asyncio.TaskGroup() as group:
                    for _ in range(TOGETHER):
                        group.create_task(self._each(waiting, lambda file: one(client, file)))
            except ExceptionGroup as troubles:
                raise troubles.exceptions[0] from None

        self._run(work)

    async def _each(self, waiting: Iterator[Announced], one: Callable[[Announced], Awaitable[None]]) -> None:
        for file in waiting:
            await one(file)

    async def _receive(self, client: httpx.AsyncClient, url: str, arriving: Arriving) -> None:
        """One try, from where the last one broke off."""
        file, start = arriving.file, arriving.size
        if start == file.size:
            return
        async with self._asked(client, url, {"Range": f"bytes={start}-"} if start else {}) as (answer, linked):
            if linked is not None and linked != file.oid:
                raise NoSource(
                    f"{file.path}: {self.endpoint} lists it as {file.oid}, and says {linked} where it is fetched."
                )
            if answer.status_code == 416 or (answer.status_code == 206 and not _begins(answer, start)):
                arriving.restart()
                raise _Broken("it does not go on where it broke off")
            if answer.status_code == 200 and start:
                arriving.restart()
            elif answer.status_code not in (200, 206):
                raise NoSource(f"{file.path}: {await self._said(answer)}")
            async for block in self._blocks(answer):
                arriving.take(block, self.endpoint)
        if arriving.size < file.size:
            raise _Broken(f"it broke off after {arriving.size} of {file.size} bytes")

    async def _blocks(self, answer: httpx.Response) -> AsyncIterator[bytes]:
        """As they come, and not more slowly than SOME bytes in the time of patience."""
        stream = answer.aiter_raw()
        while True:
            try:
                async with asyncio.timeout(self.patience):
                    block = await _some(stream)
            except (httpx.HTTPError, TimeoutError, OSError) as trouble:
                raise _Broken(f"it breaks off: {str(trouble) or type(trouble).__name__}") from None
            if not block:
                return
            yield block

    async def _json(self, client: httpx.AsyncClient, url: str) -> tuple[Any, str | None]:
        """The document, and where the next page is."""

        async def once() -> tuple[Any, str | None]:
            async with self._asked(client, url, {}) as (answer, _):
                if answer.status_code != 200:
                    raise NoSource(await self._said(answer))
                content = await self._text(answer, TEXT)
                return _read(content, self.endpoint), self._next(answer)

        return await self._persist(once)

    async def _text(self, answer: httpx.Response, most: int) -> bytes:
        content = bytearray()
        async for block in self._blocks(answer):
            content += block
            if len(content) > most:
                raise NoSource(f"{self.endpoint} answers with more than {most} bytes of text.")
        return bytes(content)

    def _next(self, answer: httpx.Response) -> str | None:
        url = answer.links.get("next", {}).get("url")
        return None if url is None else str(_followed(answer.url, url))

    async def _said(self, answer: httpx.Response) -> str:
        """A refusal, as the source words it."""
        said = answer.headers.get("x-error-message", "")
        plain = "".join(letter for letter in said if letter.isprintable()).strip().rstrip(".")[:300]
        code = answer.headers.get("x-error-code", "")[:40]
        words = " ".join(filter(None, (str(answer.status_code), code if code.isalnum() else "")))
        return f"{self.endpoint} answers {words}{': ' if plain else ''}{plain}."

    @asynccontextmanager
    async def _asked(
        self, client: httpx.AsyncClient, url: str, headers: dict[str, str]
    ) -> AsyncIterator[tuple[httpx.Response, str | None]]:
        """The answer behind all redirects, and the digest that was announced on the way. Raises NoSource, _Broken."""
        place, linked = httpx.URL(url), None
        for _ in range(REDIRECTS + 1):
            answer = await self._once(client, place, headers)
            try:
                linked = linked or _linked(answer)
                if answer.status_code in _AGAIN:
                    pause = answer.headers.get("retry-after", "")
                    raise _Broken(await self._said(answer), float(pause) if pause.isdigit() else 0)
                if answer.status_code not in _MOVED:
                    yield answer, linked
                    return
                place = _followed(place, answer.headers.get("location", ""))
            finally:
                await answer.aclose()
        raise NoSource(f"{self.endpoint} redirects more than {REDIRECTS} times.")

    async def _once(self, client: httpx.AsyncClient, place: httpx.URL, headers: dict[str, str]) -> httpx.Response:
        shown = {} if self.token is None or not _same(place, httpx.URL(self.endpoint)) else _bearer(self.token)
        client.cookies.clear()
        try:
            async with asyncio.timeout(self.patience):
                return await client.send(client.build_request("GET", place, headers={**headers, **shown}), stream=True)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as trouble:
            raise _Broken(f"{place.host} does not answer: {str(trouble) or type(trouble).__name__}") from None

    async def _persist(self, once: Callable[[], Awaitable[_Answer]], gained: Callable[[], int] = lambda: 0) -> _Answer:
        """Try again, a while later each time; what gains something has all its tries again."""
        left, pause = TRIES, self.patience / 200
        while True:
            before = gained()
            try:
                return await once()
            except _Broken as broken:
                if gained() - before >= GAIN:
                    left, pause = TRIES, self.patience / 200
                left, pause = left - 1, pause * 2
                if not left:
                    raise Away(f"{self.endpoint} was asked {TRIES} times in vain: {broken}.") from None
                await asyncio.sleep(max(pause, broken.pause))

    def _api(self, name: RepoName) -> str:
        return f"{self.endpoint}/api/{name.kind}s/{name}"

    def _run(self, work: Callable[[httpx.AsyncClient], Awaitable[_Answer]]) -> _Answer:
        async def run() -> _Answer:
            headers = {"User-Agent": "brightline", "Accept-Encoding": "identity"}
            async with httpx.AsyncClient(headers=headers, timeout=self.patience, follow_redirects=False) as client:
                return await self._unless_halted(asyncio.ensure_future(work(client)))

        return asyncio.run(run())

    async def _unless_halted(self, working: "asyncio.Future[_Answer]") -> _Answer:
        """Whoever ends the process waits for no source. Raises Halted."""
        try:
            while not working.done():
                await asyncio.wait([working], timeout=0.2)
                if self.halted():
                    raise Halted
            return working.result()
        finally:
            working.cancel()
            await asyncio.wait([working])


def _linked(answer: httpx.Response) -> str | None:
    """The digest in X-Linked-Etag, where there is one."""
    said = answer.headers.get("x-linked-etag", "").removeprefix("W/").strip('"')
    return said if _DIGEST.fullmatch(said) else None


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
    return {"Authorization": f"Bearer {token}"}


def _begins(answer: httpx.Response, start: int) -> bool:
    said = answer.headers.get("content-range", "bytes 0-" if not start else "")
    return bool(said.startswith(f"bytes {start}-"))


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
