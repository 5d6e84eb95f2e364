"""Blobs on their way out: read block by block, by a signed address, or by a web server in front that has the folder too."""

import asyncio
import os
from collections import deque
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path

import obstore
from obstore.exceptions import BaseError

from brightline.release.reader import Unreadable
from brightline.storage.blobs import Blobs, blob_name, first_line

BLOCK = (
    256 << 10
)  # bytes at once: it stays in a core's own cache between the read and the socket (measured: decision 15)
STRETCH, AHEAD = 1 << 20, 4  # bytes that are waited for at once, and how many of a store's are asked for ahead


def read_out(blobs: Blobs, sha256: str, start: int, end: int) -> AsyncGenerator[bytes, None]:
    """The bytes from `start` to `end`. Raises Unreadable where they are not there, or fewer."""
    name = blob_name(sha256)
    return (
        _from_store(blobs, name, start, end) if blobs.folder is None else _from_folder(blobs.folder / name, start, end)
    )


async def _from_folder(place: Path, start: int, end: int) -> AsyncGenerator[bytes, None]:
    """What the page cache holds is read without a thread; only a disk is waited for in one."""
    try:
        descriptor = os.open(place, os.O_RDONLY)
    except OSError as trouble:
        raise Unreadable(f"it cannot be read: {trouble.strerror}") from None
    try:
        while start < end:
            if _is_cached(descriptor, start, length := min(BLOCK, end - start)):
                block = os.pread(descriptor, length, start)
            else:
                block = await asyncio.to_thread(os.pread, descriptor, min(STRETCH, end - start), start)
            if not block:
                raise Unreadable("it is shorter than it was")
            start += len(block)
            yield block
    finally:
        os.close(descriptor)


def _is_cached(descriptor: int, start: int, length: int) -> bool:
    """Whether its first and its last byte can be had without a disk; false where this cannot be told."""
    probe = bytearray(1)
    try:
        return all(os.preadv(descriptor, [probe], at, os.RWF_NOWAIT) for at in (start, start + length - 1))
    except OSError:
        return False


async def _from_store(blobs: Blobs, name: str, start: int, end: int) -> AsyncGenerator[bytes, None]:
    """Several stretches are on their way at once: a store far away is not waited for one after the other."""
    wanted = iter(range(start, end, STRETCH))
    ahead = deque[asyncio.Future[bytes]]()

    def ask() -> None:
        for at in wanted:
            ahead.append(asyncio.ensure_future(_stretch(blobs, name, at, min(STRETCH, end - at))))
            if len(ahead) >= AHEAD:
                return

    try:
        ask()
        while ahead:
            block = await ahead.popleft()
            ask()
            yield block
    finally:
        for one in ahead:
            one.cancel()


async def _stretch(blobs: Blobs, name: str, at: int, length: int) -> bytes:
    try:
        content = bytes(await obstore.get_range_async(blobs.store, name, start=at, length=length))
    except (BaseError, OSError) as trouble:
        raise Unreadable(f"it cannot be read: {first_line(trouble)}") from None
    if len(content) != length:
        raise Unreadable("it is shorter than it was")
    return content


def signed_address(blobs: Blobs, sha256: str, life: timedelta) -> str:
    """Where anybody can GET this one blob, for so long. Raises Unreadable where the store signs none."""
    try:
        return obstore.sign(blobs.store, "GET", blob_name(sha256), life)
    except (BaseError, OSError) as trouble:
        raise Unreadable(f"no address can be signed for it: {first_line(trouble)}") from None
