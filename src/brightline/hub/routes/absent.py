"""Addresses that are none of ours: a name without its namespace, as clients may write it, is a repository that is not here."""

import re
from collections.abc import Iterable, Sequence

from starlette.routing import Route

from brightline.hub.host import Turned

_NAMED = re.compile(r"/api/(model|dataset|space)s/([^/]+)(?:/([^/]+).*)?")
_FILE = re.compile(r"/([^/]+)/resolve/.+")
_ACT = re.compile(r"/api/\{kind:\w+\}/\{namespace\}/\{name\}/([\w-]+)")
NOTHING = "There is no such address at this hub."


def acts_of(routes: Iterable[Route]) -> frozenset[str]:
    """What addresses of repositories go on with."""
    return frozenset(found[1] for route in routes if (found := _ACT.match(route.path)) is not None)


def bare(path: str, acts: Sequence[str] | frozenset[str]) -> Turned | None:
    """Where the address is one of a repository, but for its namespace."""
    named, file = _NAMED.fullmatch(path), _FILE.fullmatch(path)
    if named is not None and (named[3] is None or named[3] in acts):
        kind, name = named[1], named[2]
    elif file is not None:
        kind, name = "model", file[1]
    else:
        return None
    return Turned(
        404, f"There is no {kind} {name[:100]} here: its whole name is NAMESPACE/{name[:100]}.", "RepoNotFound"
    )
