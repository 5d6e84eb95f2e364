"""The listings of revisions, kept in memory: they are named by their content, so that one that is kept is right for ever."""

from collections.abc import Mapping
from functools import cached_property
from threading import Lock

from sqlalchemy import Connection

from brightline.assembly.hosting.sight.outline import Outline
from brightline.release.card import Card
from brightline.release.component import Component
from brightline.release.manifest import File, Manifest
from brightline.storage.lists import catalogue
from brightline.storage.repositories import listings
from brightline.storage.repositories.listings import Filed

ROOM, LEAST = 100_000, 50  # files of all that are kept, some 75 MB; and what a short listing counts for


class Listing:
    """Files by path, and outlines of them by what is hidden: whoever looks, the same is shown where the same is hidden."""

    def __init__(self, files: Mapping[str, Filed], card: Card | None, folders: Mapping[str, str] | None = None) -> None:
        self.files, self.card, self._folders = files, card, folders
        self._parts = frozenset(filed.component for filed in files.values())
        self._outlines: dict[frozenset[Component], Outline] = {}

    @cached_property
    def manifest(self) -> str:
        """The digest of the manifest that these files make: it is what permits name, whatever stands beside the listing."""
        files = ((filed.stored, filed.component) for filed in self.files.values())
        return Manifest(tuple(File(one.path, one.size, one.sha256, part) for one, part in files)).digest

    def outline(self, hidden: frozenset[Component]) -> Outline:
        """Without the components that are hidden."""
        gone = hidden & self._parts
        kept = self._outlines.get(gone)
        if kept is None:
            shown = [filed for filed in self.files.values() if filed.component not in gone]
            kept = Outline(shown, None if gone else self._folders)
            self._outlines[gone] = kept
        return kept


class Listings:
    """Of one office. The oldest goes where there is no room."""

    def __init__(self) -> None:
        self._lock, self._room = Lock(), ROOM
        self._kept: dict[str, Listing] = {}

    def read(self, connection: Connection, sha256: str) -> Listing:
        """Raises LookupError where there is no such listing."""
        known = self._kept.get(sha256)
        if known is None:
            files, card, folders = listings.read_carded(connection, sha256)
            known = Listing({one.stored.path: one for one in files}, card, folders)
            with self._lock:
                self._keep(sha256, known)
        return known

    def card(self, connection: Connection, sha256: str) -> Card:
        """A proposal's listing has none until it is merged: none is looked for again."""
        return self.read(connection, sha256).card or catalogue.read_card(connection, sha256)

    def _keep(self, sha256: str, listing: Listing) -> None:
        if sha256 not in self._kept:
            self._kept[sha256] = listing
            self._room -= _weight(listing)
        while self._room < 0 and len(self._kept) > 1:
            self._room += _weight(self._kept.pop(next(iter(self._kept))))


def _weight(listing: Listing) -> int:
    return LEAST + len(listing.files)
