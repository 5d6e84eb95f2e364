"""Discussions: who may begin, read, answer and close them, and how they read."""

import html
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection

from brightline.assembly.hosting.discussions.comparing import Budget, compare
from brightline.assembly.hosting.discussions.proposing import Proposing, conflicts
from brightline.assembly.hosting.downloads.exposing import expose
from brightline.assembly.hosting.sight.looking import Seen
from brightline.assembly.hosting.sight.proposals import head_of
from brightline.assembly.hosting.sight.showing import moment
from brightline.enforcement.access import Caller
from brightline.hub.host import Account, Document, Turned
from brightline.release.repository import HEADS, RepoName
from brightline.release.revision import pointer
from brightline.storage.repositories import shelf
from brightline.storage.repositories.discussions import (
    Discussion,
    Remark,
    add_remark,
    change_discussion,
    change_remark,
    find_discussion,
    list_discussions,
    read_remarks,
)
from brightline.storage.repositories.listings import Filed
from brightline.storage.repositories.shelf import Repo

MAIN = "main"
PAGE = 50
WORDINGS, REMARKS = 20, 1_000  # of one remark; of one discussion
DIFF = 256 << 10  # bytes of a text whose changes are shown
Changed = tuple[Seen, str, Filed | None, Filed | None]
"""A path of a proposal, and what was and is there."""


