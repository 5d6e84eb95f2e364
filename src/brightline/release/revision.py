"""Git's objects: every file, folder and commit has the id that git itself would give it (git-scm.com/book, 10.2)."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n"  # git-lfs, spec.md


def object_id(kind: str, content: bytes) -> str:
    """40 hex digits."""
    return hashlib.sha1(b"%b %d\0" % (kind.encode("ascii"), len(content)) + content).hexdigest()  # noqa: S324 - git's own


def pointer(sha256: str, size: int) -> bytes:
    """What git holds where the bytes themselves lie in LFS."""
    return POINTER.format(sha256=sha256, size=size).encode("ascii")


@dataclass(frozen=True, slots=True)
class Stored:
    """A file of a revision. `oid` is git's id of the content, or of the pointer where `lfs`."""

    path: str
    oid: str
    size: int
    sha256: str
    lfs: bool


def stored_lfs(path: str, sha256: str, size: int) -> Stored:
    return Stored(path, object_id("blob", pointer(sha256, size)), size, sha256, lfs=True)


def stored_regular(path: str, content: bytes) -> Stored:
    return Stored(path, object_id("blob", content), len(content), hashlib.sha256(content).hexdigest(), lfs=False)


def tree_ids(files: Iterable[Stored]) -> dict[str, str]:
    """The id of every folder, by its path; the root's is ''. Raises ValueError where a path is a file and a folder."""
    folders: dict[str, dict[str, tuple[bytes, str]]] = {"": {}}
    for file in files:
        folder, _, name = file.path.rpartition("/")
        _open(folders, folder)
        if file.path in folders:
            raise ValueError(f"{file.path!r} is a file and a folder")
        folders[folder][name] = (b"100644", file.oid)
    found: dict[str, str] = {}
    for path in sorted(folders, key=lambda one: -one.count("/") - (one != "")):
        found[path] = _tree_id(folders[path])
        if path:
            folder, _, name = path.rpartition("/")
            folders[folder][name] = (b"40000", found[path])
    return found


def _open(folders: dict[str, dict[str, tuple[bytes, str]]], folder: str) -> None:
    while folder not in folders:
        folders[folder] = {}
        above, _, name = folder.rpartition("/")
        if above in folders and name in folders[above]:
            raise ValueError(f"{folder!r} is a file and a folder")
        folder = above


def _tree_id(rows: dict[str, tuple[bytes, str]]) -> str:
    """Git sorts folders as if their names ended in a slash."""
    ordered = sorted(rows.items(), key=lambda row: row[0].encode() + (b"/" if row[1][0] == b"40000" else b""))
    content = b"".join(mode + b" " + name.encode() + b"\0" + bytes.fromhex(oid) for name, (mode, oid) in ordered)
    return object_id("tree", content)


@dataclass(frozen=True, slots=True)
class Commit:
    """`at` in UTC to the second; `author` is the account that pushed."""

    tree: str
    parent: str | None
    author: str
    at: datetime
    title: str
    message: str = ""

    @property
    def oid(self) -> str:
        who = f"{_plain(self.author)} <{_plain(self.author).replace(' ', '.')}@hub> {int(self.at.timestamp())} +0000"
        parent = [f"parent {self.parent}"] if self.parent is not None else []
        head = "\n".join([f"tree {self.tree}", *parent, f"author {who}", f"committer {who}"])
        body = f"{self.title}\n\n{self.message}" if self.message else self.title
        return object_id("commit", f"{head}\n\n{body}\n".encode("utf-8", "surrogatepass"))


def _plain(name: str) -> str:
    return "".join(letter for letter in name if letter not in "<>\n\0")
