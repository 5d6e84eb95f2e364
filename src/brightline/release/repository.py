"""What repositories, revisions and paths may be called."""

import re
from dataclasses import dataclass
from enum import StrEnum
from unicodedata import category

_PART = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?")
_BRANCH = re.compile(r"(?!.*(?:\.\.|//|@\{|\.lock$|/$|\.$))[A-Za-z0-9_][A-Za-z0-9._/+-]{0,199}")
COMMIT = re.compile(r"[0-9a-f]{40}")
PATH = 1024  # characters
DEPTH = 32  # names of a path: of folders above each other, and of the file
_JOINERS = "\u200c\u200d"  # between the letters of some scripts, and in emoji
HEADS, TAGS = "refs/heads/", "refs/tags/"


class Kind(StrEnum):
    """Three kinds of the same thing."""

    MODEL = "model"
    DATASET = "dataset"
    SPACE = "space"

    @property
    def prefix(self) -> str:
        """Of addresses that are for people and for files."""
        return "" if self is Kind.MODEL else f"{self}s/"


class Misnamed(ValueError):
    """The sentence says what may be written."""


@dataclass(frozen=True, slots=True)
class RepoName:
    """`namespace/name`, of a kind."""

    kind: Kind
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def address(self) -> str:
        """As it stands behind the hub's own address."""
        return f"{self.kind.prefix}{self}"


def repo_name(kind: Kind, namespace: str, name: str) -> RepoName:
    """Raises Misnamed."""
    for part in (namespace, name):
        if _PART.fullmatch(part) is None or "--" in part or ".." in part or part.endswith((".git", ".ipynb")):
            raise Misnamed(f"{part[:100]!r}: letters, digits, '-', '_' and '.', 96 at most, no '--' and no '..'")
    return RepoName(kind, namespace, name)


def ref_name(branch: str) -> str:
    """A branch's or a tag's short name. Raises Misnamed."""
    if _BRANCH.fullmatch(branch) is None or COMMIT.fullmatch(branch):
        letters = (
            "ASCII letters, digits, '-', '_', '.', '+' and '/', 200 at most, of which '-', '.', '+' and '/' begin none"
        )
        never = "no '..', '//' or 40 hex digits, and no '/', '.' or '.lock' at the end"
        raise Misnamed(f"{branch[:100]!r} cannot be a branch or a tag ({letters}; {never})")
    return branch


def file_path(path: str) -> str:
    """A path inside a repository. Raises Misnamed."""
    parts = path.split("/")
    if not path or len(path) > PATH or len(parts) > DEPTH or any(part in {"", ".", "..", ".git"} for part in parts):
        rule = f"at most {DEPTH} names of folders and the file, {PATH} letters; none is empty, '.', '..' or '.git'"
        raise Misnamed(f"{path[:100]!r} is no path of a file in a repository ({rule})")
    if not legible(path) or "\\" in path:
        rule = "no backslashes, no controls, nothing that turns a line around"
        raise Misnamed(f"{path[:100]!r} has letters that a path here cannot have ({rule})")
    return path


def legible(path: str) -> bool:
    """Whether people name files with such letters: no controls, and nothing that turns a line around.

    Spaces of every width are among them: macOS has one in the name of each picture of the screen.
    """
    return path.isprintable() or all(
        letter.isprintable() or letter in _JOINERS or category(letter) == "Zs" for letter in path
    )


def read_address(text: str) -> RepoName:
    """`namespace/name`, `datasets/namespace/name` or `spaces/namespace/name`. Raises Misnamed."""
    parts = text.split("/")
    kinds = {f"{kind}s": kind for kind in Kind}
    kind = kinds.get(parts[0], Kind.MODEL) if len(parts) == 3 else Kind.MODEL
    if len(parts) not in (2, 3) or (len(parts) == 3 and parts[0] not in kinds):
        raise Misnamed(f"{text[:100]!r} is no repository; write namespace/name or datasets/namespace/name")
    return repo_name(kind, *parts[-2:])
