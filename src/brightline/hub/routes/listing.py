"""Routes of the lists: which repositories there are, page after page, and the tags they are filtered by."""

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from brightline.hub import asking
from brightline.hub.host import Turned, Wanted
from brightline.release.repository import Kind

SORTS = ("lastModified", "createdAt", "downloads", "likes", "trendingScore")
PAGE, MOST = 100, 1_000  # repositories a page where nobody says how many, and at the most
CONDITIONS, LENGTH = 20, 200  # words and tags of one question, and letters of one


async def search(request: Request) -> Response:
    account, wanted = await asking.account(request), _wanted(request)
    rows, following = await asking.off(lambda: asking.host(request).search(account, wanted))
    if following is None:
        return JSONResponse(rows)
    return JSONResponse(rows, headers={"Link": asking.next_page(request, "cursor", following)})


async def tags(request: Request) -> Response:
    kind = Kind(request.url.path.removeprefix("/api/").partition("s-")[0])
    return JSONResponse(await asking.off(lambda: asking.host(request).tags(kind)))


def _wanted(request: Request) -> Wanted:
    """Raises Turned."""
    given, kind = request.query_params, request.path_params["kind"]
    sort = given.get("sort") or SORTS[0]
    if sort not in SORTS:
        raise Turned(400, f"{sort[:40]!r} is no order; known are {', '.join(SORTS)}.")
    uses = {"task": _some(given, "pipeline_tag")} if kind is Kind.MODEL else {}
    if kind is Kind.SPACE:
        uses = {name: _some(given, name) for name in ("models", "datasets")}
    return Wanted(
        kind,
        words=_some(given, "search"),
        tags=_some(given, "filter"),
        author=given.get("author") or None,
        gated=_truth(given, "gated"),
        uses={name: words for name, words in uses.items() if words},
        linked=kind is Kind.SPACE and _truth(given, "linked") is True,
        sort=sort,
        limit=_limit(given.get("limit")),
        after=given.get("cursor"),
        card=_truth(given, "cardData") is True or _truth(given, "full") is True,
        only=asking.expanded(request),
    )


def _some(given: QueryParams, name: str) -> tuple[str, ...]:
    """A key that may repeat. Raises Turned."""
    words = tuple(word for word in given.getlist(name) if word)
    if len(words) > CONDITIONS or any(len(word) > LENGTH for word in words):
        raise Turned(400, f"{name} is said at most {CONDITIONS} times, with at most {LENGTH} letters each.")
    return words


def _truth(given: QueryParams, name: str) -> bool | None:
    """Raises Turned."""
    word = given.get(name, "").lower()
    if word not in ("", "true", "false", "1", "0"):
        raise Turned(400, f"{name} is true or false.")
    return None if not word else word in ("true", "1")


def _limit(word: str | None) -> int:
    """Raises Turned."""
    if not word:
        return PAGE
    if not word.isascii() or not word.isdigit() or len(word) > 9:
        raise Turned(400, "limit is a whole number.")
    return max(1, min(int(word), MOST))


ROUTES = [
    Route("/api/{kind:kinds}", search),
    Route("/api/models-tags-by-type", tags),
    Route("/api/datasets-tags-by-type", tags),
]
