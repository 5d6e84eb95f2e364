"""Looking: what a caller is shown of repositories."""

from collections.abc import Mapping, Sequence
from itertools import islice

from sqlalchemy import Connection

from brightline.assembly.hosting.sight import showing
from brightline.assembly.hosting.sight.dating import Dating
from brightline.assembly.hosting.sight.looking import Look, Seen
from brightline.assembly.hosting.sight.proposals import pulls as proposals
from brightline.assembly.hosting.sight.room import Room
from brightline.hub.host import Account, Document, Turned
from brightline.release.attributes import OFFICES
from brightline.release.card import Card
from brightline.release.repository import RepoName
from brightline.storage import origins, shelf
from brightline.storage.shelf import Filed, Revision

CARD = "README.md"
DATED = 100  # commits that are looked through for the one that made a file what it is


class Browsing(Room):
    """Reading, under the determinations in force."""

    def info(
        self, account: Account | None, name: RepoName, revision: str | None, *, sizes: bool, used: bool = False
    ) -> Document:
        """`sizes` of its files; `used` is what all that was ever pushed takes."""

        def ask(connection: Connection) -> Document:
            look, seen, files = self._files(connection, account, name, revision or "main")
            card = self._card(connection, seen)
            imported = look.glance.imported
            origin = origins.last_origin(connection, seen.repo, seen.revision.oid) if imported else None
            told = showing.info_document(seen, files, card, origin, sizes=sizes)
            return {**told, "usedStorage": self._used(connection, seen, files)} if used else told

        return self._read(ask)

    def _used(self, connection: Connection, seen: Seen, files: Sequence[Filed]) -> int:
        """To strangers only what they see: the rest would tell of what is undecided."""
        if seen.caller.owner or seen.caller.examiner:
            return shelf.weigh(connection, seen.repo)
        return sum({one.stored.sha256: one.stored.size for one in files if one.stored.sha256 != OFFICES}.values())

    def _card(self, connection: Connection, seen: Seen) -> Card:
        """What it says are bytes of the file that it stands in."""
        file = self._shelving.file(connection, seen.revision, CARD)
        refused = file is not None and seen.denial(file) is not None
        return Card() if refused else self._shelving.card(connection, seen.revision.files)

    def _files(
        self, connection: Connection, account: Account | None, name: RepoName, revision: str
    ) -> tuple[Look, Seen, list[Filed]]:
        """A look, the revision, and its files as this caller may know of them."""
        look = self._shelving.look(connection, account, name)
        self._shelving.asked(look.repo, revision)
        seen = look.seen(revision)
        return look, seen, seen.listed(self._shelving.files(connection, seen.revision))

    def tree(
        self, account: Account | None, name: RepoName, revision: str, path: str, *, recursive: bool, expand: bool
    ) -> tuple[list[Document], str]:
        def ask(connection: Connection) -> tuple[list[Document], str]:
            look = self._shelving.look(connection, account, name)
            self._shelving.asked(look.repo, revision)
            seen = look.seen(revision)

            def make() -> list[Document]:
                files = seen.listed(self._shelving.files(connection, seen.revision))
                return showing.tree_documents(files, path, recursive=recursive)

            rows = make() if expand else self._shelving.tree(seen, path, recursive=recursive, make=make)
            if expand:
                self._date(look, seen, rows)
            if path and not rows:
                raise Turned(404, f"{path} is no folder of {name}.", "EntryNotFound", seen.revision.oid)
            return rows, seen.revision.oid

        return self._read(ask)

    def _date(self, look: Look, seen: Seen, rows: Sequence[Document]) -> None:
        """With each row the commit that made it what it is, among those that the caller may see."""
        rows_of = {str(row["path"]): row for row in rows}
        dating = Dating(self._shown(look.connection, seen, seen.revision), rows_of, seen.revision)
        for one in islice(look.history(seen), 1, DATED):
            if not dating.before(one, self._shown(look.connection, seen, one)):
                break
        for path, revision in dating.last.items():
            rows_of[path]["lastCommit"] = showing.last_commit_document(revision)

    def _shown(self, connection: Connection, seen: Seen, revision: Revision) -> Mapping[str, Filed]:
        """What is hidden dates no folder: that would tell where it lies."""
        files = self._shelving.listing(connection, revision.files)
        shown = seen.listed(list(files.values()))
        return files if len(shown) == len(files) else {one.stored.path: one for one in shown}

    def paths(
        self, account: Account | None, name: RepoName, revision: str, paths: Sequence[str], *, expand: bool
    ) -> list[Document]:
        rows, _ = self.tree(account, name, revision, "", recursive=True, expand=expand)
        wanted = set(paths)
        return [row for row in rows if row["path"] in wanted]

    def refs(self, account: Account | None, name: RepoName, *, pulls: bool) -> Document:
        def ask(connection: Connection) -> Document:
            look = self._shelving.look(connection, account, name)
            told = proposals(connection, account, look.repo, inside=look.inside) if pulls else None
            return showing.refs_document(look.refs, told)

        return self._read(ask)

    def commits(self, account: Account | None, name: RepoName, revision: str) -> list[Document]:
        def ask(connection: Connection) -> list[Document]:
            look = self._shelving.look(connection, account, name)
            return [showing.commit_document(one) for one in look.history(look.seen(revision))]

        return self._read(ask)
