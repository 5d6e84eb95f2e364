"""Repositories and their revisions, as their owners make, name and change them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pathspec import GitIgnoreSpec
from sqlalchemy import Connection

from brightline.assembly.hosting.revisions.pushing import first_revision, push
from brightline.assembly.hosting.sight.proposals import number_of
from brightline.assembly.hosting.sight.room import Room
from brightline.assembly.hosting.sight.shelving import Seen, Shelving
from brightline.assembly.hosting.sight.showing import identity
from brightline.hub.host import Account, Document, Push, Turned
from brightline.release.repository import HEADS, TAGS, RepoName
from brightline.storage import shelf
from brightline.storage.leaving import remove_repo
from brightline.storage.shelf import Repo

REGULAR = 1 << 20  # bytes up to which a text is part of the commit itself
IGNORED = 1_000  # lines of a .gitignore that are read
ALWAYS_LFS = (  # the Hub's own list, as far as it speaks of endings
    ".7z", ".arrow", ".bin", ".bz2", ".ckpt", ".ftz", ".gguf", ".gz", ".h5", ".joblib", ".mlmodel", ".model",
    ".msgpack", ".npy", ".npz", ".onnx", ".ot", ".parquet", ".pb", ".pickle", ".pkl", ".pt", ".pth", ".rar",
    ".safetensors", ".tar", ".tflite", ".tgz", ".wasm", ".xz", ".zip", ".zst",
)  # fmt: skip


class Keeping(Room):
    """Writing, by owners."""

    def create(self, account: Account | None, name: RepoName, terms: Mapping[str, Any]) -> tuple[Document, bool]:
        """The repository, and whether it is new. It has a first commit with nothing in it."""
        owner = writer(account)
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
            self._shelving.quota.another(connection, owner.name)
            private, sdk = bool(terms.get("private")), str(terms.get("sdk") or "")[:20]
            return make_repo(self._shelving, connection, name, owner.name, private=private, sdk=sdk), True

        made, fresh = self._write(make)
        return {"name": str(made.name), "id": identity(made.name)}, fresh

    def delete(self, account: Account | None, name: RepoName) -> None:
        def take(connection: Connection) -> None:
            repo = self._shelving.own(connection, account, name)
            remove_repo(connection, repo)

        self._write(take)

    def move(self, account: Account | None, before: RepoName, after: RepoName) -> None:
        def rename(connection: Connection) -> None:
            repo = self._shelving.own(connection, account, before)
            if after.namespace != repo.owner or after.kind is not before.kind:
                raise Turned(403, f"{before} stays with {repo.owner}, and stays a {before.kind}.")
            taken = shelf.alike(connection, after)
            if taken is not None and taken.id != repo.id:
                raise Turned(409, f"A {after.kind} repository called {after} already exists.")
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
                raise Turned(409, f"Reference {ref} already exists at {name}.")
            if seen.fork is not None:
                raise Turned(409, f"{start} is a proposal: merge it, and name what it became.")
            shelf.write_ref(connection, repo, ref, seen.revision.oid)

        self._write(make)

    def unref(self, account: Account | None, name: RepoName, ref: str) -> None:
        def take(connection: Connection) -> None:
            repo = self._shelving.own(connection, account, name)
            if ref == f"{HEADS}main":
                raise Turned(403, f"Cannot delete {ref}: {name} is seen by it.")
            if ref not in shelf.read_refs(connection, repo):
                raise Turned(404, f"Invalid rev id: {name} has no {ref}.", "RevisionNotFound")
            shelf.write_ref(connection, repo, ref, None)

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

        def ask(connection: Connection) -> list[Document]:
            proposed = pull or number_of(revision) is not None
            repo = (self._shelving.repo if proposed else self._shelving.own)(connection, account, name)
            seen = self._shelving.seen(connection, account, repo, revision)
            shown = seen.listed(self._shelving.files(connection, seen.revision))
            kept = {one.stored.path: one.stored for one in shown}
            sizes = {one.size for one in kept.values()}
            ignored = _matching(ignore or self._text(connection, seen, ".gitignore"))
            beside = _matching("\n".join(_tracked(self._text(connection, seen, ".gitattributes"))))
            rows, coming = [], 0
            for file in files:
                path = str(file["path"])
                large = _large(path, int(file["size"]), bytes(file["sample"]))
                mode = "lfs" if large or (file["size"] and beside(path)) else "regular"
                own = kept.get(path)
                same = own if own is not None and own.lfs == (mode == "lfs") else None
                oid = None if same is None else same.sha256 if same.lfs else same.oid
                rows.append({"path": path, "uploadMode": mode, "shouldIgnore": ignored(path), "oid": oid})
                if file["size"] not in sizes and not ignored(path):  # as large as one that is here: it may be the same
                    coming += int(file["size"])
            self._shelving.quota.room(connection, who.name if proposed else repo.owner, coming)
            return rows

        return self._read(ask)

    def _text(self, connection: Connection, seen: Seen, path: str) -> str:
        """A small file of a revision, as far as the caller may have it."""
        kept = self._shelving.file(connection, seen.revision, path)
        if kept is None or kept.stored.size > REGULAR or seen.denial(kept) is not None:
            return ""
        with self._office.blobs.open(kept.stored.sha256, kept.stored.size) as reader:
            return reader.read(0, REGULAR).decode("utf-8", "replace")

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


def writer(account: Account | None) -> Account:
    if account is None:
        raise Turned(401, "Invalid username or password: this needs a token of this office, `hf auth login --token`.")
    if "hub:write" not in account.scopes:
        raise Turned(403, "This token lacks the scope hub:write.")
    return account


def _matching(patterns: str) -> Callable[[str], bool]:
    """As git reads a .gitignore."""
    if not patterns.strip():
        return lambda _path: False
    return GitIgnoreSpec.from_lines(patterns.splitlines()[:IGNORED]).match_file


def _tracked(attributes: str) -> list[str]:
    """The patterns of a .gitattributes whose files go beside the commit."""
    words = [line.split() for line in attributes.splitlines()[:IGNORED]]
    return [one[0] for one in words if "filter=lfs" in one[1:]]


def _large(path: str, size: int, sample: bytes) -> bool:
    """Whether a file goes beside the commit and not into it. Empty ones never do: clients insist."""
    if size == 0:
        return False
    return size > REGULAR or b"\0" in sample or path.lower().endswith(ALWAYS_LFS)
