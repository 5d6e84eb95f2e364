"""Lists: a page of what a caller may see, and the tags that they are filtered by."""

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from functools import cached_property

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import Connection, bindparam, select

from brightline.assembly.hosting.sight import showing
from brightline.assembly.hosting.sight.room import Room
from brightline.hub.host import Account, Document, Turned, Wanted
from brightline.permit.charter import Role
from brightline.release.repository import Kind
from brightline.storage.accounts import links
from brightline.storage.lists import searching
from brightline.storage.lists.catalogue import FREE, GATED, OWN, spelled
from brightline.storage.lists.planning import Asked, Sort
from brightline.storage.lists.sampling import Samples
from brightline.storage.lists.searching import Audience
from brightline.storage.repositories.attributes import ORGANISATION, vetted_repos
from brightline.storage.sql import shelves
from brightline.storage.sql.database import stored, writing

MOST = 1_000  # tags that are told of one kind
_TYPES = ("license", "language", "dataset", "base_model", "region", "task_categories", "task_ids", "size_categories")
_OWN = {f"{OWN}task": "pipeline_tag", f"{OWN}library": "library"}


class Listing(Room):
    """What lists show, out of the catalogue."""

    def search(self, account: Account | None, wanted: Wanted) -> tuple[list[Document], str | None]:
        """A page, and where the next one begins; None where there is none."""
        asked = Asked(
            wanted.kind,
            [word for said in wanted.words for word in said.lower().split()],
            _labels(wanted),
            wanted.author,
            _SORTS.get(wanted.sort, "downloads"),
            wanted.limit,
            self._opened(wanted),
        )

        def ask(connection: Connection) -> tuple[list[Document], str | None]:
            found = searching.search(connection, asked, self._audience(connection, account), self._samples)
            page = found[: wanted.limit]
            rows = [showing.row_document(wanted, row) for row in page]
            return rows, self.cursor(wanted.sort, page[-1].key, page[-1].repo) if len(found) > len(page) else None

        return self._read(ask)

    @cached_property
    def _samples(self) -> Samples:
        return Samples()

    @cached_property
    def _seal(self) -> Fernet:
        """A cursor holds the number of a repository, and numbers in a row would tell of those that nobody is shown."""
        with writing(self._office.engine) as connection:
            return Fernet(urlsafe_b64encode(hashlib.sha256(b"cursor" + links.link_secret(connection)).digest()))

    def cursor(self, sort: str, key: int, repo: int) -> str:
        """Where a page of a list in this order ends."""
        return self._seal.encrypt(json.dumps([sort, key, repo]).encode()).decode()

    def _opened(self, wanted: Wanted) -> tuple[int, int] | None:
        """Raises Turned."""
        if wanted.after is None:
            return None
        try:
            sort, key, repo = json.loads(self._seal.decrypt(wanted.after.encode()))
        except InvalidToken:
            sort, key, repo = None, 0, 0
        if sort != wanted.sort:
            raise Turned(400, "this cursor is none of ours, or of another list. Begin again without it.")
        return key, repo

    def _audience(self, connection: Connection, account: Account | None) -> Audience:
        at = self._office.clock()
        now = int(at.timestamp())
        if account is None:
            return Audience(now)
        if self._shelving.view(connection).newest.holds(account.name, Role.EXAMINER):
            return Audience(now, account.name, examiner=True)
        named = connection.execute(_LET_IN, {"who": account.name, "at": stored(at)}).scalars()
        shared = vetted_repos(connection, account.attributes.get(ORGANISATION), at)
        return Audience(now, account.name, named=sorted({*named, *shared}))

    def tags(self, kind: Kind) -> Mapping[str, list[Document]]:
        """By type, as strangers see them."""

        def ask(connection: Connection) -> Mapping[str, list[Document]]:
            now, found = int(self._office.clock().timestamp()), dict[str, list[Document]]()
            labels = searching.lead(connection, kind, now, MOST, self._samples)
            typed = [_typed(label) for label in labels]
            for what, name in dict.fromkeys(sorted(filter(None, typed), key=lambda one: one[0] == "other")):
                found.setdefault(what, []).append({"id": name, "label": name.rpartition(":")[2], "type": what})
            known = {row["id"] for what in _OWN.values() for row in found.get(what, ())}
            if "other" in found:
                found["other"] = [row for row in found["other"] if row["id"] not in known]
            return found

        return self._read(ask)


_ASKED = shelves.requests.c
_LET_IN = select(
    _ASKED.repo
).where(  # every list of somebody asks this: to say it anew would take longer than its answer
    _ASKED.account == bindparam("who"),
    (_ASKED.vetted_until > bindparam("at")) | ((_ASKED.status == "accepted") & _ASKED.granted),
)
_SORTS: Mapping[str, Sort] = {"lastModified": "modified", "createdAt": "created"}


def _labels(wanted: Wanted) -> list[str]:
    """What rows are labelled with, of all that is asked."""
    found = list(wanted.tags)
    found += [] if wanted.gated is None else [GATED if wanted.gated else FREE]
    found += [f"{OWN}{what}:{word}" for what, words in wanted.uses.items() for word in words]
    found += [f"{OWN}linked"] if wanted.linked else []
    return [spelled(word) for word in found]


def _typed(label: str) -> tuple[str, str] | None:
    """Of which type a tag is, and how it reads; None for what is no tag."""
    prefix, parted, name = label.partition(":")
    if prefix in _OWN:
        return _OWN[prefix], name
    if label.startswith(OWN):
        return None
    return (prefix, label) if parted and prefix in _TYPES else ("other", label)
