"""Routes about repositories: made, described, listed, named, asked for."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from brightline.hub import asking
from brightline.hub.host import Coming, Document, Push, Rows, Turned
from brightline.hub.ndjson import SIZE, read_push
from brightline.hub.transfer.arriving import received
from brightline.release.card import card_faults
from brightline.release.repository import Kind

PUSHES = 3  # long ones that come in, or are worked on, at once


async def whoami(request: Request) -> Response:
    account = await asking.account(request)
    if account is None:
        raise Turned(401, "Invalid username or password.")
    return JSONResponse(asking.host(request).whoami(account))


async def create(request: Request) -> Response:
    account, wanted = await asking.account(request), await asking.document(request)
    name = asking.new_name(*_names(wanted, "name", "organization", account.name if account is not None else ""))
    terms = {"private": asking.visibility(wanted) is True, "sdk": wanted.get("sdk")}
    made, fresh = await asking.off(lambda: asking.host(request).create(account, name, terms))
    made["url"] = f"{asking.address(request)}/{name.address}"
    return JSONResponse(
        made if fresh else {**made, "error": f"You already created this {name.kind} repo"}, 200 if fresh else 409
    )


def _names(wanted: dict[str, Any], key: str, space: str, own: str) -> tuple[Kind, str, str]:
    """What is said of a repository's name: its kind, its namespace, and the rest of it. Raises Turned."""
    kind, name = _kind(wanted.get("type")), str(wanted.get(key, ""))
    namespace, _, rest = name.partition("/") if "/" in name else (str(wanted.get(space) or own), "", name)
    return kind, namespace, rest


def _kind(word: object) -> Kind:
    if word in (None, ""):
        return Kind.MODEL
    if word not in list(Kind):
        raise Turned(400, f"{str(word)[:40]!r} is no kind of repository; known are {', '.join(Kind)}.")
    return Kind(str(word))


async def delete(request: Request) -> Response:
    account, wanted = await asking.account(request), await asking.document(request)
    name = asking.named(*_names(wanted, "name", "organization", account.name if account is not None else ""))
    await asking.off(lambda: asking.host(request).delete(account, name))
    return JSONResponse({})


async def move(request: Request) -> Response:
    account, wanted = await asking.account(request), await asking.document(request)
    before, after = (
        asking.named(*_names(wanted, "fromRepo", "", "")),
        asking.new_name(*_names(wanted, "toRepo", "", "")),
    )
    await asking.off(lambda: asking.host(request).move(account, before, after))
    return JSONResponse({})


async def validate_yaml(request: Request) -> Response:
    """The form of a card's front matter; what it says is judged when it is examined."""
    content = (await asking.document(request)).get("content")
    errors, warnings = card_faults(content if isinstance(content, str) else "")
    told = {"errors": [{"message": one} for one in errors], "warnings": [{"message": one} for one in warnings]}
    return JSONResponse(told, 400 if errors else 200)


async def info(request: Request) -> Response:
    host, account, name = await asking.about(request)
    revision = asking.part(request, "revision") if "revision" in request.path_params else None
    only = asking.expanded(request)
    sizes = asking.flag(request, "blobs")

    def work() -> Response:
        told = host.info(account, name, revision, sizes=sizes)
        return _described(
            {key: value for key, value in told.items() if key in (*asking.NAMES, *only)} if only else told
        )

    return await asking.off(work)


def _described(told: Document) -> Response:
    """The JSON of its files was written before, mostly: a repository may have 100,000."""
    files = told.get("siblings")
    if not isinstance(files, Rows):
        return JSONResponse(told)
    rest = bytes(JSONResponse({key: value for key, value in told.items() if key != "siblings"}).body)
    return Response(rest[:-1] + b',"siblings":' + files.text + b"}", media_type="application/json")


async def settings(request: Request) -> Response:
    host, account, name = await asking.about(request)
    wanted = await asking.document(request)
    terms: dict[str, Any] = {"private": asking.visibility(wanted)}
    if wanted.get("gated") is not None:
        if wanted["gated"] not in ("auto", "manual", False):
            raise Turned(400, "gated is 'auto', 'manual' or false.")
        terms["gated"] = wanted["gated"] or ""
    return JSONResponse(await asking.off(lambda: host.settle(account, name, terms)))


async def tree(request: Request) -> Response:
    host, account, name = await asking.about(request)
    revision = asking.part(request, "revision")
    path = asking.part(request, "path").strip("/") if "path" in request.path_params else ""
    recursive, expand = asking.flag(request, "recursive"), asking.flag(request, "expand")

    def work() -> Response:
        after = request.query_params.get("cursor")
        page = host.tree(account, name, revision, path, recursive=recursive, expand=expand, after=after)
        link = {} if page.following is None else {"Link": asking.next_page(request, "cursor", page.following)}
        return Response(page.rows.text, media_type="application/json", headers={"X-Repo-Commit": page.commit, **link})

    return await asking.off(work)


async def paths(request: Request) -> Response:
    host, account, name = await asking.about(request)
    revision = asking.part(request, "revision")
    wanted = await _paths(request)
    return JSONResponse(await asking.off(lambda: host.paths(account, name, revision, wanted[0], expand=wanted[1])))


async def refs(request: Request) -> Response:
    host, account, name = await asking.about(request)
    pulls = asking.flag(request, "include_prs")
    return JSONResponse(await asking.off(lambda: host.refs(account, name, pulls=pulls)))


