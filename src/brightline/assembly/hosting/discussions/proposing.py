"""Pull requests: kept in a fork of their author, seen by few, and nobody's release until the owner merges them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from brightline.assembly.hosting.revisions.keeping import writer
from brightline.assembly.hosting.revisions.pushing import moved, push, put
from brightline.assembly.hosting.sight.looking import Seen
from brightline.assembly.hosting.sight.proposals import head_of, number_of
from brightline.assembly.hosting.sight.room import Room
from brightline.hub.host import Account, Document, Push, Turned
from brightline.release.repository import HEADS, RepoName
from brightline.release.revision import Commit, tree_ids
from brightline.storage.repositories import changes, holdings, listings, shelf
from brightline.storage.repositories.discussions import (
    Discussion,
    add_discussion,
    add_remark,
    change_discussion,
    count_open,
    find_discussion,
    free_number,
    remove_discussions,
)
from brightline.storage.repositories.forks import PROPOSED, own_fork
from brightline.storage.repositories.lending import Loan, lend, loans_of
from brightline.storage.repositories.listings import Filed
from brightline.storage.repositories.renames import find_named
from brightline.storage.repositories.shelf import Repo, Revision

OPEN = 200  # discussions of one account at one repository
TITLE = 400  # characters
MANIFEST = ""  # of what a fork begins with: nothing was ever decided about it as it stands there


class Proposing(Room):
    """Proposals, as they are opened, added to and merged."""

    def propose(self, account: Account | None, name: RepoName, branch: str, wanted: Push) -> Document:
        """A commit that opens a proposal; it grows out of what its author sees of a branch. Raises Turned."""
        told, fork = self.begin(account, name, wanted.title, wanted.message, branch, wanted.parent)
        try:
            made = self._add(account, name, told, fork, replace(wanted, parent=None))
        except Turned:
            self._write(lambda connection: self._forget(connection, name, told, fork))
            raise
        return {"commitOid": made.oid, "number": told.number}

    def add(self, account: Account | None, name: RepoName, revision: str, wanted: Push) -> Document:
        """A further commit on `refs/pr/N`, by its author. Raises Turned."""
        told, fork = self._read(lambda connection: self._own_proposal(connection, account, name, revision))
        return {"commitOid": self._add(account, name, told, fork, wanted).oid, "number": told.number}

    def _add(self, account: Account | None, name: RepoName, told: Discussion, fork: Repo, wanted: Push) -> Revision:
        def link(connection: Connection) -> None:
            """What its owner sent into the repository itself counts as sent for a proposal of its own; what is lent there is lent here."""
            repo = self._shelving.repo(connection, account, name)
            if account is not None and repo.owner == account.name:
                named = [one.sha256 for one in wanted.operations if one.sha256]
                holdings.possess(connection, fork, holdings.possessed(connection, repo, named))
                lend(connection, fork, loans_of(connection, repo))

        self._write(link)
        made = push(self._shelving, account, name, f"pr/{told.number}", wanted, fork)
        self._write(lambda connection: self._note(connection, name, account, told, made))
        return made

    def _note(
        self, connection: Connection, name: RepoName, account: Account | None, told: Discussion, made: Revision
    ) -> None:
        repo, at = self._shelving.repo(connection, account, name), self._office.clock()
        content = {"subject": made.commit.title, "oid": made.oid}
        add_remark(connection, repo, told.number, "commit", told.author, content, at)

    def _forget(self, connection: Connection, name: RepoName, told: Discussion, fork: Repo) -> None:
        repo = find_named(connection, name)
        if repo is not None:
            remove_discussions(connection, repo, told.number)
        changes.write_ref(connection, fork, f"{PROPOSED}{told.number}", None)

    def begin(
        self,
        account: Account | None,
        name: RepoName,
        title: str,
        said: str,
        branch: str | None = None,
        parent: str | None = None,
    ) -> tuple[Discussion, Repo]:
        """A discussion with its first remark; where it is for a branch, with a fork and a branch in it. Raises Turned."""
        who = self.participant(account)

        def make(connection: Connection) -> tuple[Discussion, Repo]:
            repo, at = self._shelving.repo(connection, who, name), self._office.clock()
            if count_open(connection, repo, who.name) >= OPEN:
                raise Turned(403, f"You have {OPEN} open discussions at {name}: close one, and begin another.")
            number = free_number(connection, repo, inside=repo.owner == who.name)
            told, fork = Discussion(number, title[:TITLE], who.name, "open", "", "", "", "", at), repo
            if branch is not None:
                fork, base = self._begun(connection, who, repo, branch, parent)
                changes.write_ref(connection, fork, f"{PROPOSED}{number}", base.oid)
                told = replace(told, fork=fork.mark, base=base.oid, branch=branch)
            add_discussion(connection, repo, told)
            if said:
                add_remark(connection, repo, number, "comment", who.name, {"wordings": [said]}, at)
            return told, fork

        return self._write(make)

    def _begun(
        self, connection: Connection, who: Account, repo: Repo, branch: str, parent: str | None
    ) -> tuple[Repo, Revision]:
        """The fork, and what the proposal begins with. Raises Turned where the caller sees no such branch."""
        look = self._shelving.at(connection, who, repo)
        if HEADS + branch not in look.refs:
            raise Turned(404, f"{repo.name} has no branch {branch[:100]} that you may see.", "RevisionNotFound")
        seen = look.seen(HEADS + branch)
        if parent is not None and parent != seen.revision.oid:
            raise Turned(412, moved(branch, seen.revision.oid, parent))
        fork = own_fork(connection, repo, who.name, self._office.clock())
        return fork, self._base(connection, seen, fork)

    def _base(self, connection: Connection, seen: Seen, fork: Repo) -> Revision:
        """What a proposal begins with: what its author sees, lent. What is hidden is not part of it."""
        every = self._shelving.files(connection, seen.revision)
        shown = seen.listed(every)
        sha256, content = listings.listing(shown)
        first, at = seen.revision, seen.revision.commit.at
        if len(shown) != len(every):
            tree = tree_ids([one.stored for one in shown])[""]
            commit = Commit(tree, None, fork.owner, at, seen.revision.commit.title)
            first = Revision(commit.oid, commit, sha256, MANIFEST)
            listings.write_listing(connection, sha256, content)
        changes.add_revision(connection, fork, first)
        given = [Loan(first.files, seen.revision.manifest, seen.repo.owner, seen.repo.mark)]
        own = seen.repo.owner == fork.owner  # who may name whatever the repository has, wherever it comes from
        given += [one if own else replace(one, source="") for one in loans_of(connection, seen.repo)]
        lend(connection, fork, given)
        return first

    def participant(self, account: Account | None) -> Account:
        """Raises Turned where somebody may not take part: officers stay out of what they decide about."""
        who = writer(account)
        if who.name in self._office.charter.holders:
            raise Turned(403, f"{who.name} holds an office here, and proposes nothing.")
        return who

    def place(self, account: Account | None, name: RepoName, revision: str, *, pull: bool | None) -> Repo:
        """Where the bytes of a push go: into the repository for its owner, into a fork of its own for whoever proposes.

        `pull` is None where the client does not say. Raises Turned.
        """

        def find(connection: Connection) -> Repo:
            if number_of(revision) is not None:
                return self._own_proposal(connection, account, name, revision)[1]
            repo = self._shelving.repo(connection, account, name)
            if pull is False or (pull is None and account is not None and repo.owner == account.name):
                return self._shelving.own(connection, account, name)
            return own_fork(connection, repo, self.participant(account).name, self._office.clock())

        return self._write(find) if pull is not False else self._read(find)

    def may_push(self, account: Account | None, name: RepoName, revision: str, *, pull: bool) -> None:
        """Raises Turned."""
        self.place(account, name, revision, pull=pull)

    def _own_proposal(
        self, connection: Connection, account: Account | None, name: RepoName, revision: str
    ) -> tuple[Discussion, Repo]:
        who, repo = self.participant(account), self._shelving.repo(connection, account, name)
        number = number_of(revision)
        told = None if number is None else find_discussion(connection, repo, number)
        found = None if told is None or not told.pull else head_of(connection, told)
        if told is None or found is None or who.name not in (told.author, repo.owner):
            raise Turned(404, f"{name} has no revision {revision[:100]} that you may see.", "RevisionNotFound")
        if told.author != who.name:
            raise Turned(403, f"{revision} is {told.author}'s: only its author adds to it.")
        if told.status not in ("open", "draft"):
            raise Turned(409, f"{revision} is {told.status}.")
        return told, found[0]

    def merge(self, account: Account | None, name: RepoName, number: int, said: str) -> None:
        """By the owner: an ordinary commit on the branch main, with a case of the owner's. Raises Turned."""
        told, repo, files, since = self._read(lambda connection: self._merging(connection, account, name, number))
        made = put(self._shelving, repo, told.branch, files, f"Merge refs/pr/{number}: {told.title}"[:1_000], since)

        def close(connection: Connection) -> None:
            at = self._office.clock()
            change_discussion(connection, repo, number, status="merged", merged=made.oid)
            if said:
                add_remark(connection, repo, number, "comment", repo.owner, {"wordings": [said]}, at)
            add_remark(connection, repo, number, "status-change", repo.owner, {"status": "merged"}, at)

        self._write(close)

    def _merging(
        self, connection: Connection, account: Account | None, name: RepoName, number: int
    ) -> tuple[Discussion, Repo, dict[str, Filed], str]:
        repo = self._shelving.own(connection, account, name)
        told = find_discussion(connection, repo, number)
        head = None if told is None or not told.pull else head_of(connection, told)
        if told is None or head is None:
            raise Turned(404, f"{name} has no pull request {number}.")
        if told.status != "open":
            raise Turned(409, f"the pull request {number} is {told.status}: only an open one can be merged.")
        before, after = self.changed(connection, told, head)
        oid = shelf.read_refs(connection, repo).get(HEADS + told.branch, "")
        revision = shelf.read_revision(connection, repo, oid)
        if revision is None:
            raise Turned(404, f"{name} has no branch {told.branch}.", "RevisionNotFound")
        files = dict(self._shelving.listing(connection, revision.files))
        clashing, hidden = self.clashes(connection, account, repo, told, conflicts(files, before, after))
        if clashing or hidden:
            what = ", ".join(clashing[:10]) or "what is hidden"
            raise Turned(409, f"{what}: {told.branch} has something else there by now.")
        for path, filed in after.items():
            if filed is None:
                files.pop(path, None)
            else:
                files[path] = filed
        return told, repo, files, oid

    def clashes(
        self, connection: Connection, account: Account | None, repo: Repo, told: Discussion, paths: Sequence[str]
    ) -> tuple[list[str], bool]:
        """Conflicts that the caller may be told of, and whether there are others: what is hidden is named by none."""
        look = self._shelving.at(connection, account, repo)
        hidden = set[str]()
        for revision in (f"{HEADS}{told.branch}", f"refs/pr/{told.number}"):
            seen = look.seen(revision)
            there = [one for one in self._shelving.files(connection, seen.revision) if one.stored.path in paths]
            hidden |= {one.stored.path for one in there} - {one.stored.path for one in seen.listed(there)}
        return [path for path in paths if path not in hidden], bool(hidden)

    def changed(
        self, connection: Connection, told: Discussion, head: tuple[Repo, Revision]
    ) -> tuple[dict[str, Filed], dict[str, Filed | None]]:
        """The files that a proposal began with; and those that it adds, changes, or (None) takes away."""
        fork, revision = head
        base = shelf.read_revision(connection, fork, told.base)
        before = {} if base is None else self._shelving.listing(connection, base.files)
        now = self._shelving.listing(connection, revision.files)
        after: dict[str, Filed | None] = {
            path: filed for path, filed in now.items() if path not in before or _differ(before[path], filed)
        }
        after |= dict.fromkeys(path for path in before if path not in now)
        return dict(before), after


def conflicts(files: Mapping[str, Filed], before: Mapping[str, Filed], after: Mapping[str, Filed | None]) -> list[str]:
    """Paths that a proposal changes, and that have become something else meanwhile."""
    found = []
    for path, filed in after.items():
        here, then = files.get(path), before.get(path)
        if not (_same(here, then) or _same(here, filed)):
            found.append(path)
    return sorted(found)


def _same(one: Filed | None, other: Filed | None) -> bool:
    return one is other or (one is not None and other is not None and not _differ(one, other))


def _differ(one: Filed, other: Filed) -> bool:
    return (one.stored.sha256, one.stored.lfs) != (other.stored.sha256, other.stored.lfs)
