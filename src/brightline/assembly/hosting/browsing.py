"""Looking: what a caller is shown of repositories, and which bytes it may have."""

import hashlib
import json
from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from brightline.assembly.exposing import record_exposure
from brightline.assembly.hosting import showing
from brightline.assembly.hosting.room import Room
from brightline.assembly.hosting.shelving import Seen
from brightline.authority.exposure import Exposure
from brightline.decision.access import Access
from brightline.enforcement.access import Phase, refused
from brightline.hub.host import Account, Content, Document, Turned
from brightline.release.reader import Memory
from brightline.release.repository import RepoName
from brightline.storage import catalogue, shelf, tokens
from brightline.storage.blobs import blob_reader
from brightline.storage.shelf import Filed, Revision

WHOLE, INDEX = "model.safetensors", "model.safetensors.index.json"


class Browsing(Room):
    """Reading, under the determinations in force."""

    def info(self, account: Account | None, name: RepoName, revision: str | None, *, sizes: bool) -> Document:
        def ask(connection: Connection) -> Document:
            seen, files = self._files(connection, account, name, revision or "main")
            card = catalogue.read_card(connection, seen.revision.files)
            return showing.info_document(seen, files, card, sizes=sizes)

        return self._read(ask)

    def _files(
        self, connection: Connection, account: Account | None, name: RepoName, revision: str
    ) -> tuple[Seen, list[Filed]]:
        """The revision, and its files as this caller may know of them."""
        repo = self._shelving.repo(connection, account, name)
        seen = self._shelving.seen(connection, account, repo, revision)
        return seen, seen.listed(self._shelving.files(connection, seen.revision))

    def tree(
        self, account: Account | None, name: RepoName, revision: str, path: str, *, recursive: bool, expand: bool
    ) -> tuple[list[Document], str]:
        def ask(connection: Connection) -> tuple[list[Document], str]:
            repo = self._shelving.repo(connection, account, name)
            seen = self._shelving.seen(connection, account, repo, revision)

            def make(told: Revision | None = None) -> list[Document]:
                files = seen.listed(self._shelving.files(connection, seen.revision))
                return showing.tree_documents(files, path, told, recursive=recursive)

            rows = make(seen.revision) if expand else self._shelving.tree(seen, path, recursive=recursive, make=make)
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

    def refs(self, account: Account | None, name: RepoName) -> Document:
        def ask(connection: Connection) -> Document:
            repo = self._shelving.repo(connection, account, name)
            return showing.refs_document(self._shelving.refs(connection, account, repo))

        return self._read(ask)

    def commits(self, account: Account | None, name: RepoName, revision: str) -> list[Document]:
        def ask(connection: Connection) -> list[Document]:
            repo = self._shelving.repo(connection, account, name)
            seen = self._shelving.seen(connection, account, repo, revision)
            inside = seen.caller.owner or seen.caller.examiner
            return [
                showing.commit_document(one)
                for one in shelf.history(connection, repo, seen.revision.oid)
                if inside or self._shelving.judged(connection, repo, one).phase is not Phase.QUARANTINE
            ]

        return self._read(ask)

    def resolve(self, account: Account | None, name: RepoName, revision: str, path: str) -> Content:
        """A file that this caller may have now. Raises Turned with the reason, and with the commit where there is one."""

        def ask(connection: Connection) -> tuple[Seen, Filed | None]:
            repo = self._shelving.repo(connection, account, name)
            seen = self._shelving.seen(connection, account, repo, revision)
            filed = self._shelving.file(connection, seen.revision, path)
            if filed is None and path == INDEX:
                whole = self._shelving.file(connection, seen.revision, WHOLE)
                if whole is not None and _refused_openly(seen, whole):
                    return seen, None
            denial = None if filed is None else seen.denial(filed)
            if filed is None or (denial is not None and denial.hidden):
                raise Turned(404, f"{name} has no file {path[:200]}.", "EntryNotFound", seen.revision.oid)
            if denial is not None:
                raise self._shelving.denied(denial, seen)
            return seen, filed

        seen, filed = self._read(ask)
        if filed is None:
            return _index(seen)
        file, etag = filed.stored, filed.stored.sha256 if filed.stored.lfs else filed.stored.oid
        reader = blob_reader(self._office.blobs, file.sha256, file.size)
        still, handed = self._still(account, seen, filed), lambda: self._hand(seen, filed)
        public = seen.judged.access.get(filed.component) is Access.OPEN and not seen.repo.private
        return Content(seen.revision.oid, etag, file.size, path.rpartition("/")[2], reader, still, handed, public)

    def _still(self, account: Account | None, seen: Seen, filed: Filed) -> Callable[[], bool]:
        """Asked again while the bytes run: an order or a recall cuts a download."""

        def ask(connection: Connection) -> bool:
            at, repo = self._office.clock(), shelf.find_incarnation(connection, seen.repo.mark)
            if repo is None or not self._shelving.visible(connection, account, repo):
                return False
            if account is not None and not tokens.still_good(connection, account.token, at):
                return False
            judged = self._shelving.judged(connection, repo, seen.revision)
            return refused(filed.component, judged, self._shelving.caller(connection, account, repo), at) is None

        return lambda: self._read(ask)

    def _hand(self, seen: Seen, filed: Filed) -> None:
        """Before the first byte leaves: who gets it, where it is not for everybody; a count, where it is."""
        file, access = filed.stored, seen.judged.access.get(filed.component, Access.OPEN)
        if access is not Access.OPEN or seen.judged.phase is not Phase.DECIDED:
            case, who = seen.judged.case or 0, seen.caller.name or ""
            told = (filed.component, file.path, file.sha256, file.size, who, "", self._office.clock(), case)
            record_exposure(self._office, Exposure(seen.revision.manifest, *told))
        self._write(lambda connection: shelf.count_download(connection, seen.repo))


def _refused_openly(seen: Seen, filed: Filed) -> bool:
    denial = seen.denial(filed)
    return denial is not None and not denial.hidden


def _index(seen: Seen) -> Content:
    """An index of shards that names the one file: transformers asks for the file then, and shows why it is refused."""
    content = json.dumps({"metadata": {"total_size": 0}, "weight_map": {"weights": WHOLE}}).encode()
    etag = hashlib.sha256(content).hexdigest()
    return Content(
        seen.revision.oid, etag, len(content), INDEX, Memory(content), lambda: True, lambda: None, public=False
    )
