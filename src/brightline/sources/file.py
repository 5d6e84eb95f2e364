"""One file on disk: opened without following a last link, and noticed if it changes while it is read."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from brightline.release.reader import Reader, Unreadable


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A reader over a file descriptor; positional reads, so it may be shared."""

    descriptor: int
    size: int

    def read(self, offset: int, length: int) -> bytes:
        length = min(length, self.size - offset)
        if length <= 0 or offset < 0:
            return b""
        try:
            block = os.pread(self.descriptor, length, offset)
        except OSError as trouble:
            raise Unreadable(f"it cannot be read: {trouble.strerror}") from None
        if len(block) == length:
            return block
        return self._rest(block, offset, length)

    def _rest(self, block: bytes, offset: int, length: int) -> bytes:
        """A read may return less than it was asked for (more than 2 GiB, a signal); nothing at all means it shrank."""
        parts = [block]
        while (done := sum(map(len, parts))) < length:
            more = os.pread(self.descriptor, length - done, offset + done)
            if not more:
                raise Unreadable("it became shorter while it was read")
            parts.append(more)
        return b"".join(parts)


@dataclass(frozen=True, slots=True)
class DiskFile:
    """An entry: `path` inside the release, `place` on disk (already resolved by the folder that found it)."""

    path: str
    place: Path

    @contextmanager
    def open(self) -> Iterator[Reader]:
        try:
            descriptor = os.open(self.place, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as trouble:
            raise Unreadable(f"it cannot be opened: {trouble.strerror}") from None
        try:
            before = os.fstat(descriptor)
            if not stat.S_ISREG(before.st_mode):
                raise Unreadable("it is no regular file")
            yield OpenFile(descriptor, before.st_size)
            if _changed(before, os.fstat(descriptor)):
                raise Unreadable("it changed while it was read; inspect it again when it stands still")
        finally:
            os.close(descriptor)


def _changed(before: os.stat_result, after: os.stat_result) -> bool:
    return (before.st_size, before.st_mtime_ns, before.st_ino) != (after.st_size, after.st_mtime_ns, after.st_ino)
