"""Another hub of the Hugging Face protocol: what it has at a revision, and its bytes as they come.

Nothing that it says is believed: its paths and sizes are checked, its bytes are hashed here.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

from brightline.release.repository import COMMIT, Misnamed, RepoName, file_path
from brightline.sources.arriving import Announced, Arriving
from brightline.sources.exchange import DIGEST, PATIENCE, Away, Broken, Exchange
from brightline.sources.source import NoSource

PAGES, FILES = 1_000, 100_000  # of a listing
LISTING = 900  # seconds for all of it
TOGETHER = 4  # files that are fetched at a time
_Answer = TypeVar("_Answer")


class Halted(BaseException):
    """The process ends. As with SystemExit nobody takes it for an outcome: a job that kept it would never be gone on with."""


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

        async def ask(hub: Exchange) -> Described:
            said, _ = await hub.document(f"{self._api(name)}/revision/{quote(revision, safe='')}")
            commit = said.get("sha") if isinstance(said, dict) else None
            if not isinstance(commit, str) or COMMIT.fullmatch(commit) is None:
                raise NoSource(f"{self.endpoint} does not say which commit {name}@{revision} is.")
            return Described(commit, said.get("private") is True, str(said.get("sdk") or "")[:20])

        return self._run(ask)

    def files(self, name: RepoName, commit: str, most: int | None = None) -> list[Announced]:
        """In the order of paths; together at most `most` bytes. Raises NoSource."""

        async def ask(hub: Exchange) -> list[Announced]:
            try:
                async with asyncio.timeout(LISTING):
                    return await self._listed(hub, name, commit, most)
            except TimeoutError:
                raise Away(f"{self.endpoint} lists {name} for longer than {LISTING} seconds.") from None

        return self._run(ask)

    async def _listed(self, hub: Exchange, name: RepoName, commit: str, most: int | None) -> list[Announced]:
        url: str | None = f"{self._api(name)}/tree/{commit}?recursive=true&expand=false"
        found: dict[str, Announced] = {}
        for _ in range(PAGES):
            if url is None:
                return [found[path] for path in sorted(found)]
            rows, url = await hub.document(url)
            self._take(rows, found)
            if most is not None and sum(one.size for one in found.values()) > most:
                raise NoSource(f"{name} at {self.endpoint} has more than the {most:,} bytes that there is room for.")
        raise NoSource(f"{self.endpoint} lists {name} on more than {PAGES} pages.")

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
        if len(oid) != right or DIGEST.fullmatch(oid) is None:
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

        async def one(hub: Exchange, file: Announced) -> None:
            arriving = Arriving(file, folder, told)
            url = f"{self.endpoint}/{name.address}/resolve/{commit}/{quote(file.path)}"
            await hub.persist(lambda: self._receive(hub, url, arriving), lambda: arriving.furthest)
            await asyncio.to_thread(keep, file, arriving.place, arriving.checked(self.endpoint))

        async def work(hub: Exchange) -> None:
            waiting = iter(files)
            try:
                async with asyncio.TaskGroup() as group:
                    for _ in range(TOGETHER):
                        group.create_task(self._each(waiting, lambda file: one(hub, file)))
            except ExceptionGroup as troubles:
                raise troubles.exceptions[0] from None

        self._run(work)

    async def _each(self, waiting: Iterator[Announced], one: Callable[[Announced], Awaitable[None]]) -> None:
        for file in waiting:
            await one(file)

    async def _receive(self, hub: Exchange, url: str, arriving: Arriving) -> None:
        """One try, from where the last one broke off."""
        file, start = arriving.file, arriving.size
        if start == file.size:
            return
        async with hub.asked(url, {"Range": f"bytes={start}-"} if start else {}) as (answer, linked):
            if linked is not None and linked != file.oid:
                raise NoSource(
                    f"{file.path}: {self.endpoint} lists it as {file.oid}, and says {linked} where it is fetched."
                )
            if answer.status_code == 416 or (answer.status_code == 206 and not _begins(answer, start)):
                arriving.restart()
                raise Broken("it does not go on where it broke off")
            if answer.status_code == 200 and start:
                arriving.restart()
            elif answer.status_code not in (200, 206):
                raise NoSource(f"{file.path}: {await hub.said(answer)}")
            async for block in hub.blocks(answer):
                arriving.take(block, self.endpoint)
        if arriving.size < file.size:
            raise Broken(f"it broke off after {arriving.size} of {file.size} bytes")

    def _api(self, name: RepoName) -> str:
        return f"{self.endpoint}/api/{name.kind}s/{name}"

    def _run(self, work: Callable[[Exchange], Awaitable[_Answer]]) -> _Answer:
        async def run() -> _Answer:
            headers = {"User-Agent": "brightline", "Accept-Encoding": "identity"}
            async with httpx.AsyncClient(headers=headers, timeout=self.patience, follow_redirects=False) as client:
                hub = Exchange(client, self.endpoint, self.token, self.patience)
                return await self._unless_halted(asyncio.ensure_future(work(hub)))

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


def _begins(answer: httpx.Response, start: int) -> bool:
    said = answer.headers.get("content-range", "bytes 0-" if not start else "")
    return bool(said.startswith(f"bytes {start}-"))
