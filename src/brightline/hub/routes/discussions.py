"""Routes about what people say of a repository, and what they propose to change in it."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from brightline.hub import asking
from brightline.hub.host import Document, Turned

TITLE, WORDS = 400, 20_000  # characters
TYPES = {"all": None, "discussion": False, "pull_request": True}


async def every(request: Request) -> Response:
    host, account, name = await asking.about(request)
    given = request.query_params
    page = given.get("p", "0")
    number = int(page) if page.isascii() and page.isdecimal() and len(page) < 7 else 0
    pull, status, author = TYPES.get(given.get("type", "all")), given.get("status", "all"), given.get("author")

    def wanted(row: Document) -> bool:
        state = "open" if row["status"] in ("open", "draft") else "closed"
        return (
            (pull is None or row["isPullRequest"] is pull)
            and status in ("all", state)
            and author in (None, "", row["author"]["name"])
        )

    return JSONResponse(await asking.off(lambda: host.discussions(account, name, wanted, number)))


async def begin(request: Request) -> Response:
    host, account, name = await asking.about(request)
    body = await asking.document(request)
    title, said = _words(body, "title", TITLE), _words(body, "description", WORDS, needed=False)
    pull = body.get("pullRequest") is True
    return JSONResponse(await asking.off(lambda: host.discuss(account, name, title, said, pull=pull)))


def _words(body: Document, key: str, most: int, *, needed: bool = True) -> str:
    """Raises Turned."""
    said = body.get(key, "" if not needed else None)
    if not isinstance(said, str) or len(said) > most or (needed and not said.strip()):
        raise Turned(400, f"{key} is a text of at most {most} characters.")
    return said


async def one(request: Request) -> Response:
    host, account, name = await asking.about(request)
    number, diff = int(request.path_params["number"]), asking.flag(request, "diff")
    return JSONResponse(await asking.off(lambda: host.discussion(account, name, number, diff=diff)))


async def change(request: Request) -> Response:
    """A comment, another title, another status, or a merge."""
    host, account, name = await asking.about(request)
    number, body = int(request.path_params["number"]), await asking.document(request)
    said = _words(body, "comment", WORDS, needed=False)
    match request.path_params["act"]:
        case "comment":
            said = _words(body, "comment", WORDS)
            answer = await asking.off(lambda: host.remark(account, name, number, said))
        case "title":
            title = _words(body, "title", TITLE)
            answer = await asking.off(lambda: host.retitle(account, name, number, title))
        case "status":
            status = body.get("status")
            if status not in ("open", "closed"):
                raise Turned(400, "status is open or closed.")
            answer = await asking.off(lambda: host.restate(account, name, number, str(status), said))
        case "merge":
            await asking.off(lambda: host.merge(account, name, number, said))
            answer = {}
        case _:
            raise Turned(404, "There is no such address at this hub.")
    return JSONResponse(answer)


async def reword(request: Request) -> Response:
    host, account, name = await asking.about(request)
    number, identity = int(request.path_params["number"]), asking.part(request, "identity")
    said = None
    if request.url.path.endswith("/edit"):
        said = _words(await asking.document(request), "content", WORDS)
    return JSONResponse(await asking.off(lambda: host.reword(account, name, number, identity, said)))


DISCUSSIONS = "/api/{kind:kinds}/{namespace}/{name}/discussions"
ONE = DISCUSSIONS + "/{number:number}"
ROUTES = [
    Route(DISCUSSIONS, every, methods=["GET"]),
    Route(DISCUSSIONS, begin, methods=["POST"]),
    Route(ONE, one, methods=["GET"]),
    Route(ONE + "/{act}", change, methods=["POST"]),
    Route(ONE + "/comment/{identity}/edit", reword, methods=["POST"]),
    Route(ONE + "/comment/{identity}/hide", reword, methods=["POST"]),
]
