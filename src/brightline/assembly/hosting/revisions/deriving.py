"""Whose derivative a push is: the base that its own card names, where that lies at this hub."""

from sqlalchemy import Connection

from brightline.assembly.hosting.sight.shelving import Shelving
from brightline.hub.host import Account, Turned
from brightline.release.repository import Kind, Misnamed, repo_name


def base_manifest(shelving: Shelving, connection: Connection, account: Account | None, named: str | None) -> str | None:
    """Of the base's newest decided revision; before there is one, of what its owner has pushed.

    A base that the pusher may not see is none: its name in a card must not tell whether it is here.
    """
    namespace, _, name = (named or "").partition("/")
    try:
        wanted = repo_name(Kind.MODEL, namespace, name)
        look = shelving.look(connection, account, wanted)
        strangers = shelving.at(connection, None, look.repo)
        return (strangers if strangers.refs else look).seen("main").revision.manifest
    except (Misnamed, Turned):
        return None
