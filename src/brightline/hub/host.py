"""What the hub's door needs of an office, and how a refusal reaches a client. The office itself is joined on in assembly."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from brightline.release.reader import Reader
from brightline.release.repository import Kind, RepoName

Document = dict[str, Any]


class Turned(Exception):
    """A request that is turned away. `code` is the client's X-Error-Code, or empty; `commit` where a revision was found."""

    def __init__(self, status: int, sentence: str, code: str = "", commit: str | None = None) -> None:
        super().__init__(sentence)
        self.status, self.code, self.commit = status, code, commit


@dataclass(frozen=True, slots=True)
class Account:
    """Whoever asks, with a good token."""

    name: str
    token: str  # its id, never its secret
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Content:
    """A file that this caller may have. `still` says whether it still may: asked again while the bytes run."""

    commit: str
    etag: str
    size: int
    name: str
    reader: Reader
    still: Callable[[], bool]
    handed: Callable[[], None]  # to be called before the first byte leaves
    public: bool  # everybody may have it: caches may keep it


@dataclass(frozen=True, slots=True)
class Operation:
    """One line of a commit: `add` with content or with a digest, `copy` of a digest, `delete` of a file or a folder."""

    act: str
    path: str
    content: bytes = b""
    sha256: str = ""
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Push:
    """A commit as a client sends it."""

    title: str
    message: str
    parent: str | None
    operations: Sequence[Operation]


class Host(Protocol):
    """Every method raises Turned. Documents are as the Hugging Face Hub's clients read them."""

    def account(self, secret: str) -> Account | None: ...

    def whoami(self, account: Account) -> Document: ...

    def create(self, account: Account | None, name: RepoName, terms: Mapping[str, Any]) -> tuple[Document, bool]: ...

    def delete(self, account: Account | None, name: RepoName) -> None: ...

    def move(self, account: Account | None, before: RepoName, after: RepoName) -> None: ...

    def settle(self, account: Account | None, name: RepoName, terms: Mapping[str, Any]) -> Document: ...

    def info(self, account: Account | None, name: RepoName, revision: str | None, *, sizes: bool) -> Document: ...

    def search(self, account: Account | None, kind: Kind, query: Mapping[str, Any]) -> tuple[list[Document], int]: ...

    def tree(
        self, account: Account | None, name: RepoName, revision: str, path: str, *, recursive: bool, expand: bool
    ) -> tuple[list[Document], str]: ...

    def paths(
        self, account: Account | None, name: RepoName, revision: str, paths: Sequence[str], *, expand: bool
    ) -> list[Document]: ...

    def refs(self, account: Account | None, name: RepoName, *, pulls: bool) -> Document: ...

    def branch(self, account: Account | None, name: RepoName, branch: str, start: str | None) -> None: ...

    def tag(self, account: Account | None, name: RepoName, revision: str, tag: str) -> None: ...

    def unref(self, account: Account | None, name: RepoName, ref: str) -> None: ...

    def commits(self, account: Account | None, name: RepoName, revision: str) -> list[Document]: ...

    def preupload(
        self,
        account: Account | None,
        name: RepoName,
        revision: str,
        files: Sequence[Mapping[str, Any]],
        *,
        pull: bool,
        ignore: str,
    ) -> list[Document]: ...

    def commit(self, account: Account | None, name: RepoName, revision: str, push: Push) -> Document: ...

    def resolve(self, account: Account | None, name: RepoName, revision: str, path: str) -> Content: ...

    def may(self, account: Account | None, name: RepoName, *, write: bool) -> None: ...

    def asked(self, account: Account | None, name: RepoName, status: str) -> list[Document]: ...

    def ask(self, account: Account | None, name: RepoName, contact: str) -> Document: ...

    def answer(self, account: Account | None, name: RepoName, who: Mapping[str, Any], status: str) -> None: ...

    def wanted(
        self, account: Account | None, name: RepoName, revision: str, objects: Sequence[Mapping[str, Any]]
    ) -> list[tuple[str, int, str | None]]: ...

    def incoming(self) -> Path: ...

    def bound(self, act: str, ticket: str) -> int | None: ...

    def received(self, ticket: str, place: Path) -> None: ...

    def xet_token(
        self, account: Account | None, name: RepoName, revision: str, *, pull: bool
    ) -> tuple[str, str, int]: ...

    def xorb(self, token: str, digest: str, place: Path) -> bool: ...

    def shard(self, token: str, content: bytes) -> None: ...

    # copies, and histories that are cut

    def duplicate(
        self, account: Account | None, source: RepoName, target: RepoName, terms: Mapping[str, Any]
    ) -> tuple[Document, bool]: ...

    def squash(self, account: Account | None, name: RepoName, branch: str, message: str) -> None: ...

    def lfs_files(self, account: Account | None, name: RepoName, start: int) -> tuple[list[Document], int]: ...

    def delete_lfs(self, account: Account | None, name: RepoName, digests: Sequence[str], *, rewrite: bool) -> None: ...

    def lend_files(
        self, account: Account | None, source: RepoName, target: RepoName, digests: Sequence[str]
    ) -> list[Document]: ...

    # files in parts

    def part_size(self, size: int) -> int | None: ...

    def part_bound(self, ticket: str, number: int) -> int: ...

    def part(self, ticket: str, number: int, place: Path) -> str: ...

    def complete(self, ticket: str, sha256: str, tags: Sequence[str]) -> None: ...

    def verify(self, ticket: str, sha256: str, size: int) -> None: ...

    # discussions and pull requests

    def may_push(self, account: Account | None, name: RepoName, revision: str, *, pull: bool) -> None: ...

    def propose(self, account: Account | None, name: RepoName, branch: str, wanted: Push) -> Document: ...

    def add(self, account: Account | None, name: RepoName, revision: str, wanted: Push) -> Document: ...

    def merge(self, account: Account | None, name: RepoName, number: int, said: str) -> None: ...

    def discuss(self, account: Account | None, name: RepoName, title: str, said: str, *, pull: bool) -> Document: ...

    def discussions(
        self, account: Account | None, name: RepoName, wanted: Callable[[Document], bool], page: int
    ) -> Document: ...

    def discussion(self, account: Account | None, name: RepoName, number: int, *, diff: bool) -> Document: ...

    def remark(self, account: Account | None, name: RepoName, number: int, said: str) -> Document: ...

    def retitle(self, account: Account | None, name: RepoName, number: int, title: str) -> Document: ...

    def restate(self, account: Account | None, name: RepoName, number: int, status: str, said: str) -> Document: ...

    def reword(
        self, account: Account | None, name: RepoName, number: int, identity: str, said: str | None
    ) -> Document: ...

    # devices

    def device(self) -> Document: ...

    def let_in(self, account: Account | None, code: str, *, yes: bool) -> None: ...

    def device_token(self, device_code: str) -> Document: ...

    # accounts and what is theirs

    def overview(self, account: Account | None, who: str) -> Document: ...

    def own_repos(self, account: Account | None) -> list[Document]: ...

    def runtime(self, account: Account | None, name: RepoName) -> Document: ...
