"""A body on its way to a file: kept by a thread while the next part of it comes in."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from starlette.requests import Request

from brightline.hub import asking
from brightline.hub.host import FULL, Arrived, Inlet, Turned

PART = 1 << 19  # bytes that are handed to the thread at once
AT_ONCE = 12  # bodies that come in at the same time: the next one waits, and its sender with it
SPAN, LEAST = 30, 240 << 10  # seconds that a sender is waited for, and the bytes that come in them at the least
Read = Callable[[bytes], None]
"""What is told every block; what it raises ends the body."""


@asynccontextmanager
async def received(
    request: Request, most: int | None, read: Read | None = None, *, name: str = "bodies", at_once: int = AT_ONCE
) -> AsyncIterator[Arrived]:
    """The body as a file, which is gone afterwards; hashed, unless it is read by somebody else.

    Raises Turned where it is longer than it may be, dawdles, or cannot be kept.
    """
    async with gate(request, name, at_once):
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


def gate(request: Request, name: str, at_once: int) -> asyncio.Semaphore:
    """Of this process: how many there are is how much memory they take."""
    state = request.app.state
    if not hasattr(state, "gates"):
        state.gates = {}
    gates: dict[str, asyncio.Semaphore] = state.gates
    return gates.setdefault(name, asyncio.Semaphore(at_once))


async def _paced(request: Request) -> AsyncIterator[bytes]:
    """Block by block; a sender that dawdles holds up whoever waits for its turn. What keeping takes is not the sender's.

    Raises Turned.
    """
    blocks = aiter(request.stream())
    waited, came = 0.0, 0
    while True:
        began = time.monotonic()
        try:
            async with asyncio.timeout(SPAN - waited):
                block = await anext(blocks, None)
        except TimeoutError:
            raise Turned(408, f"fewer than {LEAST} bytes came in {SPAN} seconds. Send it again.") from None
        if block is None:
            return
        waited, came = waited + time.monotonic() - began, came + len(block)
        if came >= LEAST:
            waited, came = 0.0, 0
        yield block


async def _take(request: Request, most: int | None, read: Read | None, inlet: Inlet) -> None:
    """One part is kept while the next one comes."""
    blocks: list[bytes] = []
    held = size = 0
    keeps: asyncio.Task[Any] | None = None
    try:
        async for block in _paced(request):
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
