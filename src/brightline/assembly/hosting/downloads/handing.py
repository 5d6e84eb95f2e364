"""Handing out: the file that a caller may have now, by which way, and whether it still may while the bytes run."""

import hashlib
import json
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection

from brightline.assembly.hosting.downloads.counting import Counting
from brightline.assembly.hosting.downloads.exposing import expose, is_open
from brightline.assembly.hosting.sight.looking import Seen
from brightline.assembly.hosting.sight.room import Room
from brightline.assembly.hosting.sight.shelving import Shelving
from brightline.enforcement.access import Caller
from brightline.hub.host import Account, Content, Turned
from brightline.release.repository import RepoName
from brightline.settings.office import Downloads
from brightline.storage.accounts import tokens
from brightline.storage.blobs.outgoing import read_out, signed_address, stretches
from brightline.storage.blobs.store import blob_name
from brightline.storage.repositories.listings import Filed

WHOLE, INDEX = "model.safetensors", "model.safetensors.index.json"
INSIDE = "/-/"  # the internal location of nginx over the folder of blobs; no repository can be called so
LIFE = timedelta(seconds=30)
"""Of a signed address. A store asks nobody again, so an order takes up to this long there. Clients begin within a second of being
sent; what is left is for a connection that breaks and is taken up again."""


class Handing(Room):
    """Files on their way out, under the determinations in force."""

    def __init__(self, shelving: Shelving) -> None:
        super().__init__(shelving)
        self._counting = Counting(self._office)

    def resolve(self, account: Account | None, name: RepoName, revision: str, path: str) -> Content:
        """A file that this caller may have now. Raises Turned with the reason, and with the commit where there is one."""

        def ask(connection: Connection) -> tuple[Seen, Filed | None]:
            look = self._shelving.look(connection, account, name)
            self._shelving.asked(look.repo, revision)
            seen = look.seen(revision)
            filed = self._shelving.file(connection, seen.revision, path)
            denial = None if filed is None else seen.denial(filed)
            if filed is None or (denial is not None and denial.hidden):
                whole = self._shelving.file(connection, seen.revision, WHOLE) if path == INDEX else None
                if whole is not None and _refused_openly(seen, whole):
                    return seen, None
                raise Turned(404, f"{name} has no file {path[:200]}.", "EntryNotFound", seen.revision.oid)
            if denial is not None:
                raise self._shelving.denied(denial, seen)
            return seen, filed

        seen, filed = self._read(ask)
        return _index(seen) if filed is None else self._content(account, seen, filed)

    def _content(self, account: Account | None, seen: Seen, filed: Filed) -> Content:
        file, blobs, way = filed.stored, self._office.blobs, self._office.settings.downloads
        return Content(
            seen.revision.oid,
            file.sha256 if file.lfs else file.oid,
            file.size,
            file.path.rpartition("/")[2],
            lambda start, end: read_out(blobs, file.sha256, start, end),
            self._still(account, seen, filed),
            lambda whole: self._hand(seen, filed, whole=whole),
            is_open(seen, filed) and not seen.repo.private,
            address=(lambda: signed_address(blobs, file.sha256, LIFE)) if way is Downloads.REDIRECT else None,
            stretches=None if blobs.folder is None else lambda start, end: stretches(blobs, file.sha256, start, end),
            inside=INSIDE + blob_name(file.sha256) if way is Downloads.ACCEL else None,
        )

    def _still(self, account: Account | None, seen: Seen, filed: Filed) -> Callable[[], bool]:
        """Asked again while the bytes run: an order or a recall cuts a download."""

        def ask(connection: Connection) -> bool:
            at, look = self._office.clock(), self._shelving.marked(connection, account, seen.repo.mark)
            if look is None or not look.visible:
                return False
            if account is not None and not tokens.still_good(connection, account.token, at):
                return False
            try:
                return look.seen(seen.revision.oid).denial(filed) is None
            except Turned:
                return False

        return lambda: self._read(ask)

    def _hand(self, seen: Seen, filed: Filed, *, whole: bool) -> None:
        """Before the first byte leaves: who gets it, where it is not for everybody; a count of what begins. Counts are for all
        to see: what strangers know nothing of is in none.
        """
        expose(self._shelving, seen, filed)
        if whole and (is_open(seen, filed) or replace(seen, caller=Caller()).listed([filed])):
            self._counting.count(seen.repo)


def _refused_openly(seen: Seen, filed: Filed) -> bool:
    denial = seen.denial(filed)
    return denial is not None and not denial.hidden


def _index(seen: Seen) -> Content:
    """An index of shards that names the one file: transformers asks for the file then, and shows why it is refused."""
    content = json.dumps({"metadata": {"total_size": 0}, "weight_map": {"weights": WHOLE}}).encode()
    etag = hashlib.sha256(content).hexdigest()

    async def read(start: int, end: int) -> AsyncGenerator[bytes, None]:
        yield content[start:end]

    return Content(seen.revision.oid, etag, len(content), INDEX, read, lambda: True, lambda _whole: None, public=False)
