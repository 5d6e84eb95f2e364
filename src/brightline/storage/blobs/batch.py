"""Many small blobs at once: each is made durable beside the others, and each folder that they lie in once.

One after the other, a commit of 10,000 files waits for the disk 20,000 times. Asked together, it makes many durable in one turn.
"""

import hashlib
import os
import secrets
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import obstore
from obstore.exceptions import BaseError

from brightline.release.reader import Unreadable
from brightline.storage.blobs.store import Blobs, blob_name, first_line, sync

AT_ONCE, STORED = 8, 64  # that the disk, or a store, is asked for at once: a store is waited for, and far away
_Asked = TypeVar("_Asked")


def keep_all(blobs: Blobs, contents: Iterable[bytes]) -> None:
    """No name appears before every byte of all of them is where it will be. Raises Unreadable."""
    named = {hashlib.sha256(content).hexdigest(): content for content in contents}
    blobs.expected(named)
    try:
        if blobs.folder is not None:
            _into_folder(blobs.folder, named)
        else:
            _each(lambda one: obstore.put(blobs.store, blob_name(one), named[one]), named, STORED)
    except (BaseError, OSError) as trouble:
        raise Unreadable(f"it cannot be kept: {first_line(trouble)}") from None


def _into_folder(folder: Path, named: Mapping[str, bytes]) -> None:
    incoming = folder / "incoming"
    incoming.mkdir(exist_ok=True)
    passing = {one: incoming / secrets.token_hex(16) for one in named}
    try:
        _each(lambda one: _write(passing[one], named[one]), named)
        _name(folder, passing)
    except BaseException:  # a disk that is full has room for others again
        for place in passing.values():
            place.unlink(missing_ok=True)
        raise


def _name(folder: Path, passing: Mapping[str, Path]) -> None:
    folders = {(folder / blob_name(one)).parent for one in passing}
    fresh = [one for one in folders if not one.is_dir()]
    for one in fresh:
        one.mkdir(parents=True, exist_ok=True)
    for name, place in passing.items():
        place.replace(folder / blob_name(name))
    _each(sync, {*folders, *(one.parent for one in fresh)})


def _write(place: Path, content: bytes) -> None:
    with place.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _each(work: Callable[[_Asked], object], asked: Iterable[_Asked], at_once: int = AT_ONCE) -> None:
    """Several at once. What one raises is raised, and no other is begun."""
    with ThreadPoolExecutor(at_once, "batch") as threads:
        try:
            for _ in threads.map(work, asked):
                pass
        except BaseException:
            threads.shutdown(cancel_futures=True)
            raise
