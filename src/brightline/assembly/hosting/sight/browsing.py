"""Looking: what a caller is shown of repositories."""

from collections.abc import Mapping, Sequence
from itertools import islice

from sqlalchemy import Connection

from brightline.assembly.hosting.sight import showing
from brightline.assembly.hosting.sight.dating import Dating
from brightline.assembly.hosting.sight.listings import LEAST, ROOM
from brightline.assembly.hosting.sight.looking import Look, Seen
from brightline.assembly.hosting.sight.outline import NoRow, Outline
from brightline.assembly.hosting.sight.proposals import pulls as proposals
from brightline.assembly.hosting.sight.room import Room
from brightline.hub.host import FILES, Account, Document, Page, Rows, Turned
from brightline.release.card import Card
from brightline.release.repository import RepoName
from brightline.storage.repositories import holdings, origins
from brightline.storage.repositories.listings import Filed

CARD = "README.md"
DATED = 100  # commits that are looked through at least for the one that made a file what it is
READ = ROOM // 2  # files of commits that are looked through, if these are more commits: others' listings stay in memory


class Browsing(Room):
    """Reading, under the determinations in force."""

    def info(self, account: Account | None, name: RepoName, revision: str | None, *, sizes: bool) -> Document:
        """`sizes` of its files."""

        def ask(connection: Connection) -> Document:
            look, seen = self._seen(connection, account, name, revision or "main")
            outline, card = self._shelving.outline(connection, seen), self._card(connection, seen)
            origin = origins.last_origin(connection, seen.repo, seen.revision.oid) if look.glance.imported else None
            used = self._used(look, outline)
            return showing.info_document(seen, outline.siblings(sizes=sizes), used, card, origin)

        return self._read(ask)

    def _used(self, look: Look, outline: Outline) -> int:
        """What all that was ever pushed takes; to others than its own people what they see: the rest would tell of what is undecided."""
        return holdings.weigh(look.connection, look.repo) if look.inside else outline.size

    def _card(self, connection: Connection, seen: Seen) -> Card:
        """What it says are bytes of the file that it stands in."""
        file = self._shelving.file(connection, seen.revision, CARD)
        refused = file is not None and seen.denial(file) is not None
        return Card() if refused else self._shelving.listings.card(connection, seen.revision.files)

    def _seen(
        self, connection: Connection, account: Account | None, name: RepoName, revision: str
    ) -> tuple[Look, Seen]:
        look = self._shelving.look(connection, account, name)
        self._shelving.asked(look.repo, revision)
        return look, look.seen(revision)

    def tree(
        self,
        account: Account | None,
        name: RepoName,
        revision: str,
        path: str,
        *,
        recursive: bool,
        expand: bool,
        after: str | None = None,
    ) -> Page:
        """A page of a folder, after the row of a path. Raises Turned."""

        def ask(connection: Connection) -> Page:
            look, seen = self._seen(connection, account, name, revision)
            outline = self._shelving.outline(connection, seen)
            if path and not outline.holds(path):
                raise Turned(404, f"{path} is no folder of {name}.", "EntryNotFound", seen.revision.oid)
            try:
                rows, following = outline.page(path, recursive=recursive, count=FILES, after=after)
            except NoRow:
                said = "this cursor is none of ours, or of another folder. Begin again without it."
                raise Turned(400, said) from None
            if expand:
                rows = Rows(map(dict, rows))
                self._date(look, seen, rows)
            return Page(rows, seen.revision.oid, following)

        return self._read(ask)

    def _date(self, look: Look, seen: Seen, rows: Sequence[Document]) -> None:
        """With each row the commit that made it what it is, among those that the caller may see."""
        rows_of = {str(row["path"]): row for row in rows}
        files = self._shown(look.connection, seen)
        dating = Dating(files, rows_of, seen.revision)
        most = max(DATED, READ // max(LEAST, len(files)))
        for one in islice(look.history(seen), 1, most):
            if not dating.before(one, self._shown(look.connection, look.older(seen, one))):
                break
        for path, revision in dating.last.items():
            rows_of[path]["lastCommit"] = showing.last_commit_document(revision)

    def _shown(self, connection: Connection, seen: Seen) -> Mapping[str, Filed]:
        """What is hidden dates no folder: that would tell where it lies, or lay."""
        files = self._shelving.listing(connection, seen.revision.files)
        shown = seen.listed(list(files.values()))
        return files if len(shown) == len(files) else {one.stored.path: one for one in shown}

    def paths(
        self, account: Account | None, name: RepoName, revision: str, paths: Sequence[str], *, expand: bool
    ) -> list[Document]:
        def ask(connection: Connection) -> list[Document]:
            look, seen = self._seen(connection, account, name, revision)
            rows = self._shelving.outline(connection, seen).rows(paths)
            if expand:
                self._date(look, seen, rows)
            return rows

        return self._read(ask)

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
