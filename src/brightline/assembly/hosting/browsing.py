"""Looking: what a caller is shown of repositories."""

from collections.abc import Sequence
from itertools import chain

from sqlalchemy import Connection

from brightline.assembly.hosting import showing
from brightline.assembly.hosting.proposals import pulls as proposals
from brightline.assembly.hosting.room import Room
from brightline.assembly.hosting.shelving import Seen
from brightline.enforcement.access import Phase
from brightline.hub.host import Account, Document, Turned
from brightline.release.repository import RepoName
from brightline.storage import catalogue, origins, shelf
from brightline.storage.shelf import Filed


class Browsing(Room):
    """Reading, under the determinations in force."""

    def info(self, account: Account | None, name: RepoName, revision: str | None, *, sizes: bool) -> Document:
        def ask(connection: Connection) -> Document:
            seen, files = self._files(connection, account, name, revision or "main")
            card = catalogue.read_card(connection, seen.revision.files)
            origin = origins.last_origin(connection, seen.repo, seen.revision.oid)
            return showing.info_document(seen, files, card, origin, sizes=sizes)

        return self._read(ask)

    def _files(
        self, connection: Connection, account: Account | None, name: RepoName, revision: str
    ) -> tuple[Seen, list[Filed]]:
        """The revision, and its files as this caller may know of them."""
        repo = self._shelving.repo(connection, account, name)
        self._shelving.asked(repo, revision)
        seen = self._shelving.seen(connection, account, repo, revision)
        return seen, seen.listed(self._shelving.files(connection, seen.revision))

    def tree(
        self, account: Account | None, name: RepoName, revision: str, path: str, *, recursive: bool, expand: bool
    ) -> tuple[list[Document], str]:
        def ask(connection: Connection) -> tuple[list[Document], str]:
            seen, files = self._files(connection, account, name, revision)
            told = seen.revision if expand else None
            rows = showing.tree_documents(files, path, told, recursive=recursive)
            if path and not rows:
                raise Turned(404, f"{path} is no folder of {name}.", "EntryNotFound", seen.revision.oid)
            return rows, seen.revision.oid

        return self._read(ask)

    def paths(
        self, account: Account | None, name: RepoName, revision: str, paths: Sequence[str], *, expand: bool
    ) -> list[Document]:
        rows, _ = self.tree(account, name, revision, "", recursive=True, expand=expand)
        wanted = set(paths)
        return [row for row in rows if row["path"] in wanted]

    def refs(self, account: Account | None, name: RepoName, *, pulls: bool) -> Document:
        def ask(connection: Connection) -> Document:
            repo = self._shelving.repo(connection, account, name)
            caller = self._shelving.caller(connection, account, repo)
            inside = caller.owner or caller.examiner
            told = proposals(connection, account, repo, inside=inside) if pulls else None
            return showing.refs_document(self._shelving.refs(connection, account, repo), told)

        return self._read(ask)

    def commits(self, account: Account | None, name: RepoName, revision: str) -> list[Document]:
        def ask(connection: Connection) -> list[Document]:
            repo = self._shelving.repo(connection, account, name)
            seen = self._shelving.seen(connection, account, repo, revision)
            inside = seen.caller.owner or seen.caller.examiner
            own = list(shelf.history(connection, seen.kept, seen.revision.oid)) if seen.fork else []
            trunk = shelf.history(connection, repo, own[-1].commit.parent if own else seen.revision.oid)
            inside = inside and (seen.fork is None or repo.owner == seen.caller.name or seen.caller.examiner)
            return [
                showing.commit_document(one)
                for one in chain(own, trunk)
                if one in own or inside or self._shelving.judged(connection, repo, one).phase is not Phase.QUARANTINE
            ]

        return self._read(ask)
