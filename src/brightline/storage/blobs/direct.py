"""Large files past the page cache: written from and read into memory that is used again, by the disk itself.

A hub's bytes come in once, are hashed on the way, and are seldom read soon after. Through the page cache each of them costs a
copy and a fresh page, and pushes out what others want; measured here it took three to six times as long. Where a file system
knows no direct access (tmpfs), the same code goes through the cache.
"""

import errno
import mmap
import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self

from brightline.release.reader import Unreadable

PAGE = 4096  # bytes that direct access counts in
BUFFER = 2 << 20
_DIRECT = getattr(os, "O_DIRECT", 0)
_DISK = ThreadPoolExecutor(max_workers=8, thread_name_prefix="disk")
_FREE: SimpleQueue[mmap.mmap] = SimpleQueue()
KEPT = 16  # buffers that wait for their next use


@contextmanager
def buffer(length: int) -> Iterator[mmap.mmap]:
    """Memory that begins at a page, of so many bytes at the least; what is in it is whatever was there."""
    taken = take(length)
    try:
        yield taken
    finally:
        give(taken)


def take(length: int) -> mmap.mmap:
    if length > BUFFER:
        return mmap.mmap(-1, length)
    try:
        return _FREE.get_nowait()
    except Empty:
        return mmap.mmap(-1, BUFFER)


def give(taken: mmap.mmap) -> None:
    """The last use of it is over. What is not kept goes with the last view of it: a trouble's traceback may have one."""
    if len(taken) == BUFFER and _FREE.qsize() < KEPT:
        _FREE.put(taken)


def _open(place: Path, flags: int) -> int:
    try:
        return os.open(place, flags | _DIRECT, 0o600)
    except OSError as trouble:
        if trouble.errno != errno.EINVAL:
            raise
        return os.open(place, flags, 0o600)


class Outlet:
    """A new file, written in order by buffers that the caller fills: while one is written, the next is filled."""

    def __init__(self, place: Path) -> None:
        self._descriptor = _open(place, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        self._written = 0  # bytes, a multiple of PAGE
        self._rest = b""  # the last bytes, less than a page: they begin the next buffer
        self._last: tuple[Future[Any], mmap.mmap] | None = None

    @property
    def lead(self) -> int:
        """How far into its next buffer the caller begins: the page before it is not full yet."""
        return len(self._rest)

    def put(self, filled: mmap.mmap, end: int) -> None:
        """Bytes from `lead` to before `end`; the buffer is ours from now on. Raises OSError where an earlier write failed."""
        filled[: self.lead] = self._rest
        whole = end // PAGE * PAGE
        self._rest = filled[whole:end]
        self._wait()
        at, self._written = self._written, self._written + whole
        self._last = _DISK.submit(_write, self._descriptor, filled, whole, at), filled

    def _wait(self) -> None:
        if self._last is not None:
            (future, filled), self._last = self._last, None
            try:
                future.result()
            finally:
                give(filled)

    def finish(self) -> None:
        """Raises OSError."""
        self._wait()
        if self._rest:
            with buffer(PAGE) as page:
                page[: len(self._rest)] = self._rest
                _write(self._descriptor, page, PAGE, self._written)
        os.ftruncate(self._descriptor, self._written + len(self._rest))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, trouble: type[BaseException] | None, _value: BaseException | None, _trace: TracebackType | None
    ) -> None:
        try:
            if trouble is None:
                self.finish()
        finally:
            self.close()

    def close(self) -> None:
        """Whatever is under way comes to its end first."""
        if self._last is not None:
            (future, filled), self._last = self._last, None
            future.exception()
            give(filled)
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _write(descriptor: int, filled: mmap.mmap, length: int, at: int) -> None:
    done = 0
    with memoryview(filled) as view:
        while done < length:
            done += os.pwrite(descriptor, view[done:length], at + done)


class DirectFile:
    """A file that is read by whole pages into a buffer of the caller's, from any thread."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.size = os.fstat(descriptor).st_size

    def fill(self, into: mmap.mmap, offset: int, length: int) -> int:
        """Read `length` bytes from `offset`; where in the buffer they begin. Raises Unreadable."""
        start = offset // PAGE * PAGE
        wanted = -(-(offset + length - start) // PAGE) * PAGE
        done = 0
        try:
            with memoryview(into) as view:
                while start + done < offset + length:
                    got = os.preadv(self._descriptor, [view[done:wanted]], start + done)
                    if got == 0:
                        raise Unreadable("it is shorter than it was")
                    done += got
        except OSError as trouble:
            raise Unreadable(f"it cannot be read: {trouble.strerror}") from None
        return offset - start

    def read(self, offset: int, length: int) -> bytes:
        """As a Reader: for what is small."""
        length = min(length, self.size - offset)
        if length <= 0:
            return b""
        with buffer(length + 2 * PAGE) as into:
            at = self.fill(into, offset, length)
            return into[at : at + length]


@contextmanager
def opened(place: Path) -> Iterator[DirectFile]:
    """Raises Unreadable."""
    try:
        descriptor = _open(place, os.O_RDONLY)
    except OSError as trouble:
        raise Unreadable(f"it cannot be read: {trouble.strerror}") from None
    try:
        yield DirectFile(descriptor)
    finally:
        os.close(descriptor)
