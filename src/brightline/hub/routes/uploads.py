"""Bytes on their way in: what goes beside a commit, by LFS or by Xet."""

import binascii
import re
from base64 import b64decode
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import wraps
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from brightline.hub import asking
from brightline.hub.host import FULL, Turned
from brightline.hub.ndjson import is_sha256
from brightline.hub.transfer.arriving import gate, received
from brightline.hub.xet.shard import SIZE as SHARD
from brightline.hub.xet.xorb import Garbled, Heads

LFS = "application/vnd.git-lfs+json"
FILES = 256  # of one question; clients ask for no more
LARGEST = 5 << 40  # bytes of a file, as S3 has them of an object
XORB = 72 << 20  # bytes: 64 MiB of chunks, and what stands around them
JOINED = 2  # files whose parts are put together at once
Endpoint = Callable[[Request], Awaitable[Response]]
SHARDS = 4  # that come in or are worked on at once; while they are, other bodies come in


async def preupload(request: Request) -> Response:
    host, account, name = await asking.about(request)
    revision, body = asking.part(request, "revision"), await asking.document(request)
    files, pull = _asked(body.get("files")), asking.flag(request, "create_pr")
    ignore = body["gitIgnore"] if isinstance(body.get("gitIgnore"), str) else ""
    rows = await asking.off(lambda: host.preupload(account, name, revision, files, pull=pull, ignore=ignore))
    return JSONResponse({"files": rows})


async def batch(request: Request) -> Response:
    host, account, name = await asking.about(request)
    wanted = await asking.document(request)
    if wanted.get("operation") != "upload":
        raise Turned(403, "Files are downloaded by their address here: /resolve/.")
    objects, ref = _objects(wanted.get("objects")), wanted.get("ref")
    revision = str(ref.get("name", "")) if isinstance(ref, dict) else ""
    rows = await asking.off(lambda: host.wanted(account, name, revision, objects))
    transfers = wanted.get("transfers")
    parted = isinstance(transfers, list) and "multipart" in transfers
    answers = [_object(request, *row, parted=parted) for row in rows]
    large = any("chunk_size" in one.get("actions", {}).get("upload", {}).get("header", {}) for one in answers)
    answer = {"transfer": "multipart" if large else "basic", "hash_algo": "sha256", "objects": answers}
    return JSONResponse(answer, media_type=LFS)


async def write_token(request: Request) -> Response:
    host, account, name = await asking.about(request)
    revision, pull = asking.part(request, "revision"), asking.flag(request, "create_pr")
    mark, token, until = await asking.off(lambda: host.xet_token(account, name, revision, pull=pull))
    cas = f"{asking.address(request)}/xet/{mark}"
    headers = {"X-Xet-Cas-Url": cas, "X-Xet-Access-Token": token, "X-Xet-Token-Expiration": str(until)}
    return JSONResponse({"casUrl": cas, "accessToken": token, "exp": until}, headers=headers)


def _asked(files: Any) -> list[dict[str, Any]]:
    if not isinstance(files, list) or len(files) > FILES:
        raise Turned(400, f"a list of at most {FILES} files is asked about.")
    rows = []
    for file in files:
        try:
            sample = b64decode(file.get("sample") or "", validate=True)
            rows.append(
                {"path": asking.new_path(str(file["path"])), "size": _size(int(file["size"])), "sample": sample}
            )
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError, binascii.Error):
            raise Turned(400, "a file that is asked about has a path, a size and a sample in base64.") from None
    return rows


def _objects(objects: Any) -> list[dict[str, Any]]:
    if not isinstance(objects, list) or len(objects) > FILES:
        raise Turned(400, f"a list of at most {FILES} objects is asked about.")
    for one in objects:
        good = isinstance(one, dict) and is_sha256(str(one.get("oid"))) and type(one.get("size")) is int
        if not good:
            raise Turned(400, "an object has an oid, which is a sha256 in hex, and a size.")
        _size(one["size"])
    return objects


def _size(said: int) -> int:
    """Raises Turned."""
    if not 0 <= said <= LARGEST:
        raise Turned(400, f"a file has 0 to {LARGEST} bytes.")
    return said