class Conversing(Proposing):
    """A conversation is for whoever sees the repository; a proposal for its author, the owner and examiners."""

    def discuss(self, account: Account | None, name: RepoName, title: str, said: str, *, pull: bool) -> Document:
        told, _ = self.begin(account, name, title, said, MAIN if pull else None)
        if pull:  # nothing is proposed yet

            def draft(connection: Connection) -> None:
                repo = self._shelving.repo(connection, account, name)
                change_discussion(connection, repo, told.number, status="draft")

            self._write(draft)
        return {"num": told.number, "pullRequest": pull}

    def discussions(
        self, account: Account | None, name: RepoName, wanted: Callable[[Document], bool], page: int
    ) -> Document:
        def ask(connection: Connection) -> Document:
            look = self._shelving.look(connection, account, name)
            told = [one for one in list_discussions(connection, look.repo) if _shown(look.caller, one)]
            rows = [row for one in told if wanted(row := _row(look.repo, one))]
            start = page * PAGE
            return {"discussions": rows[start : start + PAGE], "count": len(rows), "start": start}

        return self._read(ask)

    def discussion(self, account: Account | None, name: RepoName, number: int, *, diff: bool) -> Document:
        changed: list[Changed] = []
        had: list[tuple[Seen, Filed]] = []

        def ask(connection: Connection) -> Document:
            repo, told, caller = self._told(connection, account, name, number)
            remarks = [_event(one) for one in read_remarks(connection, repo, number)]
            row = {**_row(repo, told), "events": remarks}
            if not told.pull:
                return row
            row["changes"] = {
                "base": f"{HEADS}{told.branch}",
                **({"mergeCommitId": told.merged} if self._sees(connection, account, repo, told.merged) else {}),
            }
            row["filesWithConflicts"] = self._conflicts(connection, account, repo, told) if caller.owner else False
            if diff:
                changed.extend(self._changed_files(connection, account, repo, told))
            return row

        found = self._read(ask)
        if "changes" in found and diff:
            budget = Budget()
            found["diff"] = "".join(self._changed_file(one, had, budget) for one in changed)
        for seen, filed in had:
            expose(self._shelving, seen, filed)
        return found

    def _sees(self, connection: Connection, account: Account | None, repo: Repo, oid: str) -> bool:
        """What a proposal became is in quarantine, and known to its author only once it is decided."""
        try:
            return bool(oid) and self._shelving.at(connection, account, repo).seen(oid).fork is None
        except Turned:
            return False

    def _told(
        self, connection: Connection, account: Account | None, name: RepoName, number: int
    ) -> tuple[Repo, Discussion, Caller]:
        look = self._shelving.look(connection, account, name)
        told = find_discussion(connection, look.repo, number)
        if told is None or not _shown(look.caller, told):
            raise Turned(404, f"{name} has no discussion {number} that you may see.")
        return look.repo, told, look.caller

    def _conflicts(
        self, connection: Connection, account: Account | None, repo: Repo, told: Discussion
    ) -> list[str] | bool:
        """For the owner: it names files that others may not know of. True where the owner may not know of them either."""
        head = head_of(connection, told)
        oid = shelf.read_refs(connection, repo).get(HEADS + told.branch, "")
        main = shelf.read_revision(connection, repo, oid)
        if head is None or main is None or told.status == "merged":
            return []
        found = conflicts(self._shelving.listing(connection, main.files), *self.changed(connection, told, head))
        clashing, hidden = self.clashes(connection, account, repo, told, found)
        return hidden or clashing

    def _changed_files(
        self, connection: Connection, account: Account | None, repo: Repo, told: Discussion
    ) -> list[Changed]:
        """What a diff is made of, once no transaction waits for it."""
        head = head_of(connection, told)
        if head is None:
            return []
        seen = self._shelving.at(connection, account, repo).seen(f"refs/pr/{told.number}")
        before, after = self.changed(connection, told, head)
        return [(seen, path, before.get(path), after[path]) for path in sorted(after)]

    def _changed_file(self, changed: Changed, had: list[tuple[Seen, Filed]], budget: Budget) -> str:
        """As git shows it. Content only where the caller may have both sides of it; nothing of what is hidden by now. `had` are the
        files whose content it shows.
        """
        seen, path, before, after = changed
        sides = [one for one in (before, after) if one is not None]
        if len(seen.listed(sides)) < len(sides):
            return ""
        head = f"diff --git a/{path} b/{path}\n"
        if not all(budget.reads(min(one.stored.size, DIFF)) for one in sides):
            return f"{head}Files differ, and there is more than is shown at once\n"
        then, now = self._side(seen, before), self._side(seen, after)
        if then is None or now is None:
            return f"{head}Binary files differ\n"
        had += [(seen, one) for one in sides if not one.stored.lfs]
        names = (f"a/{path}" if before else "/dev/null", f"b/{path}" if after else "/dev/null")
        return head + "".join(compare(then, now, names, budget))

    def _side(self, seen: Seen, filed: Filed | None) -> str | None:
        if filed is None:
            return ""
        if filed.stored.size > DIFF or seen.denial(filed) is not None:
            return None
        if filed.stored.lfs:
            return pointer(filed.stored.sha256, filed.stored.size).decode()
        return self._shelving.text(filed, DIFF)

    def remark(self, account: Account | None, name: RepoName, number: int, said: str) -> Document:
        return {"newMessage": self._say(account, name, number, "comment", {"wordings": [said]}, own=False)}

    def retitle(self, account: Account | None, name: RepoName, number: int, title: str) -> Document:
        _, told, _ = self._read(lambda connection: self._told(connection, account, name, number))
        content = {"from": told.title, "to": title}
        return {"newTitle": self._say(account, name, number, "title-change", content, own=True, title=title)}

    def restate(self, account: Account | None, name: RepoName, number: int, status: str, said: str) -> Document:
        """Open or closed; what was merged stays merged."""
        _, told, _ = self._read(lambda connection: self._told(connection, account, name, number))
        if told.status == "merged":
            raise Turned(409, f"the pull request {number} was merged.")
        content = {"status": status}
        event = self._say(account, name, number, "status-change", content, own=True, status=status)
        if said:
            self._say(account, name, number, "comment", {"wordings": [said]}, own=True)
        return {"newStatus": event}

    def _say(
        self,
        account: Account | None,
        name: RepoName,
        number: int,
        kind: str,
        content: dict[str, Any],
        *,
        own: bool,
        **values: str,
    ) -> Document:
        """`own`: by its author or the owner only. `values` become the discussion's."""
        who = self.participant(account)

        def write(connection: Connection) -> Document:
            repo, told, caller = self._told(connection, who, name, number)
            if own and not (caller.owner or told.author == who.name):
                raise Turned(403, f"discussion {number} is {told.author}'s and the owner's.")
            if len(read_remarks(connection, repo, number)) >= REMARKS:
                raise Turned(403, f"discussion {number} has {REMARKS} remarks, and takes no more.")
            if values:
                change_discussion(connection, repo, number, **values)
            return _event(add_remark(connection, repo, number, kind, who.name, content, self._office.clock()))

        return self._write(write)

    def reword(self, account: Account | None, name: RepoName, number: int, identity: str, said: str | None) -> Document:
        """A new wording of one's own comment; None hides it, which the owner may do, too."""
        who = self.participant(account)

        def write(connection: Connection) -> Document:
            repo, _, caller = self._told(connection, who, name, number)
            found = [one for one in read_remarks(connection, repo, number) if one.identity == identity]
            if not found or found[0].kind != "comment":
                raise Turned(404, f"discussion {number} has no comment {identity[:40]}.")
            if found[0].author != who.name and not (said is None and caller.owner):
                raise Turned(403, f"this comment is {found[0].author}'s.")
            words: Sequence[str] = found[0].content["wordings"]
            if len(words) >= WORDINGS and said is not None:
                raise Turned(403, f"a comment has at most {WORDINGS} wordings.")
            content = {"wordings": [*words, said] if said is not None else [""]}
            change_remark(connection, repo, number, identity, content, hidden=said is None)
            again = [one for one in read_remarks(connection, repo, number) if one.identity == identity]
            return {"updatedComment": _event(again[0])}

        return self._write(write)


def _shown(caller: Caller, told: Discussion) -> bool:
    return not told.pull or caller.owner or caller.examiner or (caller.name is not None and told.author == caller.name)


def _row(repo: Repo, told: Discussion) -> Document:
    return {
        "num": told.number,
        "title": told.title,
        "author": {"name": told.author},
        "status": told.status,
        "isPullRequest": told.pull,
        "createdAt": moment(told.at),
        "repo": {"name": str(repo.name), "type": repo.name.kind.value},
    }


def _event(one: Remark) -> Document:
    data: dict[str, Any] = dict(one.content)
    if one.kind == "comment":
        versions = [
            {"raw": text, "html": html.escape(text), "updatedAt": moment(one.at), "author": {"name": one.author}}
            for text in one.content["wordings"]
        ]
        data = {"edited": len(versions) > 1, "hidden": one.hidden, "latest": versions[-1], "history": versions[::-1]}
    author = {"name": one.author}
    return {"id": one.identity, "type": one.kind, "author": author, "createdAt": moment(one.at), "data": data}
