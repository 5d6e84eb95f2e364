"""Which proposal a caller means, and whether it may see it: its author, the repository's owner, and examiners."""

import re

from sqlalchemy import Connection

from brightline.hub.host import Account
from brightline.release.repository import COMMIT
from brightline.storage.repositories import shelf
from brightline.storage.repositories.discussions import Discussion, find_discussion, list_discussions
from brightline.storage.repositories.forks import PROPOSED, holding
from brightline.storage.repositories.shelf import Repo, Revision

PULL = re.compile(r"refs/pr/([1-9]\d{0,8})")


def proposal_at(
    connection: Connection, account: Account | None, repo: Repo, wanted: str, *, inside: bool
) -> tuple[Repo, Revision] | None:
    """`refs/pr/N`, or a commit of a proposal; with the fork that it lies in. `inside`: the caller owns or examines."""
    if account is None:
        return None
    if COMMIT.fullmatch(wanted) is not None:
        for fork in holding(connection, repo, wanted):
            found = shelf.read_revision(connection, fork, wanted) if inside or fork.owner == account.name else None
            if found is not None:
                return fork, found
        return None
    number = number_of(wanted)
    told = None if number is None else find_discussion(connection, repo, number)
    if told is None or not told.pull or not (inside or told.author == account.name):
        return None
    return head_of(connection, told)


def number_of(revision: str) -> int | None:
    match = PULL.fullmatch(revision)
    return None if match is None else int(match[1])


def head_of(connection: Connection, told: Discussion) -> tuple[Repo, Revision] | None:
    """The fork of a proposal, and where it has come to."""
    fork = shelf.find_incarnation(connection, told.fork)
    oid = None if fork is None else shelf.read_refs(connection, fork).get(f"{PROPOSED}{told.number}")
    found = None if fork is None or oid is None else shelf.read_revision(connection, fork, oid)
    return None if fork is None or found is None else (fork, found)


def pulls(connection: Connection, account: Account | None, repo: Repo, *, inside: bool) -> dict[str, str]:
    """`refs/pr/N` and its commit, of each proposal that the caller may see."""
    if account is None:
        return {}
    found: dict[str, str] = {}
    for told in list_discussions(connection, repo):
        if told.pull and (inside or told.author == account.name):
            head = head_of(connection, told)
            if head is not None:
                found[f"refs/pr/{told.number}"] = head[1].oid
    return found