def _object(request: Request, oid: str, size: int, ticket: str | Turned | None, *, parted: bool) -> dict[str, Any]:
    """No actions: these bytes were sent here already."""
    if ticket is None:
        return {"oid": oid, "size": size}
    if isinstance(ticket, Turned):
        return {"oid": oid, "size": size, "error": {"code": ticket.status, "message": str(ticket)}}
    href = f"{asking.address(request)}/lfs/{ticket}"
    upload: dict[str, Any] = {"href": href}
    length = asking.host(request).part_size(size) if parted else None
    if length is not None:
        numbers = range(1, -(-size // length) + 1)
        upload["header"] = {"chunk_size": str(length), **{str(one): f"{href}/{one}" for one in numbers}}
    return {"oid": oid, "size": size, "actions": {"upload": upload, "verify": {"href": f"{href}/verify"}}}


async def put_file(request: Request) -> Response:
    ticket = request.path_params["ticket"]
    coming = await asking.off(lambda: asking.host(request).bound("lfs", ticket, 0))
    async with received(request, coming) as arrived:
        await asking.off(lambda: asking.host(request).received(ticket, arrived))
    return JSONResponse({})


async def put_part(request: Request) -> Response:
    ticket, number = request.path_params["ticket"], int(request.path_params["number"])
    host = asking.host(request)
    async with received(request, await asking.off(lambda: host.part_bound(ticket, number))) as arrived:
        tag = await asking.off(lambda: host.part(ticket, number, arrived.place))
    return JSONResponse({}, headers={"ETag": f'"{tag}"'})


async def complete(request: Request) -> Response:
    ticket, wanted = request.path_params["ticket"], await asking.document(request)
    parts = wanted.get("parts")
    if not isinstance(parts, list) or not all(isinstance(one, dict) for one in parts):
        raise Turned(400, "parts are a list, each with its partNumber and its etag.")
    tags = {
        one["partNumber"]: str(one.get("etag", "")).strip('"') for one in parts if type(one.get("partNumber")) is int
    }
    if sorted(tags) != list(range(1, len(parts) + 1)):
        raise Turned(400, "parts are numbered from 1, without a gap.")
    ordered = [tags[number] for number in range(1, len(parts) + 1)]
    async with gate(request, "joined", JOINED):
        await asking.off(lambda: asking.host(request).complete(ticket, str(wanted.get("oid")), ordered))
    return JSONResponse({})


async def verify(request: Request) -> Response:
    ticket, wanted = request.path_params["ticket"], await asking.document(request)
    oid, size = str(wanted.get("oid")), wanted.get("size")
    if not isinstance(size, int):
        raise Turned(400, f"{size!r} is no size.")
    await asking.off(lambda: asking.host(request).verify(ticket, oid, size))
    return JSONResponse({})


def aloud(endpoint: Endpoint) -> Endpoint:
    """Xet's clients show of a refusal its status and its address, and no word of its body: so the sentence is the address."""

    @wraps(endpoint)
    async def said(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Turned as trouble:
            if trouble.status != FULL:
                raise
            words = "-".join(re.findall(r"[\w.,:/]+", str(trouble), re.ASCII))
            return RedirectResponse(f"{asking.address(request)}/xet/refused/{words}", 303)

    return said


async def refused(_request: Request) -> Response:
    raise Turned(FULL, "There is no room for this. The address says why.")


def _ticket(request: Request) -> str:
    return request.headers.get("authorization", "").partition(" ")[2].strip()


def _length(request: Request) -> int:
    """As it is announced; who announces nothing sends something."""
    said = request.headers.get("content-length", "")
    return int(said) if said.isascii() and said.isdigit() else 1


@aloud
async def put_xorb(request: Request) -> Response:
    digest = request.path_params["digest"]
    if not is_sha256(digest):
        raise Turned(400, "a xorb is named by 64 hex digits.")
    length = _length(request)
    coming = await asking.off(lambda: asking.host(request).bound("xet", _ticket(request), length))
    heads = Heads()
    try:
        async with received(request, replace(coming, most=XORB), heads.feed) as arrived:
            found = heads.finish()
            fresh = await asking.off(lambda: asking.host(request).xorb(_ticket(request), digest, arrived, found))
    except Garbled as trouble:
        raise Turned(400, f"{trouble}.") from None
    return JSONResponse({"was_inserted": fresh})


@aloud
async def put_shard(request: Request) -> Response:
    coming = await asking.off(lambda: asking.host(request).bound("xet", _ticket(request), 0))
    async with received(request, replace(coming, most=SHARD), name="shards", at_once=SHARDS) as arrived:
        await asking.off(lambda: asking.host(request).shard(_ticket(request), arrived))
    return JSONResponse({"result": 1})


REPO, GIT = "/api/{kind:kinds}/{namespace}/{name}", "/{namespace}/{name}.git/info/lfs/objects/batch"
ROUTES = [
    Route(REPO + "/preupload/{revision}", preupload, methods=["POST"]),
    Route(REPO + "/xet-write-token/{revision}", write_token),
    *(Route(prefix + GIT, batch, methods=["POST"]) for prefix in ("/{kind:kinds}", "")),
    Route("/lfs/{ticket}", put_file, methods=["PUT"]),
    Route("/lfs/{ticket}", complete, methods=["POST"]),
    Route("/lfs/{ticket}/{number:number}", put_part, methods=["PUT"]),
    Route("/lfs/{ticket}/verify", verify, methods=["POST"]),
    Route("/xet/refused/{words:path}", refused),
    Route("/xet/{mark}/v1/xorbs/default/{digest}", put_xorb, methods=["POST"]),
    Route("/xet/{mark}/v1/shards", put_shard, methods=["POST"]),
]
