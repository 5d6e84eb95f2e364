"""Copies of repositories, and histories that are cut: what is kept, and for whom."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, delete, select

from brightline.assembly.hosting.revisions.keeping import Keeping
from brightline.assembly.hosting.revisions.pushing import TRIES, put, put_together
from brightline.assembly.hosting.sight.looking import Seen
from brightline.assembly.hosting.sight.showing import moment
from brightline.enforcement.access import Phase
from brightline.enforcement.branches import MAIN
from brightline.hub.host import Account, Document, Turned
from brightline.release.repository import HEADS, RepoName
from brightline.release.revision import Commit
from brightline.storage.collection import drop_commits
from brightline.storage.ledger import Turn
from brightline.storage.repositories import changes, holdings, listings, shelf
from brightline.storage.repositories.leaving import remove_repo
from brightline.storage.repositories.lending import Loan, lend, loans_of
from brightline.storage.repositories.listings import Filed
from brightline.storage.repositories.shelf import Repo, Revision
from brightline.storage.sql import shelves
from brightline.storage.sql.database import restored

PAGE = 1_000
Left = tuple[Revision, dict[str, Filed]]
"""A branch's head, and the files that it has next."""


class Copying(Keeping):
    """By owners, of what they have and may have."""

    def duplicate(
        self, account: Account | None, source: RepoName, target: RepoName, terms: Mapping[str, Any]
    ) -> tuple[Document, bool]:
        """The branch main as the caller sees it becomes a repository of its own, with a case of its own.

        What the caller may not have is refused, with the reason, and then nothing is copied; what is hidden is no part of it.
        """
        seen, files = self._read(lambda connection: self._copied(connection, account, source))
        made, fresh = self.create(account, target, {**terms, "sdk": seen.repo.sdk})
        if not fresh:
            return made, False
        repo = self._write(lambda connection: self._borrow(connection, target, seen, files))
        try:
            if files:
                put(self._shelving, repo, "main", files, f"Duplicate of {source}")
        except Turned:
            self._write(lambda connection: remove_repo(connection, repo))
            raise
        return made, True

    def _copied(
        self, connection: Connection, account: Account | None, source: RepoName
    ) -> tuple[Seen, dict[str, Filed]]:
        seen = self._shelving.look(connection, account, source).seen("main")
        return seen, {one.stored.path: one for one in self._allowed(connection, seen)}

    def _allowed(self, connection: Connection, seen: Seen) -> list[Filed]:
        """Raises Turned where anything that the caller knows of is refused."""
        files = seen.listed(self._shelving.files(connection, seen.revision))
        for filed in files:
            denial = seen.denial(filed)
            if denial is not None:
                raise self._shelving.denied(denial, seen)
        return files

    def _borrow(self, connection: Connection, name: RepoName, seen: Seen, files: Mapping[str, Filed]) -> Repo:
        repo = shelf.find_repo(connection, name)
        if repo is None:
            raise Turned(404, f"{name} was taken away meanwhile.", "RepoNotFound")
        self._lend(connection, repo, seen, list(files.values()))
        return repo

    def _lend(self, connection: Connection, repo: Repo, seen: Seen, files: Sequence[Filed]) -> None:
        """What the lender has from others comes with what was said about it there, even once the lender is gone."""
        sha256, content = listings.listing(sorted(files, key=lambda one: one.stored.path))
        listings.write_listing(connection, sha256, content)
        own = Loan(sha256, seen.revision.manifest, seen.repo.owner, seen.repo.mark)
        lend(connection, repo, [own, *(replace(one, source="") for one in loans_of(connection, seen.repo))])

    def lend_files(
        self, account: Account | None, source: RepoName, target: RepoName, digests: Sequence[str]
    ) -> list[Document]:
        """Link what the caller may have on the branch main of one repository to one of its own. Those that failed."""

        def link(connection: Connection) -> list[Document]:
            repo = self._shelving.own(connection, account, target)
            seen = self._shelving.look(connection, account, source).seen("main")
            files = [one for one in self._shelving.files(connection, seen.revision) if seen.denial(one) is None]
            had = {one.stored.sha256: one for one in files if one.stored.lfs}
            given = [had[one] for one in dict.fromkeys(digests) if one in had]
            if given and repo.mark != seen.repo.mark:
                self._lend(connection, repo, seen, given)
                holdings.possess(connection, repo, {one.stored.sha256: one.stored.size for one in given})
            said = f"{source} has no such file that you may have on its branch main."
            return [{"sha256": one, "error": said} for one in digests if one not in had]

        return self._write(link)

    def squash(self, account: Account | None, name: RepoName, branch: str, message: str) -> None:
        """One commit in place of a branch's history. Raises Turned where strangers would lose what they have."""

        def change(connection: Connection) -> None:
            repo = self._called(connection, account, name)
            head = self._head(connection, repo, branch)
            known = shelf.published(connection, repo)
            undecided = self._shelving.judged(connection, repo, head.manifest).phase is Phase.QUARANTINE
            before = shelf.history(connection, repo, head.commit.parent)
            if undecided and any(one.manifest in known for one in before):
                said = f"nothing was decided about {head.oid[:7]} yet, and what was decided before it would be lost"
                raise Turned(409, f"{branch}: {said}. Squash it once it is decided.")
            self._replace(connection, repo, branch, head, message)
            self._prune(connection, repo)

        self._write(change)

    def _head(self, connection: Connection, repo: Repo, branch: str) -> Revision:
        oid = shelf.read_refs(connection, repo).get(HEADS + branch)
        head = None if oid is None else shelf.read_revision(connection, repo, oid)
        if head is None:
            raise Turned(404, f"{repo.name} has no branch {branch[:100]}.", "RevisionNotFound")
        return head

    def _replace(self, connection: Connection, repo: Repo, branch: str, head: Revision, message: str) -> None:
        title, _, rest = message.partition("\n")
        commit = Commit(head.commit.tree, None, repo.owner, self._office.clock(), title[:1_000], rest.strip()[:10_000])
        changes.add_revision(connection, repo, replace(head, oid=commit.oid, commit=commit))
        changes.write_ref(connection, repo, HEADS + branch, commit.oid)

    def _prune(self, connection: Connection, repo: Repo) -> None:
        """Commits that no branch and no tag leads to any more. The office keeps the bytes of what was filed."""
        table, kept = shelves.commits.c, set[str]()
        rows = connection.execute(select(table.oid, table.parent).where(table.repo == repo.id))
        parents: dict[str, str | None] = {row.oid: row.parent for row in rows}
        for head in shelf.read_refs(connection, repo).values():
            oid: str | None = head
            while oid is not None and oid not in kept:
                kept.add(oid)
                oid = parents.get(oid)
        drop_commits(connection, repo, kept)

    def lfs_files(self, account: Account | None, name: RepoName, start: int) -> tuple[list[Document], int]:
        """A page of the files that lie beside the commits of a repository, each once; and where the next one begins."""

        def ask(connection: Connection) -> tuple[list[Document], int]:
            repo = self._shelving.own(connection, account, name)
            rows = list(self._beside(connection, repo).values())
            return rows[start : start + PAGE], start + PAGE if len(rows) > start + PAGE else 0

        return self._read(ask)

    def _beside(self, connection: Connection, repo: Repo) -> dict[str, Document]:
        """By digest, as it was first pushed."""
        table, found = shelves.commits.c, dict[str, Document]()
        refs = _reached(connection, repo)
        wanted = select(table.oid, table.files, table.at).where(table.repo == repo.id).order_by(table.at, table.oid)
        for row in connection.execute(wanted).all():
            for filed in self._shelving.listing(connection, row.files).values():
                if filed.stored.lfs and filed.stored.sha256 not in found:
                    found[filed.stored.sha256] = {
                        "fileOid": filed.stored.sha256,
                        "filename": filed.stored.path,
                        "oid": filed.stored.oid,
                        "pushedAt": moment(restored(row.at)),
                        "ref": refs.get(row.oid),
                        "size": filed.stored.size,
                    }
        return found

    def delete_lfs(self, account: Account | None, name: RepoName, digests: Sequence[str], *, rewrite: bool) -> None:
        """Each branch that ever had one of them begins anew without them; tags that have one go. All at once. Raises Turned."""
        gone, title = set(digests), "Delete files for good"
        for _ in range(TRIES):
            repo, refs, had, left = self._read(lambda connection: self._having(connection, account, name, gone))
            if had and not rewrite:
                said = "Files are not taken out of revisions that still name them: let the history be rewritten."
                raise Turned(403, said)
            if put_together(self._shelving, repo, refs, left, title, self._cutting(repo, had, gone, title)):
                return
        raise Turned(412, f"{name} moves too quickly: others push to it. Try again.")

    def _cutting(self, repo: Repo, had: Sequence[str], gone: Collection[str], title: str) -> Callable[[Turn], None]:
        def cut(turn: Turn) -> None:
            connection = turn.connection
            for ref in had:
                if ref.startswith(HEADS):
                    branch = ref[len(HEADS) :]
                    self._replace(connection, repo, branch, self._head(connection, repo, branch), title)
                else:
                    changes.write_ref(connection, repo, ref, None)
            self._prune(connection, repo)
            table = shelves.possessions
            for one in gone:
                connection.execute(delete(table).where(table.c.repo == repo.id, table.c.sha256 == one))

        return cut

    def _having(
        self, connection: Connection, account: Account | None, name: RepoName, gone: Collection[str]
    ) -> tuple[Repo, Mapping[str, str], list[str], dict[str, Left]]:
        """All refs, the names of those that ever had any of some digests, and what is left of the branches among them."""
        repo = self._called(connection, account, name)
        refs, ever = shelf.read_refs(connection, repo), self._ever(connection, repo, gone)
        had = [ref for ref, oid in refs.items() if oid in ever]
        return repo, refs, had, self._without(connection, repo, had, gone)

    def _without(
        self, connection: Connection, repo: Repo, had: Sequence[str], gone: Collection[str]
    ) -> dict[str, Left]:
        """By branch."""
        found = dict[str, Left]()
        for branch in [ref[len(HEADS) :] for ref in had if ref.startswith(HEADS)]:
            head = self._head(connection, repo, branch)
            files = self._shelving.listing(connection, head.files)
            found[branch] = (head, {path: one for path, one in files.items() if one.stored.sha256 not in gone})
        return found

    def _ever(self, connection: Connection, repo: Repo, digests: Collection[str]) -> set[str]:
        """The commits that have any of them, and those that grew out of these. Each listing is read once, while others write."""
        table, grown = shelves.commits.c, dict[str | None, list[str]]()
        rows = connection.execute(select(table.oid, table.parent, table.files).where(table.repo == repo.id)).all()
        for row in rows:
            grown.setdefault(row.parent, []).append(row.oid)
        having = {
            files
            for files in {row.files for row in rows}
            if any(one.stored.sha256 in digests for one in self._shelving.listing(connection, files).values())
        }
        found, waiting = set[str](), [row.oid for row in rows if row.files in having]
        while waiting:
            oid = waiting.pop()
            if oid not in found:
                found.add(oid)
                waiting += grown.get(oid, [])
        return found


def _reached(connection: Connection, repo: Repo) -> dict[str, str]:
    """Each commit that a ref leads to, and which: main before others. No commit is gone through twice."""
    refs, found = shelf.read_refs(connection, repo), dict[str, str]()
    for name in sorted(refs, key=lambda one: (one != MAIN, one)):
        for revision in shelf.history(connection, repo, refs[name]):
            if revision.oid in found:
                break
            found[revision.oid] = name
    return found
