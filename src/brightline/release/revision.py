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
    folders: dict[str, list[tuple[bytes, bytes]]] = {"": []}
    paths = set[str]()
    for file in files:
        folder, _, name = file.path.rpartition("/")
        if folder not in folders:
            _open(folders, folder)
        folders[folder].append(_row(b"100644", name, file.oid))
        paths.add(file.path)
    for path in paths & folders.keys():
        raise ValueError(f"{path!r} is a file and a folder")
    found: dict[str, str] = {}
    for path in sorted(folders, key=lambda one: -one.count("/") - (one != "")):
        found[path] = object_id("tree", b"".join(row for _, row in sorted(folders[path])))
        if path:
            folder, _, name = path.rpartition("/")
            folders[folder].append(_row(b"40000", name, found[path], b"/"))
    return found


def _open(folders: dict[str, list[tuple[bytes, bytes]]], folder: str) -> None:
    """With those that it lies in."""
    while folder not in folders:
        folders[folder] = []
        folder = folder.rpartition("/")[0]


def _row(mode: bytes, name: str, oid: str, end: bytes = b"") -> tuple[bytes, bytes]:
    """What git sorts it by, and what it writes. It sorts folders as if their names ended in a slash."""
    encoded = name.encode()
    return encoded + end, b"%b %b\0%b" % (mode, encoded, bytes.fromhex(oid))


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
