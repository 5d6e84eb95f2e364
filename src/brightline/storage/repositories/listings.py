"""Listings: the files of a revision, kept once whichever revisions have them, with their card and the ids of their folders."""

import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, bindparam, insert, select

from brightline.release.card import Card
from brightline.release.component import Component
from brightline.release.revision import Stored
from brightline.storage.lists import catalogue
from brightline.storage.sql import shelves

LONG = 500  # files of a listing whose folders' ids are kept: those of others are made in less than a millisecond


@dataclass(frozen=True, slots=True)
class Filed:
    """A file of a revision, the format that its content has, and the component it belongs to."""

    stored: Stored
    format: str
    component: Component


def read_listing(connection: Connection, sha256: str) -> list[Filed]:
    """In the order of paths. Raises LookupError where it is not kept."""
    table = shelves.listings.c
    content = connection.execute(select(table.files).where(table.sha256 == sha256)).scalar()
    if content is None:
        raise LookupError(f"the listing {sha256} is not kept")
    return _filed(content)


class Carded(NamedTuple):
    """A listing, with what was kept along with it: its card, and the ids of its folders."""

    files: list[Filed]
    card: Card | None
    folders: Mapping[str, str] | None


def read_carded(connection: Connection, sha256: str) -> Carded:
    """Raises LookupError where the listing is not kept."""
    row = connection.execute(_CARDED, {"sha256": sha256}).first()
    if row is None:
        raise LookupError(f"the listing {sha256} is not kept")
    card = None if row.content is None else catalogue.card_of(row.content)
    return Carded(_filed(row.files), card, None if row.ids is None else _inflated(row.ids))


def _carded() -> Select[tuple[object, ...]]:
    table, cards, folders = shelves.listings, catalogue.cards, shelves.folders
    every = table.outerjoin(cards, cards.c.listing == table.c.sha256)
    every = every.outerjoin(folders, folders.c.listing == table.c.sha256)
    wanted = select(table.c.files, cards.c.content, folders.c.ids).select_from(every)
    return wanted.where(table.c.sha256 == bindparam("sha256"))


_CARDED = _carded()
_COMPONENTS = {component.value: component for component in Component}


def _filed(content: bytes) -> list[Filed]:
    return [
        Filed(Stored(path, oid, size, sha256, lfs), kind, _COMPONENTS[component])
        for path, oid, size, sha256, lfs, kind, component in _inflated(content)
    ]


def _inflated(content: bytes) -> Any:
    return json.loads(zlib.decompress(bytes(content)))


def listing(files: Iterable[Filed]) -> tuple[str, bytes]:
    """Its sha256, and its bytes."""
    content = json.dumps([_row(one, one.stored) for one in files], separators=(",", ":")).encode("utf-8")
    return hashlib.sha256(content).hexdigest(), content


def _row(one: Filed, file: Stored) -> tuple[object, ...]:
    return file.path, file.oid, file.size, file.sha256, file.lfs, one.format, one.component.value


def write_listing(connection: Connection, sha256: str, content: bytes) -> None:
    """Once; the same listing twice is one."""
    table = shelves.listings
    if connection.execute(select(table.c.sha256).where(table.c.sha256 == sha256)).first() is None:
        connection.execute(insert(table).values(sha256=sha256, files=zlib.compress(content, 1)))


def write_folders(connection: Connection, sha256: str, files: int, ids: Mapping[str, str]) -> None:
    """Of a listing of so many files, where it is long. Once; they follow from the listing."""
    table = shelves.folders
    if files < LONG or connection.execute(select(table.c.listing).where(table.c.listing == sha256)).first():
        return
    content = json.dumps(ids, separators=(",", ":")).encode("utf-8")
    connection.execute(insert(table).values(listing=sha256, ids=zlib.compress(content, 1)))
