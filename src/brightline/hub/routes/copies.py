"""Routes about copies, histories that are cut, and the large files of a repository."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from brightline.hub import asking
from brightline.hub.host import Turned
from brightline.hub.ndjson import is_sha256
from brightline.release.repository import Kind, RepoName

BATCH = 1_000  # files of one request, as clients batch them


async def duplicate(request: Request) -> Response:
    host, account, source = await asking.about(request)
    wanted = await asking.document(request)
    target = _target(source.kind, wanted.get("repository"), account.name if account is not None else "")
    terms = {"private": asking.visibility(wanted) is True}
    made, fresh = await asking.off(lambda: host.duplicate(account, source, target, terms))
    answer = {**made, "url": f"{asking.address(request)}/{target.address}", "filesCopyPending": False}
    said = {} if fresh else {"error": f"You already have this {target.kind} repo"}
    return JSONResponse({**answer, **said}, 200 if fresh else 409)


def _target(kind: Kind, said: Any, own: str) -> RepoName:
    """`namespace/name`, or a name of the caller's own. Raises Turned."""
    if not isinstance(said, str):
        raise Turned(400, "repository names the copy: namespace/name.")
    namespace, _, name = said.rpartition("/")
    return asking.new_name(kind, namespace or own, name)


async def squash(request: Request) -> Response:
    host, account, name = await asking.about(request)
    branch = asking.branch_of(asking.part(request, "branch"))
    message = (await asking.document(request)).get("message")
    said = message if isinstance(message, str) and message.strip() else f"Squash {branch}"
    await asking.off(lambda: host.squash(account, name, branch, said))
    return JSONResponse({})


async def lfs_files(request: Request) -> Response:
    host, account, name = await asking.about(request)
    given = request.query_params.get("start", "0")
    start = int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else 0
    rows, following = await asking.off(lambda: host.lfs_files(account, name, start))
    return JSONResponse(rows, headers={"Link": asking.next_page(request, "start", following)} if following else {})


async def delete_lfs(request: Request) -> Response:
    host, account, name = await asking.about(request)
    wanted = (await asking.document(request)).get("deletions")
    digests = _digests(wanted.get("sha") if isinstance(wanted, dict) else None)
    rewrite = not isinstance(wanted, dict) or wanted.get("rewriteHistory") is not False
    await asking.off(lambda: host.delete_lfs(account, name, digests, rewrite=rewrite))
    return JSONResponse({"success": True})


async def lend(request: Request) -> Response:
    host, account, name = await asking.about(request)
    wanted = await asking.document(request)
    target, files = wanted.get("target"), wanted.get("files")
    if not isinstance(target, dict) or target.get("type") not in list(Kind) or not isinstance(files, list):
        raise Turned(400, "a target has a type and a name, and files are a list.")
    digests = _digests([file.get("sha256") if isinstance(file, dict) else None for file in files])
    own = _target(Kind(str(target["type"])), target.get("name"), account.name if account is not None else "")
    failed = await asking.off(lambda: host.lend_files(account, name, own, digests))
    return JSONResponse({"failed": failed})


def _digests(said: Any) -> list[str]:
    """Raises Turned."""
    if not isinstance(said, list) or not 0 < len(said) <= BATCH or not all(is_sha256(str(one)) for one in said):
        raise Turned(400, f"1 to {BATCH} files are named, each by its sha256.")
    return [str(one) for one in said]


REPO = "/api/{kind:kinds}/{namespace}/{name}"
ROUTES = [
    Route(REPO + "/duplicate", duplicate, methods=["POST"]),
    Route(REPO + "/super-squash/{branch}", squash, methods=["POST"]),
    Route(REPO + "/lfs-files", lfs_files, methods=["GET"]),
    Route(REPO + "/lfs-files/batch", delete_lfs, methods=["POST"]),
    Route(REPO + "/lfs-files/duplicate", lend, methods=["POST"]),
]
