"""Files on their way out: HEAD, GET and ranges."""

import re
from collections.abc import Mapping
from functools import lru_cache, partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from brightline.hub import asking
from brightline.hub.host import Content
from brightline.hub.remembering import acted, ready
from brightline.hub.transfer.sending import Known, Sending, known

TOLD = 50 * 10**9  # bytes: a file that a HEAD says is larger is one that the stock client refuses to fetch by HTTP
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


async def resolve(request: Request) -> ASGIApp:
    revision, path = asking.part(request, "revision"), asking.path_of(asking.part(request, "path"))
    host, account, name = await asking.about(request)
    content = await asking.off(lambda: host.resolve(account, name, revision, path))
    return await ready(request, partial(_handed, known(content, _headers(content))))(request)


async def _handed(file: Known, request: Request) -> ASGIApp:
    """By the store, by the web server in front, or by this process: whichever way the office has chosen."""
    content, headers, get = file.content, file.headers, request.method == "GET"
    if _is_known(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    if content.address is not None:
        acted(request)
        return Response(status_code=302, headers=await _elsewhere(content, headers))
    same = request.headers.get("if-range") in (None, headers["ETag"])
    wanted = _range(request.headers.get("range") if get and same else None, content.size)
    if wanted is not None and wanted[0] >= wanted[1]:
        told = {**headers, "Content-Range": f"bytes */{content.size}", "Content-Type": "application/json"}
        return JSONResponse({"error": f"The file has {content.size} bytes."}, 416, told)
    start, end = wanted or (0, content.size)
    if get:
        acted(request)
        await _hand(content, first=start == 0)
    if get and content.inside is not None:
        return Response(headers={**headers, "X-Accel-Redirect": content.inside})
    if not get and content.size > TOLD:
        return StreamingResponse(iter(()), headers=headers)  # in one piece it would say its own length
    part = {"Content-Length": str(end - start)}
    if wanted is not None:
        part["Content-Range"] = f"bytes {start}-{end - 1}/{content.size}"
    if not get:
        return Response(headers={**headers, **part})
    return Sending(file, start, end, 200 if wanted is None else 206, part)


async def _hand(content: Content, *, first: bool) -> None:
    """What is for everybody is only counted, which waits for nothing."""
    if content.public:
        content.handed(first)
    else:
        await asking.off(lambda: content.handed(first))


def _headers(content: Content) -> dict[str, str]:
    headers = {
        "X-Repo-Commit": content.commit,
        "ETag": f'"{content.etag}"',
        "X-Linked-Etag": f'"{content.etag}"',
        "Accept-Ranges": "bytes",
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f"attachment; filename*=UTF-8''{_quoted(content.name)}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox",
    }
    if content.size <= TOLD:
        headers["X-Linked-Size"] = str(content.size)
    if not content.public:
        headers["Cache-Control"] = "private, no-store"
    return headers


async def _elsewhere(content: Content, headers: Mapping[str, str]) -> dict[str, str]:
    """Who is told the address has the bytes: clients take it from a HEAD, and do not come back."""

    def hand() -> str:
        content.handed(True)
        return content.address() if content.address is not None else ""

    return {**headers, "Location": await asking.off(hand), "Cache-Control": "private, no-store"}


def _is_known(header: str | None, etag: str) -> bool:
    """If-None-Match, as RFC 9110, section 13.1.2, has it."""
    named = [one.strip().removeprefix("W/") for one in (header or "").split(",")]
    return etag in named or named == ["*"]


def _range(header: str | None, size: int) -> tuple[int, int] | None:
    """One range as RFC 9110, section 14.2, has it; None for all; an empty one where it cannot be satisfied."""
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None or match[0] == "bytes=-":
        return None
    first, last = match[1], match[2]
    if first and last and int(last) < int(first):
        return None
    start = int(first) if first else max(0, size - int(last))
    return start, min(int(last) + 1, size) if first and last else size


@lru_cache(1_000)
def _quoted(name: str) -> str:
    return "".join(
        f"%{byte:02X}" if not (48 <= byte < 58 or 65 <= byte < 91 or 97 <= byte < 123) else chr(byte)
        for byte in name.encode()
    )


FILE = "/{namespace}/{name}/resolve/{revision}/{path:path}"
ROUTES = [Route(prefix + FILE, resolve, methods=["GET", "HEAD"]) for prefix in ("/{kind:kinds}", "")]
