"""Parcels: bytes that are kept for a while only, as they were sent. They lie beside the blobs, and nobody downloads them.

A parcel is not hashed and not made durable: what is made of it is hashed (a file, by its sha256), and whoever finds a parcel
torn after a power cut asks for it to be sent again. That saves a hash and a wait for the disk of every byte that comes in.
"""

import mmap
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import obstore
from obstore.exceptions import BaseError

from brightline.release.reader import Reader, Unreadable
from brightline.storage.blobs.direct import DirectFile, opened
from brightline.storage.blobs.store import BlobReader, Blobs, first_line

PREFIX = "parcels"


def new_parcel() -> str:
    """A name of no meaning."""
    return secrets.token_hex(32)


class Parcels:
    """Of the store that the blobs are in."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs

    def keep(self, place: Path, name: str) -> None:
        """The file is gone from its place afterwards. Raises Unreadable."""
        self._blobs.expected([name])
        try:
            if self._blobs.folder is not None:
                target = self._blobs.folder / _path(name)
                target.parent.mkdir(parents=True, exist_ok=True)
                place.rename(target)
            else:
                obstore.put(self._blobs.store, _path(name), place)
                place.unlink()
        except (BaseError, OSError) as trouble:
            raise Unreadable(f"it cannot be kept: {first_line(trouble)}") from None

    def drop(self, name: str) -> None:
        """That nothing names. What cannot be taken away now is collected in its time."""
        with suppress(BaseError, OSError):
            self._blobs.remove([_path(name)])

    @contextmanager
    def open(self, name: str, size: int) -> Iterator["DirectFile | Fetched"]:
        """Raises Unreadable."""
        if self._blobs.folder is None:
            yield Fetched(BlobReader(self._blobs.store, _path(name), size))
            return
        with opened(self._blobs.folder / _path(name)) as file:
            yield file


def _path(name: str) -> str:
    return f"{PREFIX}/{name[:2]}/{name}"


class Fetched:
    """A parcel in S3, as a file on disk would be read."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def fill(self, into: mmap.mmap, offset: int, length: int) -> int:
        """Read `length` bytes from `offset`; where in the buffer they begin. Raises Unreadable."""
        content = self._reader.read(offset, length)
        if len(content) != length:
            raise Unreadable("it is shorter than it was")
        into[:length] = content
        return 0
