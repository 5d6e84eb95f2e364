"""A body on its way to a file: kept by a thread while the next part of it comes in."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from starlette.requests import Request

from brightline.hub import asking
from brightline.hub.host import FULL, Arrived, Inlet, Turned

PART = 1 << 19  # bytes that are handed to the thread at once
AT_ONCE = 12  # bodies that come in at the same time: the next one waits, and its sender with it
Read = Callable[[bytes], None]
"""What is told every block; what it raises ends the body."""


@asynccontextmanager
async def received(request: Request, most: int | None, read: Read | None = None) -> AsyncIterator[Arrived]:
    """The body as a file, which is gone afterwards; hashed, unless it is read by somebody else.

    Raises Turned where it is longer than it may be, or cannot be kept.
    """
    async with _gate(request):
        inlet = await asking.off(lambda: asking.host(request).inlet(hashing=read is None))
        try:
            await _take(request, most, read, inlet)
            digest = await asking.off(inlet.finish)
            yield Arrived(inlet.place, digest, inlet.size)
        except OSError as trouble:
            raise Turned(FULL, f"it cannot be kept: {trouble.strerror}.") from None
        finally:
            inlet.drop()
            inlet.place.unlink(missing_ok=True)


def _gate(request: Request) -> asyncio.Semaphore:
    """Of this process: how many there are is how much memory they take."""
    state = request.app.state
    if not hasattr(state, "arriving"):
        state.arriving = asyncio.Semaphore(AT_ONCE)
    found: asyncio.Semaphore = state.arriving
    return found


async def _take(request: Request, most: int | None, read: Read | None, inlet: Inlet) -> None:
    """One part is kept while the next one comes."""
    blocks: list[bytes] = []
    held = size = 0
    keeps: asyncio.Task[Any] | None = None
    try:
        async for block in request.stream():
            size, held = size + len(block), held + len(block)
            if most is not None and size > most:
                raise Turned(413, f"this has at most {most} bytes.")
            if read is not None:
                read(block)
            blocks.append(block)
            if held >= PART:
                if keeps is not None:
                    await keeps
                keeps = asyncio.create_task(_keep(inlet, blocks))
                blocks, held = [], 0
        if keeps is not None:
            await keeps
        await _keep(inlet, blocks)
    finally:
        if keeps is not None:
            await asyncio.wait([keeps])


async def _keep(inlet: Inlet, blocks: list[bytes]) -> None:
    await asking.off(lambda: inlet.keep(blocks))