async def branch(request: Request) -> Response:
    host, account, name = await asking.about(request)
    wanted = asking.part(request, "branch").removeprefix("refs/heads/")
    given = (await asking.document(request)).get("startingPoint")
    start = given if isinstance(given, str) else None
    if request.method == "DELETE":
        await asking.off(lambda: host.unref(account, name, f"refs/heads/{wanted}"))
    else:
        await asking.off(lambda: host.branch(account, name, wanted, start))
    return JSONResponse({})


async def tag(request: Request) -> Response:
    host, account, name = await asking.about(request)
    said = asking.part(request, "revision")
    if request.method == "DELETE":
        await asking.off(lambda: host.unref(account, name, f"refs/tags/{said}"))
    else:
        wanted = str((await asking.document(request)).get("tag", ""))
        await asking.off(lambda: host.tag(account, name, said, wanted))
    return JSONResponse({})


async def commits(request: Request) -> Response:
    host, account, name = await asking.about(request)
    revision = asking.part(request, "revision")
    rows = await asking.off(lambda: host.commits(account, name, revision))
    if "formatted" not in asking.expanded(request):
        rows = [{key: value for key, value in row.items() if key != "formatted"} for row in rows]
    return JSONResponse(rows)


async def commit(request: Request) -> Response:
    host, account, name = await asking.about(request)
    revision, pull = asking.part(request, "revision"), asking.flag(request, "create_pr")
    proposed = pull or revision.startswith("refs/pr/")
    branch_name = revision if proposed and not pull else asking.head_of(revision)
    await asking.off(lambda: host.may_push(account, name, branch_name, pull=pull))  # before the body is read
    act = host.propose if pull else host.add if proposed else host.commit
    async with _push(request, account.name if account is not None else "") as pushed:
        made = await asking.off(lambda: act(account, name, branch_name, pushed))
    page = f"{asking.address(request)}/{name.address}"
    told = {"pullRequestUrl": f"{page}/discussions/{made['number']}"} if pull else {}
    answer = {"commitUrl": f"{page}/commit/{made['commitOid']}", "commitOid": made["commitOid"], **told}
    return JSONResponse({"success": True, "hookOutput": "", **answer})


@asynccontextmanager
async def _push(request: Request, who: str) -> AsyncIterator[Push]:
    """One that is long comes by turns, and lies on the disk until all of it is here: it takes several times its size. Raises Turned."""
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length) <= asking.BODY:
        yield read_push(await asking.body(request))
        return
    async with received(request, Coming(who, SIZE), name="pushes", at_once=PUSHES) as arrived:
        yield await asking.off(lambda: read_push(arrived.place.read_bytes()))


async def auth_check(request: Request) -> Response:
    host, account, name = await asking.about(request)
    write = request.url.path.endswith("/write")
    await asking.off(lambda: host.may(account, name, write=write))
    return JSONResponse({})


async def ask(request: Request) -> Response:
    host, account, name = await asking.about(request)
    contact = str((await asking.document(request)).get("contact", ""))[:400]
    return JSONResponse(await asking.off(lambda: host.ask(account, name, contact)))


async def asked(request: Request) -> Response:
    host, account, name = await asking.about(request)
    status = asking.part(request, "status")
    return JSONResponse(await asking.off(lambda: host.asked(account, name, status)))


async def answer(request: Request) -> Response:
    host, account, name = await asking.about(request)
    wanted = await asking.document(request)
    status = str(wanted.get("status", ""))
    await asking.off(lambda: host.answer(account, name, wanted, status))
    return JSONResponse({})


async def grant(request: Request) -> Response:
    host, account, name = await asking.about(request)
    who = str((await asking.document(request)).get("user", ""))
    await asking.off(lambda: host.grant(account, name, who))
    return JSONResponse({})


async def _paths(request: Request) -> tuple[list[str], bool]:
    """A form by the clients, JSON by others."""
    if "json" in request.headers.get("content-type", ""):
        wanted = await asking.document(request)
        paths = wanted.get("paths")
        return [str(path) for path in paths] if isinstance(paths, list) else [], wanted.get("expand") is True
    given = await asking.form(request)
    return given.get("paths", []), given.get("expand", [""])[0].lower() == "true"


REPO = "/api/{kind:kinds}/{namespace}/{name}"
ROUTES = [
    Route("/api/whoami-v2", whoami),
    Route("/api/repos/create", create, methods=["POST"]),
    Route("/api/repos/delete", delete, methods=["DELETE"]),
    Route("/api/repos/move", move, methods=["POST"]),
    Route("/api/validate-yaml", validate_yaml, methods=["POST"]),
    Route(REPO, info),
    Route(REPO + "/revision/{revision}", info),
    Route(REPO + "/settings", settings, methods=["PUT"]),
    Route(REPO + "/tree/{revision}", tree),
    Route(REPO + "/tree/{revision}/{path:path}", tree),
    Route(REPO + "/paths-info/{revision}", paths, methods=["POST"]),
    Route(REPO + "/refs", refs),
    Route(REPO + "/branch/{branch}", branch, methods=["POST", "DELETE"]),
    Route(REPO + "/tag/{revision}", tag, methods=["POST", "DELETE"]),
    Route(REPO + "/commits/{revision}", commits),
    Route(REPO + "/commit/{revision}", commit, methods=["POST"]),
    Route(REPO + "/auth-check", auth_check),
    Route(REPO + "/auth-check/write", auth_check),
    Route(REPO + "/ask-access", ask, methods=["POST"]),
    Route(REPO + "/user-access-request/handle", answer, methods=["POST"]),
    Route(REPO + "/user-access-request/grant", grant, methods=["POST"]),
    Route(REPO + "/user-access-request/{status}", asked),
]
