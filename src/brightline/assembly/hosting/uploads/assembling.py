"""Assembling files from xorbs: some threads read and unpack, one hashes, one writes; a few megabytes are under way at once."""

import hashlib
import mmap
import os
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from brightline.hub.host import Arrived
from brightline.hub.xet.shard import Assembled, Stretch
from brightline.hub.xet.xorb import HEAD, Chunk, Garbled, chunks_of, stretch_of, unpack
from brightline.storage.blobs.direct import PAGE, Outlet, buffer, give, take
from brightline.storage.blobs.parcels import Parcels
from brightline.storage.repositories.holdings import Xorb

BATCH = 3 << 19  # bytes that one thread unpacks at once
AHEAD = 6  # batches that are unpacked and not written yet
OPEN = 8  # xorbs that are open at once, and whose chunks are known: more than batches are under way
_WORKERS = ThreadPoolExecutor(max_workers=1 + (os.cpu_count() or 2), thread_name_prefix="unpacking")


class Source(Protocol):
    """A xorb, as it lies."""

    def fill(self, into: mmap.mmap, offset: int, length: int) -> int: ...


@dataclass(frozen=True, slots=True)
class Batch:
    """Chunks that lie one behind the other in a xorb, and how far into their first page of the file they begin."""

    source: Source
    chunks: list[Chunk]
    lead: int
    length: int


def assemble(file: Assembled, sources: "Sources", place: Path) -> Arrived:
    """Once it is written. Raises Garbled, Unreadable, OSError."""
    hashed, size = hashlib.sha256(), 0
    with Outlet(place) as out:
        for batch, filled in ahead(sources.batches(file.stretches)):
            end = batch.lead + batch.length
            out.put(filled, end)  # written by another thread, while it is hashed here
            with memoryview(filled) as view:
                hashed.update(view[batch.lead : end])
            size += batch.length
    if file.sha256 not in (None, hashed.hexdigest()):
        raise Garbled(f"what came of it has the sha256 {hashed.hexdigest()}, and not {file.sha256}")
    return Arrived(place, hashed.hexdigest(), size)


def ahead(batches: Iterable[Batch]) -> Iterator[tuple[Batch, mmap.mmap]]:
    """In order; the next ones are unpacked meanwhile. The buffer is the caller's."""
    waiting: deque[tuple[Batch, Future[mmap.mmap]]] = deque()
    try:
        for batch in batches:
            waiting.append((batch, _WORKERS.submit(_unpack, batch)))
            if len(waiting) >= AHEAD:
                first, done = waiting.popleft()
                yield first, done.result()
        while waiting:
            first, done = waiting.popleft()
            yield first, done.result()
    finally:
        for _, done in waiting:  # none may read a file that is being closed
            if not done.cancel() and done.exception() is None:
                give(done.result())


def _unpack(batch: Batch) -> mmap.mmap:
    start = batch.chunks[0].start
    length = batch.chunks[-1].start + batch.chunks[-1].length - start
    out = take(batch.lead + batch.length)
    try:
        with buffer(length + 2 * PAGE) as packed:
            at = batch.source.fill(packed, start, length)
            with memoryview(packed) as whole, whole[at : at + length] as view:
                unpack(view, batch.chunks, out, batch.lead)
    except BaseException:
        give(out)
        raise
    return out


class Sources:
    """The xorbs of a shard, opened as they are needed: files that lie in one after the other open it once."""

    def __init__(self, xorbs: Mapping[str, Xorb], parcels: Parcels) -> None:
        self._xorbs, self._parcels = xorbs, parcels
        self._open: dict[str, tuple[ExitStack, Source]] = {}
        self._tables: dict[str, list[Chunk]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_trouble: object) -> None:
        for stack, _ in self._open.values():
            stack.close()

    def batches(self, stretches: Iterable[Stretch]) -> Iterator[Batch]:
        """Raises Garbled, Unreadable."""
        offset = 0
        for stretch in stretches:
            source, table = self._source(stretch.xorb)
            chunks = stretch_of(table, stretch.start, stretch.end)
            if sum(chunk.whole for chunk in chunks) != stretch.length:
                raise Garbled(f"a stretch of {stretch.xorb} has not the {stretch.length} bytes it says")
            for some in _portions(chunks):
                length = sum(chunk.whole for chunk in some)
                yield Batch(source, some, offset % PAGE, length)
                offset += length

    def spent(self, stretches: Iterable[Stretch]) -> Counter[str]:
        """The bytes of each parcel that some stretches are: of each chunk no more than it has unpacked, and its header."""
        found = Counter[str]()
        for stretch in stretches:
            chunks = stretch_of(self._table(stretch.xorb), stretch.start, stretch.end)
            found[self._xorbs[stretch.xorb].place] += sum(HEAD + min(one.length, one.whole) for one in chunks)
        return found

    def _source(self, name: str) -> tuple[Source, list[Chunk]]:
        known = self._open.pop(name, None)
        if known is None:
            xorb, stack = self._xorbs[name], ExitStack()
            known = stack, stack.enter_context(self._parcels.open(xorb.place, xorb.size))
        self._open[name] = known
        if len(self._open) > OPEN:  # the one that was used longest ago: no batch of it is under way any more
            self._open.pop(next(iter(self._open)))[0].close()
        return known[1], self._table(name)

    def _table(self, name: str) -> list[Chunk]:
        """Thousands of small files lie in one xorb: its chunks are not listed for each."""
        known = self._tables.pop(name, None)
        self._tables[name] = chunks_of(self._xorbs[name].heads) if known is None else known
        if len(self._tables) > OPEN:
            del self._tables[next(iter(self._tables))]
        return self._tables[name]


def _portions(chunks: list[Chunk]) -> Iterator[list[Chunk]]:
    portion: list[Chunk] = []
    length = 0
    for chunk in chunks:
        if portion and length + chunk.whole > BATCH:
            yield portion
            portion, length = [], 0
        portion.append(chunk)
        length += chunk.whole
    yield portion
