"""The hub as its door sees it: methods are those of hub.host.Host."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from brightline.assembly.hosting.admitting import Admitting
from brightline.assembly.hosting.browsing import Browsing
from brightline.assembly.hosting.keeping import Keeping
from brightline.assembly.hosting.receiving import MINUTES, Receiving
from brightline.assembly.hosting.shelving import Shelving
from brightline.assembly.office import Office
from brightline.hub.host import Account, Arrived
from brightline.release.repository import RepoName
from brightline.storage import shelf
from brightline.storage.direct import Inlet
from brightline.storage.shelf import Repo


class Hosting(Browsing, Keeping, Admitting):
    """One office's hub."""

    def __init__(self, office: Office) -> None:
        super().__init__(Shelving(office))
        self._receiving = Receiving(self._shelving)

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

        self._office.arrivals.expect(str(one["oid"]) for one in objects)  # what is here already stays until the commit
        return self._read(ask)

    def incoming(self) -> Path:
        return self._receiving.incoming()

    def inlet(self, *, hashing: bool) -> Inlet:
        return Inlet(self._receiving.incoming(), hashing=hashing)

    def bound(self, act: str, ticket: str) -> int | None:
        return self._receiving.bound(act, ticket)

    def received(self, ticket: str, arrived: Arrived) -> None:
        self._receiving.file(ticket, arrived)

    def xet_token(self, account: Account | None, name: RepoName) -> tuple[str, str, int]:
        """What the repository's address for xorbs is made of; a ticket; until when. Clients remember by that address what they
        sent: another repository has none of it, and once xorbs were given up they are asked for all of it again.
        """

        def ask(connection: Connection) -> tuple[Repo, int]:
            repo = self._shelving.own(connection, account, name)
            return repo, shelf.read_round(connection, repo)

        repo, number = self._read(ask)
        until = int(self._office.clock().timestamp()) + MINUTES * 60
        return f"{repo.mark}-{number}", self._receiving.ticket("xet", repo), until

    def xorb(self, token: str, digest: str, arrived: Arrived, heads: bytes) -> bool:
        return self._receiving.xorb(token, digest, arrived, heads)

    def shard(self, token: str, arrived: Arrived) -> None:
        self._receiving.shard(token, arrived)
