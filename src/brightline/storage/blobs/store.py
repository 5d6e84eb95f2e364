"""Bytes by their sha256: in a folder to begin with, in S3 when outgrown. A name is given only to what was hashed here."""

import asyncio
import hashlib
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from brightline.release.reader import Reader, Unreadable, blocks
from brightline.storage.sql.database import Unopened

PREFIX = "sha256"
COPIED = 5 << 30  # bytes that S3 copies from one name to another at once
PARTS, PART = 9_000, 5 << 20  # of one upload to S3, which knows 10,000, and the bytes that one has at the least
ROOM = 64 << 20  # bytes of parts that are on their way at once
AHEAD = 256 << 10  # bytes read at once where a parser asks for little
AGAIN = timedelta(seconds=20)  # that a store which fails is tried again for; a try that is not answered ends after 30
REMOVED = 10  # seconds that a store may take to remove some: writers wait for it, and give up after 30
_PLACE = re.compile(r"\bhttps?://[^\s)\"']+|(?<=[\s\"'])/[^\s:\"']+")


@dataclass(frozen=True, slots=True)
class Blobs:
    """`folder` is where a local store lies, so that its files can be made durable. `expected` is told each name before it is
    given, so that whoever collects garbage leaves it alone.
    """

    store: Any
    folder: Path | None
    expected: Callable[[Iterable[str]], None] = lambda _names: None

    def keep(self, reader: Reader) -> tuple[int, str]:
        """Copy what is read here. Returns its size and sha256. Raises Unreadable."""
        hashed = hashlib.sha256()
        size = 0

        def counted() -> Iterator[bytes]:
            nonlocal size
            for block in blocks(reader):
                hashed.update(block)
                size += len(block)
                yield block

        passing = f"incoming/{secrets.token_hex(16)}"
        try:
            obstore.put(self.store, passing, counted(), **portions(reader.size))
            self._settle(passing, hashed.hexdigest(), size)
        except (BaseError, OSError) as trouble:
            raise Unreadable(f"it cannot be kept: {first_line(trouble)}") from None
        return size, hashed.hexdigest()

    def adopt(self, place: Path, sha256: str) -> None:
        """Take a file that was hashed here while it was written. It is gone from its place afterwards. Raises Unreadable."""
        passing = f"incoming/{secrets.token_hex(16)}"
        size = place.stat().st_size
        try:
            if self.folder is None:  # S3 shows a name once the last part has come: there is nothing to be renamed
                self.expected([sha256])
                obstore.put(self.store, blob_name(sha256), place, **portions(size))
                place.unlink()
                return
            if self.folder.stat().st_dev == place.stat().st_dev:
                (self.folder / "incoming").mkdir(exist_ok=True)
                place.rename(self.folder / passing)
            else:
                obstore.put(self.store, passing, place)
                place.unlink()
            self._settle(passing, sha256, size)
        except (BaseError, OSError) as trouble:
            raise Unreadable(f"it cannot be kept: {first_line(trouble)}") from None

    def _settle(self, passing: str, sha256: str, size: int) -> None:
        """The name appears once every byte is where it will be. What cannot be named makes room again."""
        try:
            self._name(passing, sha256, size)
        except BaseException:
            if self.folder is not None:
                (self.folder / passing).unlink(missing_ok=True)
            raise

    def _name(self, passing: str, sha256: str, size: int) -> None:
        self.expected([sha256])
        if self.folder is not None:
            sync(self.folder / passing)
        if self.folder is None and size > COPIED:
            obstore.put(self.store, blob_name(sha256), self._again(passing, size), **portions(size))
            obstore.delete(self.store, passing)
        else:
            obstore.rename(self.store, passing, blob_name(sha256))
        if self.folder is not None:
            sync((self.folder / blob_name(sha256)).parent)

    def _again(self, name: str, size: int) -> Iterator[bytes]:
        """By a thread of its own: the store's library cannot be asked from within what it is told."""
        with ThreadPoolExecutor(1, "copying") as asked:
            for start in range(0, size, PART):
                length = min(PART, size - start)
                yield bytes(asked.submit(obstore.get_range, self.store, name, start=start, length=length).result())

    def holds(self, sha256: str) -> bool:
        """Raises Unreadable where the store does not say."""
        try:
            obstore.head(self.store, blob_name(sha256))
        except FileNotFoundError:
            return False
        except (BaseError, OSError) as trouble:
            raise Unreadable(f"the store of blobs does not answer: {first_line(trouble)}") from None
        return True

    def remove(self, places: Sequence[str]) -> None:
        """Whatever lies there. A store is asked for all of them at once: it may be far away, and somebody may be waiting.

        Raises BaseError, OSError.
        """
        if self.folder is None and places:
            asyncio.run(self._removed(places))
            return
        for one in places:
            with suppress(FileNotFoundError):
                obstore.delete(self.store, one)

    async def _removed(self, places: Sequence[str]) -> None:
        try:
            with suppress(FileNotFoundError):
                async with asyncio.timeout(REMOVED):
                    await obstore.delete_async(self.store, places)
        except TimeoutError:
            raise TimeoutError(f"nothing was said for {REMOVED} seconds") from None

    @contextmanager
    def open(self, sha256: str, size: int) -> Iterator[Reader]:
        """Raises Unreadable."""
        if not self.holds(sha256):
            raise Unreadable("the office does not hold these bytes any more")
        yield BlobReader(self.store, blob_name(sha256), size)


