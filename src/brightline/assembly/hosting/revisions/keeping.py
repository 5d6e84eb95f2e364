"""Repositories and their revisions, as their owners make, name and change them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from brightline.assembly.hosting.revisions.beginning import initial_files, make_repo
from brightline.assembly.hosting.revisions.pushing import push
from brightline.assembly.hosting.sight.looking import Seen
from brightline.assembly.hosting.sight.proposals import number_of
from brightline.assembly.hosting.sight.room import Room
from brightline.assembly.hosting.sight.showing import identity
from brightline.hub.host import Account, Document, Push, Turned
from brightline.release.attributes import ATTRIBUTES, IGNORE, REGULAR, is_large, tracked
from brightline.release.patterns import matching
from brightline.release.repository import HEADS, TAGS, Misnamed, RepoName, ref_name
from brightline.storage.repositories import changes, shelf
from brightline.storage.repositories.leaving import remove_repo
from brightline.storage.repositories.listings import Filed
from brightline.storage.repositories.renames import rename_repo
from brightline.storage.repositories.shelf import Repo


class Keeping(Room):
    """Writing, by owners."""

    def create(self, account: Account | None, name: RepoName, terms: Mapping[str, Any]) -> tuple[Document, bool]:
        """The repository, and whether it is new. It has a first commit, whose one file is the office's."""
        owner = writer(account)
        if name.namespace != owner.name:
            raise Turned(403, f"You are {owner.name}, and can make repositories of that name only.")
        if owner.name in self._office.charter.holders:
            raise Turned(403, f"{owner.name} holds an office here, and releases nothing.")

        files = initial_files(self._shelving)

        def make(connection: Connection) -> tuple[Repo, bool]:
            kept = shelf.alike(connection, name)
            if kept is not None and kept.name != name:
                there = (
                    f"There is {kept.name} already"
                    if self._visible(connection, account, kept)
                    else "There is one already"
                )
                raise Turned(409, f"{there}, which a person would take for {name}.")
            if kept is not None:
                return kept, False
            self._shelving.quota.another(connection, owner.name)
            private, sdk = bool(terms.get("private")), str(terms.get("sdk") or "")[:20]
            made = make_repo(self._shelving, connection, name, owner.name, private=private, sdk=sdk, files=files)
            return made, True

        made, fresh = self._write(make)
        return {"name": str(made.name), "id": identity(made.name.address)}, fresh

    def _visible(self, connection: Connection, account: Account | None, repo: Repo) -> bool:
        return self._shelving.at(connection, account, repo).visible

    def delete(self, account: Account | None, name: RepoName) -> None:
        def take(connection: Connection) -> None:
            remove_repo(connection, self._called(connection, account, name))

        self._write(take)

    def move(self, account: Account | None, before: RepoName, after: RepoName) -> None:
        def rename(connection: Connection) -> None:
            repo = self._called(connection, account, before)
            if after.namespace != repo.owner or after.kind is not before.kind:
                raise Turned(403, f"{before} stays with {repo.owner}, and stays a {before.kind}.")
            taken = shelf.alike(connection, after)
            if taken is not None and taken.id != repo.id:
                raise Turned(409, f"A {after.kind} repository called {after} already exists.")
            rename_repo(connection, repo, after)

        self._write(rename)

    def _called(self, connection: Connection, account: Account | None, name: RepoName) -> Repo:
        """One's own, by the name that it has now: what cannot be undone is done to nothing by a former name. Raises Turned."""
        repo = self._shelving.own(connection, account, name)
        if str(repo.name).lower() != str(name).lower():
            raise Turned(404, f"{name} is called {repo.name} by now: say so.", "RepoNotFound")
        return repo

    def settle(self, account: Account | None, name: RepoName, terms: Mapping[str, Any]) -> Document:
        """`private`, and `gated`: "auto" or "manual". An owner can close further, and opens nothing."""

        def change(connection: Connection) -> Document:
            repo = self._shelving.own(connection, account, name)
            values = {key: terms[key] for key in ("private", "gated") if terms.get(key) is not None}
            if values:
                changes.change_repo(connection, repo, **values)
            return {"name": str(name), **values}

        return self._write(change)

    def branch(self, account: Account | None, name: RepoName, branch: str, start: str | None) -> None:
        self._new_ref(account, name, HEADS, branch, start or "main")

    def tag(self, account: Account | None, name: RepoName, revision: str, tag: str) -> None:
        self._new_ref(account, name, TAGS, tag, revision)

    def _new_ref(self, account: Account | None, name: RepoName, place: str, said: str, start: str) -> None:
        def make(connection: Connection) -> None:
            look = self._shelving.look_own(connection, account, name)
            seen = look.seen(start)
            ref = place + _short(place, said)
            if ref in look.refs:
                raise Turned(409, f"Reference {ref} already exists in {name}.")
            if seen.fork is not None:
                raise Turned(409, f"{start} is a proposal: merge it, and name what it became.")
            changes.write_ref(connection, look.repo, ref, seen.revision.oid)

        self._write(make)

    def unref(self, account: Account | None, name: RepoName, ref: str) -> None:
        def take(connection: Connection) -> None:
            repo = self._shelving.own(connection, account, name)
            if ref == f"{HEADS}main":
                raise Turned(403, f"Cannot delete {ref}: {name} is seen by it.")
            if ref not in shelf.read_refs(connection, repo):
                raise Turned(404, f"Invalid rev id: {name} has no {ref}.", "RevisionNotFound")
            changes.write_ref(connection, repo, ref, None)

        self._write(take)

    def preupload(
        self,
        account: Account | None,
        name: RepoName,
        revision: str,
        files: Sequence[Mapping[str, Any]],
        *,
        pull: bool,
        ignore: str,
    ) -> list[Document]:
        """`pull`: they will be proposed, and whoever sees the repository may ask. `ignore` is a .gitignore that comes along."""
        who = writer(account)

        def ask(connection: Connection) -> tuple[str, Seen, dict[str, Filed]]:
            proposed = pull or number_of(revision) is not None
            look = (self._shelving.look if proposed else self._shelving.look_own)(connection, account, name)
            seen = look.seen(revision)
            shown = seen.listed(self._shelving.files(connection, seen.revision))
            return who.name if proposed else look.repo.owner, seen, {one.stored.path: one for one in shown}

        owner, seen, kept = self._read(ask)
        sizes = {one.stored.size for one in kept.values()}
        ignored = matching(ignore or self._text(seen, kept.get(IGNORE)))
        beside = tracked(self._text(seen, kept.get(ATTRIBUTES)))
        rows, coming = [], 0
        for file in files:
            path = str(file["path"])
            large = is_large(path, int(file["size"]), bytes(file["sample"]))
            mode = "lfs" if large or (file["size"] and beside(path)) else "regular"
            own = kept[path].stored if path in kept else None
            same = own if own is not None and own.lfs == (mode == "lfs") else None
            oid = None if same is None else same.sha256 if same.lfs else same.oid
            rows.append({"path": path, "uploadMode": mode, "shouldIgnore": ignored(path), "oid": oid})
            if file["size"] not in sizes and not ignored(path):  # as large as one that is here: it may be the same
                coming += int(file["size"])
        self._read(lambda connection: self._shelving.quota.room(connection, owner, coming))
        return rows

    def _text(self, seen: Seen, filed: Filed | None) -> str:
        """A small file of a revision, as far as the caller may have it. Raises Turned."""
        if filed is None or filed.stored.size > REGULAR or seen.denial(filed) is not None:
            return ""
        return self._shelving.text(filed, REGULAR)

    def commit(self, account: Account | None, name: RepoName, revision: str, wanted: Push) -> Document:
        made = push(self._shelving, account, name, revision, wanted)
        return {"commitOid": made.oid}


def _short(place: str, said: str) -> str:
    """Raises Turned."""
    kind = "branch" if place == HEADS else "tag"
    if said.startswith("refs/"):
        raise Turned(400, f"Invalid reference for a {kind}: {said[:100]} is a full name.")
    try:
        return ref_name(said)
    except Misnamed as trouble:
        raise Turned(400, f"Invalid reference for a {kind}: {trouble}.") from None


def writer(account: Account | None) -> Account:
    if account is None:
        raise Turned(401, "Invalid username or password: this needs a token of this office, `hf auth login --token`.")
    if "hub:write" not in account.scopes:
        raise Turned(403, "This token lacks the scope hub:write.")
    return account
