"""Files on their way out: HEAD, GET and ranges, cut short where the right to them ends."""

import re
import time
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from brightline.hub import asking
from brightline.hub.host import Content, Turned

BLOCK = 4 << 20
AGAIN = 0.5  # seconds after which a running download asks again whether it may go on
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


async def resolve(request: Request) -> Response:
    host, account, name = await asking.about(request)
    revision, path = asking.part(request, "revision"), asking.path_of(asking.part(request, "path"))
    content = await asking.off(lambda: host.resolve(account, name, revision, path))
    return await _handed(request, content)


async def _handed(request: Request, content: Content) -> Response:
    headers = {
        "X-Repo-Commit": content.commit,
        "ETag": f'"{content.etag}"',
        "X-Linked-Etag": f'"{content.etag}"',
        "X-Linked-Size": str(content.size),
        "Accept-Ranges": "bytes",
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f"attachment; filename*=UTF-8''{_quoted(content.name)}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox",
    }
    if not content.public:
        headers["Cache-Control"] = "private, no-store"
    same = request.headers.get("if-range") in (None, headers["ETag"])
    wanted = _range(request.headers.get("range") if same else None, content.size)
    start, end = wanted if wanted is not None else (0, content.size)
    if wanted is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{content.size}"
    headers["Content-Length"] = str(end - start)
    status = 200 if wanted is None else 206
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    await asking.off(content.handed)
    return StreamingResponse(_bytes(content, start, end), status, headers)


def _range(header: str | None, size: int) -> tuple[int, int] | None:
    """One range as RFC 9110, section 14.2, has it; None for all. Raises Turned where it cannot be satisfied."""
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None or match[0] == "bytes=-":
        return None
    first, last = match[1], match[2]
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last) + 1, size) if first and last else size
    if first and last and int(last) < start:
        return None
    if start >= size or end <= start:
        raise Turned(416, f"The file has {size} bytes.")
    return start, end


async def _bytes(content: Content, start: int, end: int) -> AsyncIterator[bytes]:
    """A stream that is cut is shorter than it said: the client notices, and asks again, and is told why."""
    asked = time.monotonic()
    while start < end:
        if time.monotonic() - asked > AGAIN:
            if not await asking.off(content.still):
                return
            asked = time.monotonic()
        at, length = start, min(BLOCK, end - start)
        block = await asking.off(lambda at=at, length=length: content.reader.read(at, length))  # type: ignore[misc]
        start += len(block)
        yield block


def _quoted(name: str) -> str:
    return "".join(
        f"%{byte:02X}" if not (48 <= byte < 58 or 65 <= byte < 91 or 97 <= byte < 123) else chr(byte)
        for byte in name.encode()
    )


FILE = "/{namespace}/{name}/resolve/{revision}/{path:path}"
ROUTES = [Route(prefix + FILE, resolve, methods=["GET", "HEAD"]) for prefix in ("/{kind:kinds}", "")]