def portions(size: int) -> dict[str, Any]:
    """Options of an upload of so many bytes: S3 takes no more than 10,000 parts of an object."""
    part = max(PART, -(-size // PARTS))
    return {"chunk_size": part, "max_concurrency": max(1, min(12, ROOM // part))}


def sync(place: Path) -> None:
    """A file's bytes, or a folder's names, are on the disk when this returns."""
    descriptor = os.open(place, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def first_line(trouble: Exception) -> str:
    """Without the trace that the store's library appends, and without where the store is: whoever sends something may be told it."""
    return _PLACE.sub("(a place)", str(trouble).strip().partition("\n")[0])[:300]


def blob_name(sha256: str) -> str:
    return f"{PREFIX}/{sha256[:2]}/{sha256}"


def open_blobs(url: str) -> Blobs:
    """`file:FOLDER`, or what obstore knows: s3://bucket/prefix, with its credentials in the environment. Raises Unopened."""
    if url.startswith("file:"):
        folder = Path(url.removeprefix("file:"))
        folder.mkdir(parents=True, exist_ok=True)
        return Blobs(LocalStore(folder), folder)
    try:
        return Blobs(from_url(url, retry_config={"retry_timeout": AGAIN}), None)
    except (BaseError, ValueError) as trouble:
        raise Unopened(f"blobs = {url!r} names no store: {first_line(trouble)}.") from None


class BlobReader:
    """Random access to a blob; small reads are served from what was read ahead."""

    def __init__(self, store: Any, name: str, size: int) -> None:
        self._store, self._name, self._size = store, name, size
        self._start, self._kept = 0, b""

    @property
    def size(self) -> int:
        return self._size

    def read(self, offset: int, length: int) -> bytes:
        length = min(length, self._size - offset)
        if length <= 0 or offset < 0:
            return b""
        inside = offset - self._start
        if inside >= 0 and inside + length <= len(self._kept):
            return self._kept[inside : inside + length]
        content = self._fetch(offset, min(max(length, AHEAD), self._size - offset))
        if length < AHEAD:
            self._start, self._kept = offset, content
        return content[:length]

    def _fetch(self, offset: int, length: int) -> bytes:
        try:
            content = bytes(obstore.get_range(self._store, self._name, start=offset, length=length))
        except (BaseError, OSError) as trouble:
            raise Unreadable(f"it cannot be read: {first_line(trouble)}") from None
        if len(content) != length:
            raise Unreadable("it is shorter than it was")
        return content
