"""A body on its way to a file: kept by a thread while the next part of it comes in."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial

from starlette.requests import Request

from brightline.hub import asking
from brightline.hub.host import FULL, Arrived, Coming, Inlet, Turned
from brightline.hub.transfer.body import Body

AHEAD = 1  # full buffers that wait to be kept, beside the one that is being filled
AT_ONCE = 12  # bodies that come in at the same time: the next one waits, and its sender with it
SPAN, LEAST = 30, 240 << 10  # seconds that a sender is waited for, and the bytes that come in them at the least
THREADS = 64  # more than there are buffers under way: one that waits for the one before it holds up no third
Read = Callable[[memoryview], None]
"""What is told every block; what it raises ends the body."""
_KEEPING = ThreadPoolExecutor(THREADS, "keeping")


@asynccontextmanager
async def received(
    request: Request, coming: Coming, read: Read | None = None, *, name: str = "bodies", at_once: int = AT_ONCE
) -> AsyncIterator[Arrived]:
    """The body as a file, which is gone afterwards; hashed, unless it is read by somebody else. Nobody has every turn: some are left
    for others, however slowly one sends.

    Raises Turned where it is longer than it may be, dawdles, or cannot be kept.
    """
    async with gate(request, f"{name} of {coming.owner}", at_once * 2 // 3), gate(request, name, at_once):
        try:
            async with _opened(request, hashing=read is None) as inlet:
                await _take(request, coming.most, read, inlet)
                digest = await asking.off(inlet.finish)
                yield Arrived(inlet.place, digest, inlet.size)
        except OSError as trouble:
            raise Turned(FULL, f"it cannot be kept: {trouble.strerror}.") from None


@asynccontextmanager
async def _opened(request: Request, *, hashing: bool) -> AsyncIterator[Inlet]:
    inlet = await asking.off(lambda: asking.host(request).inlet(hashing=hashing))
    try:
        yield inlet
    finally:
        await asking.off(partial(_gone, inlet))  # whoever else is answered waits for no disk


def _gone(inlet: Inlet) -> None:
    inlet.drop()
    inlet.place.unlink(missing_ok=True)


def gate(request: Request, name: str, at_once: int) -> asyncio.Semaphore:
    """Of this process: how many there are is how much memory they take."""
    state = request.app.state
    if not hasattr(state, "gates"):
        state.gates = {}
    gates: dict[str, asyncio.Semaphore] = state.gates
    return gates.setdefault(name, asyncio.Semaphore(at_once))


async def _take(request: Request, most: int | None, read: Read | None, inlet: Inlet) -> None:
    """What was filled is kept while the next bytes come.

    A sender that dawdles holds up whoever waits for its turn; what keeping takes is not the sender's.
    """
    clock, kept, since = asyncio.get_running_loop().time, _Kept(inlet), 0
    patience = asyncio.timeout(SPAN)
    try:
        with Body(request) as body:
            _fits(body.length, most)
            async with patience:
                while came := await _filled(body, inlet, read):
                    since += came
                    _fits(inlet.size + came, most)
                    if inlet.came(came):
                        patience.reschedule(None)
                        await kept.next()
                        since = LEAST
                    if since >= LEAST:
                        patience.reschedule(clock() + SPAN)
                        since = 0
                patience.reschedule(None)
                await kept.all()
    except TimeoutError:
        if not patience.expired():
            raise
        raise Turned(408, f"fewer than {LEAST} bytes came in {SPAN} seconds. Send it again.") from None
    finally:
        await kept.quiet()


def _fits(length: int | None, most: int | None) -> None:
    """Raises Turned."""
    if most is not None and length is not None and length > most:
        raise Turned(413, f"this has at most {most} bytes.")


async def _filled(body: Body, inlet: Inlet, read: Read | None) -> int:
    """How many bytes more lie in the inlet's room."""
    with inlet.room() as room:
        came = await body.read(room)
        if read is not None:
            with room[:came] as block:
                read(block)
    return came


class _Kept:
    """Buffers on their way to the disk, one after the other: each waits for the one before it in its own thread, which takes a tenth of what
    a turn of the loop takes.
    """

    def __init__(self, inlet: Inlet) -> None:
        self._inlet = inlet
        self._under_way: deque[Future[None]] = deque()

    async def next(self) -> None:
        """The one that is full, too; once no more than AHEAD are. Raises what keeping raised."""
        before = self._under_way[-1] if self._under_way else None
        self._under_way.append(_KEEPING.submit(_after, before, self._inlet.turn()))
        while len(self._under_way) > AHEAD:
            await asyncio.wrap_future(self._under_way[0])
            self._under_way.popleft()

    async def all(self) -> None:
        for one in self._under_way:
            await asyncio.wrap_future(one)

    async def quiet(self) -> None:
        """When none of them is under way any more; what they raise was told, or is not wanted."""
        await asyncio.gather(*map(asyncio.wrap_future, self._under_way), return_exceptions=True)


def _after(before: Future[None] | None, work: Callable[[], None]) -> None:
    if before is not None:
        before.result()
    work()
