"""Blobs on their way out: read block by block, by a signed address, or by a web server in front that has the folder too."""

import asyncio
import os
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import timedelta
from typing import NamedTuple

import obstore
from obstore.exceptions import BaseError

from brightline.release.reader import Unreadable
from brightline.storage.blobs.store import Blobs, blob_name, first_line

BLOCK = (
    256 << 10
)  # bytes at once: it stays in a core's own cache between the read and the socket (measured: decision 15)
STRETCH, AHEAD = 1 << 20, 4  # bytes that are waited for at once, and how many of a store's are asked for ahead
STRAIGHT = 16 << 20  # bytes that the kernel is told of at once, where no disk is waited for
FETCHED = 4 << 20  # and where one is: about what a connection takes


class Stretch(NamedTuple):
    """A piece of an open file that can be had without a disk; the file stays open until the next piece is asked for."""

    file: int
    at: int
    length: int


def read_out(blobs: Blobs, sha256: str, start: int, end: int) -> AsyncGenerator[bytes, None]:
    """The bytes from `start` to `end`. Raises Unreadable where they are not there, or fewer."""
    name = blob_name(sha256)
    return (
        _from_store(blobs, name, start, end)
        if blobs.folder is None
        else _from_folder(f"{blobs.folder}/{name}", start, end)
    )


async def stretches(blobs: Blobs, sha256: str, start: int, end: int) -> AsyncGenerator[Stretch, None]:
    """From `start` to `end`, of a store that is a folder. Raises Unreadable where they are not there, or fewer."""
    if blobs.folder is None:
        raise Unreadable("it lies in no folder")
    async for stretch in _ready(f"{blobs.folder}/{blob_name(sha256)}", start, end, STRAIGHT):
        yield stretch


async def _from_folder(place: str, start: int, end: int) -> AsyncGenerator[bytes, None]:
    async with aclosing(_ready(place, start, end, BLOCK)) as ready:
        async for stretch in ready:
            block = os.pread(stretch.file, stretch.length, stretch.at)
            if len(block) != stretch.length:
                raise Unreadable("it is shorter than it was")
            yield block


async def _ready(place: str, start: int, end: int, most: int) -> AsyncGenerator[Stretch, None]:
    """What the page cache holds needs no thread; only a disk is waited for in one."""
    try:
        descriptor = os.open(place, os.O_RDONLY)
    except OSError as trouble:
        raise Unreadable(f"it cannot be read: {trouble.strerror}") from None
    try:
        at = start
        while at < end:
            length = min(most, end - at)
            if not _is_cached(descriptor, at, length):
                length = min(length, FETCHED)
                await asyncio.to_thread(_fetch, descriptor, at, min(max(length, STRETCH), end - at))
            yield Stretch(descriptor, at, length)
            at += length
    finally:
        os.close(descriptor)


def _is_cached(descriptor: int, start: int, length: int) -> bool:
    """Whether bytes of it, none far from the next, can be had without a disk; false where this cannot be told."""
    probe = bytearray(1)
    try:
        probes = (*range(start, start + length - 1, STRETCH), start + length - 1)
        return all(os.preadv(descriptor, [probe], at, os.RWF_NOWAIT) for at in probes)
    except OSError:
        return False


def _fetch(descriptor: int, start: int, length: int) -> None:
    """Into the page cache. Raises Unreadable."""
    scratch, end = bytearray(min(BLOCK, length)), start + length
    try:
        while start < end:
            read = os.preadv(descriptor, [scratch], start)
            if not read:
                raise Unreadable("it is shorter than it was")
            start += read
    except OSError as trouble:
        raise Unreadable(f"it cannot be read: {trouble.strerror}") from None


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
