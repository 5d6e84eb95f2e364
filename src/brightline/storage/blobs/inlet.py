"""A file that comes in block by block."""

import hashlib
import mmap
from collections.abc import Callable, Iterable
from pathlib import Path

from brightline.storage.blobs.direct import BUFFER, Outlet, give, take


class Inlet:
    """What arrives, kept in a new file and hashed where that is wanted. One fills a buffer, another keeps the one before it."""

    def __init__(self, place: Path, *, hashing: bool) -> None:
        self.place, self.size = place, 0
        self._hashed = hashlib.sha256() if hashing else None
        self._out = Outlet(place)
        self._filled: mmap.mmap | None = None
        self._at = 0

    def room(self) -> memoryview:
        """Where the next bytes go, until the buffer is full, and `turn` is due. To be released before anything else happens here."""
        if self._filled is None:
            self._filled, self._at = take(BUFFER), 0
        return memoryview(self._filled)[self._at : BUFFER]

    def came(self, length: int) -> bool:
        """So many bytes, which lie there. Whether `turn` is due."""
        self._at += length
        self.size += length
        return self._at == BUFFER

    def turn(self) -> Callable[[], None]:
        """What keeps the buffer that was filled, for another thread: once, each in its turn, before `finish` or `drop`.

        It raises OSError.
        """
        filled, end, self._filled = self._filled, self._at, None
        return lambda: None if filled is None else self._keep(filled, end)

    def _keep(self, filled: mmap.mmap, end: int) -> None:
        if self._hashed is not None:
            with memoryview(filled) as view:
                self._hashed.update(view[:end])
        self._out.put(filled, end)

    def keep(self, blocks: Iterable[bytes]) -> None:
        """All of them, by this thread. Raises OSError."""
        for block in blocks:
            left = memoryview(block)
            while left:
                with self.room() as room:
                    length = min(len(left), len(room))
                    room[:length] = left[:length]
                left = left[length:]
                if self.came(length):
                    self.turn()()

    def finish(self) -> str:
        """Its sha256, or nothing where that was not wanted. Raises OSError."""
        self.turn()()
        self._out.finish()
        self._out.close()
        return self._hashed.hexdigest() if self._hashed is not None else ""

    def drop(self) -> None:
        """It is not wanted any more, or over."""
        if self._filled is not None:
            give(self._filled)
            self._filled = None
        self._out.close()
