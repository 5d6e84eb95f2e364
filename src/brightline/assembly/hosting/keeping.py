"""Repositories and their revisions, as their owners make, name and change them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from brightline.assembly.hosting.pushing import first_revision, push
from brightline.assembly.hosting.room import Room
from brightline.assembly.hosting.shelving import Shelving
from brightline.hub.host import Account, Document, Push, Turned
from brightline.release.repository import HEADS, TAGS, RepoName
from brightline.storage import shelf
from brightline.storage.shelf import Repo

REGULAR = 1 << 20  # bytes up to which a text is part of the commit itself
ALWAYS_LFS = (
    ".safetensors",
    ".gguf",
    ".bin",
    ".pt",
    ".pth",
    ".onnx",
    ".parquet",
    ".arrow",
    ".npz",
    ".npy",
    ".zip",
    ".h5",
)


class Keeping(Room):
    """Writing, by owners."""

    def create(self, account: Account | None, name: RepoName, terms: Mapping[str, Any]) -> tuple[Document, bool]:
        """The repository, and whether it is new. It has a first commit with nothing in it."""
        owner = _writer(account)
        if name.namespace != owner.name:
            raise Turned(403, f"You are {owner.name}, and can make repositories of that name only.")
        if owner.name in self._office.charter.holders:
            raise Turned(403, f"{owner.name} holds an office here, and releases nothing.")

        def make(connection: Connection) -> tuple[Repo, bool]:
            kept = shelf.alike(connection, name)
            if kept is not None and kept.name != name:
                raise Turned(409, f"There is {kept.name} already, which a person would take for {name}.")
            if kept is not None:
                return kept, False
            private, sdk = bool(terms.get("private")), str(terms.get("sdk") or "")[:20]
            return make_repo(self._shelving, connection, name, owner.name, private=private, sdk=sdk), True

        made, fresh = self._write(make)
        return {"name": str(made.name), "id": f"{made.id:024x}"}, fresh

    def delete(self, account: Account | None, name: RepoName) -> None:
        self._write(lambda connection: shelf.remove_repo(connection, self._shelving.own(connection, account, name)))

    def move(self, account: Account | None, before: RepoName, after: RepoName) -> None:
        def rename(connection: Connection) -> None:
            repo = self._shelving.own(connection, account, before)
            if after.namespace != repo.owner or after.kind is not before.kind:
                raise Turned(403, f"{before} stays with {repo.owner}, and stays a {before.kind}.")
            taken = shelf.alike(connection, after)
            if taken is not None and taken.id != repo.id:
                raise Turned(409, f"There is a {after.kind} {after} already.")
            shelf.rename_repo(connection, repo, after)

        self._write(rename)

    def settle(self, account: Account | None, name: RepoName, terms: Mapping[str, Any]) -> Document:
        """`private`, and `gated`: "auto" or "manual". An owner can close further, and opens nothing."""

        def change(connection: Connection) -> Document:
            repo = self._shelving.own(connection, account, name)
            values = {key: terms[key] for key in ("private", "gated") if terms.get(key) is not None}
            if values:
                shelf.change_repo(connection, repo, **values)
            return {"name": str(name), **values}

        return self._write(change)

    def branch(self, account: Account | None, name: RepoName, branch: str, start: str | None) -> None:
        self._new_ref(account, name, HEADS + branch, start or "main")

    def tag(self, account: Account | None, name: RepoName, revision: str, tag: str) -> None:
        self._new_ref(account, name, TAGS + tag, revision)

    def _new_ref(self, account: Account | None, name: RepoName, ref: str, start: str) -> None:
        def make(connection: Connection) -> None:
            repo = self._shelving.own(connection, account, name)
            seen = self._shelving.seen(connection, account, repo, start)
            if ref in shelf.read_refs(connection, repo):
                raise Turned(409, f"{name} has {ref} already.")
            shelf.write_ref(connection, repo, ref, seen.revision.oid)

        self._write(make)

    def unref(self, account: Account | None, name: RepoName, ref: str) -> None:
        def take(connection: Connection) -> None:
            repo = self._shelving.own(connection, account, name)
            if ref not in shelf.read_refs(connection, repo) or ref == f"{HEADS}main":
                raise Turned(404, f"{name} has no {ref} that can be deleted.", "RevisionNotFound")
            shelf.write_ref(connection, repo, ref, None)

        self._write(take)

    def preupload(
        self, account: Account | None, name: RepoName, revision: str, files: Sequence[Mapping[str, Any]]
    ) -> list[Document]:
        def ask(connection: Connection) -> list[Document]:
            repo = self._shelving.own(connection, account, name)
            seen = self._shelving.seen(connection, account, repo, revision)
            kept = {one.stored.path: one.stored for one in self._shelving.files(connection, seen.revision)}
            rows = []
            for file in files:
                path = str(file["path"])
                mode = "lfs" if _large(path, int(file["size"]), bytes(file["sample"])) else "regular"
                own = kept.get(path)
                same = own if own is not None and own.lfs == (mode == "lfs") else None
                oid = None if same is None else same.sha256 if same.lfs else same.oid
                rows.append({"path": path, "uploadMode": mode, "shouldIgnore": False, "oid": oid})
            return rows

        return self._read(ask)

    def commit(self, account: Account | None, name: RepoName, revision: str, wanted: Push) -> Document:
        made = push(self._shelving, account, name, revision, wanted)
        return {"commitOid": made.oid}


def make_repo(
    shelving: Shelving, connection: Connection, name: RepoName, owner: str, *, private: bool, sdk: str
) -> Repo:
    """With its first commit. The caller has seen that the name is free."""
    made = shelf.add_repo(connection, name, owner, shelving.office.clock(), private=private, sdk=sdk)
    first, content = first_revision(made, shelving)
    shelf.write_listing(connection, first.files, content)
    shelf.add_revision(connection, made, first)
    shelf.write_ref(connection, made, f"{HEADS}main", first.oid)
    return made


def _writer(account: Account | None) -> Account:
    if account is None:
        raise Turned(401, "This needs a token of this office: `hf auth login --token`.")
    if "hub:write" not in account.scopes:
        raise Turned(403, "This token lacks the scope hub:write.")
    return account


def _large(path: str, size: int, sample: bytes) -> bool:
    """Whether a file goes beside the commit and not into it. Empty ones never do: clients insist."""
    if size == 0:
        return False
    return size > REGULAR or b"\0" in sample or path.lower().endswith(ALWAYS_LFS)
