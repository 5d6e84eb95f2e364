"""Naming people for study of what is vetted; and an audit of every byte that the hub keeps."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from brightline.assembly.office import Office
from brightline.assembly.refusal import Refused
from brightline.authority.records import Refusal
from brightline.permit.envelope import Envelope
from brightline.permit.notation import canonical, written
from brightline.permit.word import Word
from brightline.release.reader import Unreadable, blocks
from brightline.release.repository import RepoName
from brightline.storage.ledger import Turn
from brightline.storage.repositories import asking, shelf
from brightline.storage.repositories.attributes import ACCOUNT, ORGANISATION, vet_organisation
from brightline.storage.sql import schema, shelves
from brightline.storage.sql.database import stored

GRANT = "application/vnd.brightline.grant.v1+json"


def vet(office: Office, name: RepoName, who: str, until: datetime, *, organisation: bool = False) -> None:
    """Who is an account, or an organisation that tokens name. In effect when this returns. Raises Refused.

    The log names the grant by digest: who studies a model is not public.
    """
    by = office.officer()
    kind = ORGANISATION if organisation else ACCOUNT
    grant = Envelope(GRANT, canonical({"repo": name.address, kind: who, "until": written(until), "by": by}))

    def act(turn: Turn) -> Refusal | None:
        repo = shelf.find_repo(turn.connection, name)
        if repo is None:
            return Refusal("NO-REPO", f"there is no {name.kind} {name} at this hub.")
        if until <= turn.at:
            return Refusal("PAST", "that would be over before it begins.")
        turn.documents[grant.digest] = grant.payload
        turn.words.append(Word("vet", 0, turn.at, by, turn.newest.version, {"grant": grant.digest}))
        if organisation:
            vet_organisation(turn.connection, repo, who, until)
        else:
            status = asking.status_of(turn.connection, repo, who) or asking.UNASKED
            asking.set_request(turn.connection, repo, who, status, turn.at, vetted_until=stored(until))
        return None

    office.perform(act)


@dataclass(frozen=True, slots=True)
class Audited:
    """`wrong`: a sentence for every blob that is not what its name says."""

    blobs: int
    size: int
    wrong: tuple[str, ...]


def audit(office: Office, told: Callable[[int], None] = lambda _count: None) -> Audited:
    """Read every blob that a release or a repository names, and hash it. Raises Refused where the store of them does not answer."""
    count = total = 0
    wrong: list[str] = []
    for sha256, size in _named(office):
        count, total = count + 1, total + size
        trouble = _trouble(office, sha256, size, told)
        if trouble is not None and _is_named(office, sha256):  # and not collected meanwhile: an audit takes hours
            wrong.append(f"{sha256}: {trouble}")
    return Audited(count, total, tuple(wrong))


_NAMING = (schema.files, shelves.possessions)


def _named(office: Office) -> Iterator[tuple[str, int]]:
    with office.engine.begin() as connection:
        found = {
            (row.sha256, row.size) for one in _NAMING for row in connection.execute(select(one.c.sha256, one.c.size))
        }
    yield from sorted(found)


def _is_named(office: Office, sha256: str) -> bool:
    with office.engine.begin() as connection:
        asked = (select(one.c.sha256).where(one.c.sha256 == sha256).limit(1) for one in _NAMING)
        return any(connection.execute(one).first() is not None for one in asked)


def _trouble(office: Office, sha256: str, size: int, told: Callable[[int], None]) -> str | None:
    hashed, length = hashlib.sha256(), 0
    try:
        with office.blobs.open(sha256, size) as reader:
            for block in blocks(reader):
                hashed.update(block)
                length += len(block)
                told(len(block))
    except Unreadable as trouble:
        _answering(office, sha256)
        return str(trouble)
    return None if (hashed.hexdigest(), length) == (sha256, size) else "its content is another one"


def _answering(office: Office, sha256: str) -> None:
    """A store that says nothing says nothing of its bytes; a disk that cannot read some has others. Raises Refused."""
    try:
        office.blobs.holds(sha256)
    except Unreadable as trouble:
        if office.blobs.folder is None:
            raise Refused(f"{trouble}.", "STORE") from None
