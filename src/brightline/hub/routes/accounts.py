"""Routes about accounts, likes and spaces: what the clients look for, and what is refused on purpose."""

import json
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from brightline.hub import asking
from brightline.hub.host import Account, Content, Host, Turned
from brightline.release.repository import RepoName

HEADER, SHARDS, INDEX = 25 << 20, 1_000, 16 << 20  # bytes; files; bytes


async def overview(request: Request) -> Response:
    account, who = await asking.account(request), asking.part(request, "who")
    return JSONResponse(await asking.off(lambda: asking.host(request).overview(account, who)))


async def own_repos(request: Request) -> Response:
    account = await asking.account(request)
    return JSONResponse(await asking.off(lambda: asking.host(request).own_repos(account)))


async def likes(request: Request) -> Response:
    """Nobody's: likes are not counted."""
    await asking.account(request)
    return JSONResponse([])


async def likers(request: Request) -> Response:
    await _seen(request)
    return JSONResponse([])


async def unlike(request: Request) -> Response:
    await _seen(request)
    return JSONResponse({})


async def _seen(request: Request) -> tuple[Host, Account | None, RepoName]:
    """Raises Turned where the caller sees no such repository."""
    host, account, name = await asking.about(request)
    await asking.off(lambda: host.refs(account, name, pulls=False))
    return host, account, name


async def runtime(request: Request) -> Response:
    host, account, name = await asking.about(request)
    return JSONResponse(await asking.off(lambda: host.runtime(account, name)))


async def never_run(request: Request) -> Response:
    await _seen(request)
    raise Turned(403, "Spaces are kept and judged here, and never run: there is nothing to start, stop or configure.")


async def hardware(_request: Request) -> Response:
    return JSONResponse([])


async def tensors(request: Request) -> Response:
    """The headers of all shards, each of which the caller may have: a header is bytes like any others."""
    host, account, name = await asking.about(request)
    path = asking.path_of(asking.part(request, "path"))

    def find(one: str) -> Content:
        content = host.resolve(account, name, "main", one)
        content.handed(False)
        return content

    index = await _json(await asking.off(lambda: find(path)), 0, INDEX)
    weights = index.get("weight_map")
    shards = sorted({asking.path_of(str(one)) for one in weights.values()}) if isinstance(weights, dict) else []
    if not 0 < len(shards) <= SHARDS:
        raise Turned(422, f"{path} is no index of shards.")
    headers = {one: await _header(await asking.off(partial(find, one))) for one in shards}
    return JSONResponse({"index": {"metadata": index.get("metadata")}, "headers": headers})


async def _header(content: Content) -> dict[str, Any]:
    size = int.from_bytes(await _bytes(content, 0, 8), "little")
    return await _json(content, 8, 8 + min(HEADER, size))


async def _bytes(content: Content, start: int, end: int) -> bytes:
    return b"".join([block async for block in content.read(start, min(end, content.size))])


async def _json(content: Content, start: int, end: int) -> dict[str, Any]:
    """Raises Turned."""
    try:
        found = json.loads(await _bytes(content, start, end))
    except (ValueError, RecursionError):
        raise Turned(422, f"{content.name} cannot be read.") from None
    if not isinstance(found, dict):
        raise Turned(422, f"{content.name} cannot be read.")
    return found


REPO, SPACE = "/api/{kind:kinds}/{namespace}/{name}", "/api/{kind:spaces}/{namespace}/{name}"
RUN = ("secrets", "variables", "hardware", "sleeptime", "pause", "restart", "dev-mode", "volumes")
ROUTES = [
    Route("/api/users/{who}/overview", overview),
    Route("/api/users/{who}/likes", likes),
    Route("/api/settings/repositories", own_repos),
    Route("/api/spaces/hardware", hardware),
    Route(REPO + "/likers", likers),
    Route(REPO + "/like", unlike, methods=["DELETE"]),
    Route(REPO + "/safetensors-metadata/{path:path}", tensors),
    Route(SPACE + "/runtime", runtime),
    Route(SPACE + "/logs/{what}", never_run),
    *(Route(f"{SPACE}/{one}", never_run, methods=["GET", "POST", "DELETE", "PUT"]) for one in RUN),
]
