"""What the public hub has beside repositories, and this one has not: each family says why, where clients would ask for it."""

from collections.abc import Callable, Coroutine
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from brightline.hub import asking
from brightline.hub.host import Turned

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
REFUSED = {
    ("buckets",): "There are no buckets here: what is kept here belongs to a repository, and is decided about.",
    ("collections",): "There are no collections here: lists are searched, filtered and sorted.",
    (
        "settings/webhooks",
    ): "There are no webhooks here: what is decided stands in the register, which anybody may read.",
    ("jobs", "scheduled-jobs"): "Nothing is run here: there are no jobs.",
    ("kernels",): "There are no kernels here: models, datasets and spaces are the kinds of repositories.",
    ("papers", "daily_papers"): "There are no papers here.",
    ("organizations",): "There are accounts here, and no organizations.",
}


def refusing(sentence: str) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    async def refuse(request: Request) -> Response:
        await asking.account(request)  # a token that is none of ours is told of first
        raise Turned(404, sentence)

    return refuse


FOLLOWS, LIKES, SPACES = (
    "Nobody follows anybody here.",
    "Likes are not counted here.",
    "Spaces are kept and judged here, and never run.",
)
ROUTES = [
    *(
        Route(f"/api/{start}{rest}", refusing(sentence), methods=METHODS)
        for starts, sentence in REFUSED.items()
        for start in starts
        for rest in ("", "/{rest:path}")
    ),
    Route("/api/spaces/templates", refusing(SPACES)),
    Route("/api/spaces/semantic-search", refusing("Lists are searched by `search`, as they are spelled.")),
    Route("/api/users/{who}/followers", refusing(FOLLOWS)),
    Route("/api/users/{who}/following", refusing(FOLLOWS)),
    Route("/api/{kind:kinds}/{namespace}/{name}/like", refusing(LIKES), methods=["POST"]),
]
