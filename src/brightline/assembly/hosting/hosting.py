"""The hub as its door sees it: methods are those of hub.host.Host."""

from collections.abc import Hashable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from brightline.assembly.hosting.admitting import Admitting
from brightline.assembly.hosting.browsing import Browsing
from brightline.assembly.hosting.handing import Handing
from brightline.assembly.hosting.keeping import Keeping
from brightline.assembly.hosting.listing import Listing
from brightline.assembly.hosting.mirroring import Mirror
from brightline.assembly.hosting.receiving import MINUTES, Receiving
from brightline.assembly.hosting.shelving import Shelving
from brightline.assembly.office import Office
from brightline.hub.host import Account
from brightline.release.repository import RepoName
from brightline.storage import shelf
from brightline.storage.state import watch


class Hosting(Browsing, Listing, Handing, Keeping, Admitting):
    """One office's hub."""

    def __init__(self, office: Office) -> None:
        super().__init__(Shelving(office))
        self._state = watch(office.engine)
        self._receiving = Receiving(self._shelving)
        upstream = office.settings.upstream
        self._mirror = None if upstream is None else Mirror(self._shelving, upstream)
        self._shelving.elsewhere = self._mirror

    def fetching(self) -> AbstractContextManager[None]:
        """While this lasts, what is wished for is fetched from the office's upstream, where it has one."""
        return nullcontext() if self._mirror is None else self._mirror.fetching()

    async def state(self) -> Hashable | None:
        """Of the database, and of the clock: terms, grants and tokens end by it."""
        state = await self._state.now()
        return None if state is None else (state, int(self._office.clock().timestamp()))

    def wanted(
        self, account: Account | None, name: RepoName, objects: Sequence[Mapping[str, Any]]
    ) -> list[tuple[str, int, str | None]]:
        """Digest, size, and a ticket to send the bytes with; None where they were sent into this repository already."""

        def ask(connection: Connection) -> list[tuple[str, int, str | None]]:
            repo = self._shelving.own(connection, account, name)
            known = shelf.possessed(connection, repo, [str(one["oid"]) for one in objects])
            rows = []
            for one in objects:
                oid, size = str(one["oid"]), int(one["size"])
                here = known.get(oid) == size
                rows.append((oid, size, None if here else self._receiving.ticket("lfs", repo, oid, size)))
            return rows

        return self._read(ask)

    def incoming(self) -> Path:
        return self._receiving.incoming()

    def bound(self, act: str, ticket: str) -> int | None:
        return self._receiving.bound(act, ticket)

    def received(self, ticket: str, place: Path) -> None:
        self._receiving.file(ticket, place)

    def xet_token(self, account: Account | None, name: RepoName) -> tuple[str, str, int]:
        """The repository's mark, which its address for xorbs has; a ticket; until when. Clients remember by that address what
        they sent, and another repository has none of it.
        """
        repo = self._read(lambda connection: self._shelving.own(connection, account, name))
        until = int(self._office.clock().timestamp()) + MINUTES * 60
        return repo.mark, self._receiving.ticket("xet", repo), until

    def xorb(self, token: str, digest: str, place: Path) -> bool:
        return self._receiving.xorb(token, digest, place)

    def shard(self, token: str, content: bytes) -> None:
        self._receiving.shard(token, content)
