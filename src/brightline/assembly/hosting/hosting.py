"""The hub as its door sees it: methods are those of hub.host.Host."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from brightline.assembly.hosting.discussions.conversing import Conversing
from brightline.assembly.hosting.downloads.handing import Handing
from brightline.assembly.hosting.imports.mirroring import Mirror
from brightline.assembly.hosting.people.letting_in import LettingIn
from brightline.assembly.hosting.people.profiling import Profiling
from brightline.assembly.hosting.revisions.copying import Copying
from brightline.assembly.hosting.sight.browsing import Browsing
from brightline.assembly.hosting.sight.listing import Listing
from brightline.assembly.hosting.sight.shelving import Shelving
from brightline.assembly.hosting.uploads.parting import Parting
from brightline.assembly.hosting.uploads.receiving import MINUTES, Receiving
from brightline.assembly.office import Office
from brightline.hub.host import Account, Arrived, Coming, Turned
from brightline.release.repository import RepoName
from brightline.storage.accounts.charges import due
from brightline.storage.blobs.inlet import Inlet
from brightline.storage.repositories import holdings
from brightline.storage.sql.state import watch


class Hosting(Browsing, Listing, Handing, Copying, Conversing, LettingIn, Profiling):
    """One office's hub."""

    def __init__(self, office: Office) -> None:
        super().__init__(Shelving(office))
        self._state = watch(office.engine)
        self._receiving = Receiving(self._shelving)
        self._parting = Parting(self._shelving, self._receiving)
        upstream = office.settings.upstream
        self._mirror = None if upstream is None else Mirror(self._shelving, upstream)
        self._shelving.elsewhere = self._mirror

    @contextmanager
    def fetching(self) -> Iterator[None]:
        """While this lasts, what is wished for is fetched from the office's upstream, where it has one."""
        with nullcontext() if self._mirror is None else self._mirror.fetching():
            yield
        self._counting.write()

    async def state(self) -> Hashable | None:
        """Of the database, and of the clock: terms, grants and tokens end by it."""
        return self._dated(await self._state.now())

    def state_at_once(self) -> Hashable | None:
        return self._dated(self._state.at_once())

    def _dated(self, state: Hashable | None) -> Hashable | None:
        return None if state is None else (state, int(self._office.clock().timestamp()))

    def wanted(
        self, account: Account | None, name: RepoName, revision: str, objects: Sequence[Mapping[str, Any]]
    ) -> list[tuple[str, int, str | Turned | None]]:
        """Digest, size, and a ticket to send the bytes with; None where they were sent to where they go already.

        A refusal in its place where there is no room for them, beside those before them.
        """
        repo = self.place(account, name, revision, pull=None)

        def ask(connection: Connection) -> list[tuple[str, int, str | Turned | None]]:
            sizes = {str(one["oid"]): int(one["size"]) for one in objects}
            known, unpaid = holdings.possessed(connection, repo, sizes), due(connection, repo.owner, sizes)
            rows, coming = list[tuple[str, int, str | Turned | None]](), 0
            for one in objects:
                oid, size = str(one["oid"]), int(one["size"])
                if known.get(oid) == size:
                    rows.append((oid, size, None))
                    continue
                more = unpaid.get(oid, 0)
                refusal = self._shelving.quota.refusal(connection, repo.owner, more, coming)
                coming += 0 if refusal else more
                rows.append((oid, size, refusal or self._receiving.ticket("lfs", repo, oid, size)))
            return rows

        self._office.arrivals.expect(str(one["oid"]) for one in objects)  # what is here already stays until the commit
        return self._read(ask)

    def part_size(self, size: int) -> int | None:
        return self._parting.part_size(size)

    def part_bound(self, ticket: str, number: int) -> Coming:
        return self._parting.bound(ticket, number)

    def part(self, ticket: str, number: int, place: Path) -> str:
        return self._parting.part(ticket, number, place)

    def complete(self, ticket: str, sha256: str, tags: Sequence[str]) -> None:
        self._parting.complete(ticket, sha256, tags)

    def verify(self, ticket: str, sha256: str, size: int) -> None:
        self._parting.verify(ticket, sha256, size)

    def incoming(self) -> Path:
        return self._receiving.incoming()

    def inlet(self, *, hashing: bool) -> Inlet:
        return Inlet(self._receiving.incoming(), hashing=hashing)

    def bound(self, act: str, ticket: str, length: int) -> Coming:
        return self._receiving.bound(act, ticket, length)

    def received(self, ticket: str, arrived: Arrived) -> None:
        self._receiving.file(ticket, arrived)

    def xet_token(self, account: Account | None, name: RepoName, revision: str, *, pull: bool) -> tuple[str, str, int]:
        """What the repository's address for xorbs is made of; a ticket; until when. Clients remember by that address what they
        sent: another repository has none of it, and once xorbs were given up they are asked for all of it again.
        """
        repo = self.place(account, name, revision, pull=pull)
        number = self._read(lambda connection: holdings.read_round(connection, repo))
        until = int(self._office.clock().timestamp()) + MINUTES * 60
        return f"{repo.mark}-{number}", self._receiving.ticket("xet", repo), until

    def xorb(self, token: str, digest: str, arrived: Arrived, heads: bytes) -> bool:
        return self._receiving.xorb(token, digest, arrived, heads)

    def shard(self, token: str, arrived: Arrived) -> None:
        self._receiving.shard(token, arrived)
