"""What the hub's door needs of an office, and how a refusal reaches a client. The office itself is joined on in assembly."""

import json
from collections.abc import AsyncGenerator, Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from brightline.release.repository import Kind, RepoName

Document = dict[str, Any]
FILES = 1_000  # files and folders a page of a tree
FULL = 413  # it is larger than what there is room for; clients try again for minutes where they are told any 5xx (RFC 9110, 15.5.14)
Stretch = tuple[int, int, int]  # an open file's descriptor, where in it, and how many bytes


class Turned(Exception):
    """A request that is turned away. `code` is the client's X-Error-Code, or empty; `commit` where a revision was found."""

    def __init__(self, status: int, sentence: str, code: str = "", commit: str | None = None) -> None:
        super().__init__(sentence)
        self.status, self.code, self.commit = status, code, commit


class Rows(list[Document]):
    """Documents that nobody changes, and their JSON once somebody asked for it."""

    @cached_property
    def text(self) -> bytes:
        """As Starlette writes it."""
        return json.dumps(self, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")


@dataclass(frozen=True, slots=True)
class Page:
    """Of a folder, at a commit; and the path after which the next page begins."""

    rows: Rows
    commit: str
    following: str | None


@dataclass(frozen=True, slots=True)
class Account:
    """Whoever asks, with a good token."""

    name: str
    token: str  # its id, never its secret
    scopes: frozenset[str]
    attributes: Mapping[str, str] = field(default_factory=dict)  # what the office says of it, as orders read it
    since: datetime | None = None  # when the token was made
    called: str = ""  # the token's name at the office


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file that was received, and hashed while it came in."""

    place: Path
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Coming:
    """What may come: into whose repository, and how many bytes at the most, where that is known."""

    owner: str
    most: int | None = None


class Inlet(Protocol):
    """Where a body goes while it comes in: one fills it while another keeps what was filled. OSError where the disk is full."""

    place: Path
    size: int

    def room(self) -> memoryview:
        """Where the next bytes go: to be released before anything else happens here."""

    def came(self, length: int) -> bool:
        """So many bytes lie there. Whether the next `turn` is due."""

    def turn(self) -> Callable[[], None]:
        """What keeps what was filled, for another thread: each in its turn."""

    def finish(self) -> str:
        """The sha256, where it was asked for."""

    def drop(self) -> None:
        """Over, or not wanted any more."""


@dataclass(frozen=True, slots=True)
class Content:
    """A file that this caller may have. `still` says whether it still may: asked again while the bytes run."""

    commit: str
    etag: str
    size: int
    name: str
    read: Callable[[int, int], AsyncGenerator[bytes, None]]  # from here to there
    still: Callable[[], bool]
    handed: Callable[[bool], None]  # to be called before any byte leaves; whether the first one of the file does
    public: bool  # everybody may have it: caches may keep it
    address: Callable[[], str] | None = None  # where the store itself hands it out, for seconds: clients are sent there
    stretches: Callable[[int, int], AsyncGenerator[Stretch, None]] | None = None  # the same, where it lies in a file
    inside: str | None = None  # its place as the web server in front knows it, which hands it out


@dataclass(frozen=True, slots=True)
class Operation:
    """One line of a commit: `add` with content, `copy` of a digest (as a regular file where `plain`), `delete` of a path."""

    act: str
    path: str
    content: bytes = b""
    sha256: str = ""
    size: int | None = None
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Push:
    """A commit as a client sends it."""

    title: str
    message: str
    parent: str | None
    operations: Sequence[Operation]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is asked for. `uses` are tasks, and what a space says that it uses; `after` is where the last page ended.

    `card` asks for what cards say; `only` for these keys of each repository and no others.
    """

    kind: Kind
    words: Sequence[str] = ()
    tags: Sequence[str] = ()
    author: str | None = None
    gated: bool | None = None
    uses: Mapping[str, Sequence[str]] = field(default_factory=dict)
    linked: bool = False
    sort: str = "lastModified"
    limit: int = 100
    after: str | None = None
    card: bool = False
    only: Collection[str] = ()


class Host(Protocol):
    """Every method raises Turned. Documents are as the Hugging Face Hub's clients read them."""

    async def state(self) -> Hashable | None:
        """A name for all that answers follow from, now: as long as it stays, they do. None where it cannot be told."""

    def state_at_once(self) -> Hashable | None:
        """The same, where nothing has to be waited for; else None."""

    def account(self, secret: str) -> Account | None: ...

    def whoami(self, account: Account) -> Document: ...

    def create(self, account: Account | None, name: RepoName, terms: Mapping[str, Any]) -> tuple[Document, bool]: ...

    def delete(self, account: Account | None, name: RepoName) -> None: ...

    def move(self, account: Account | None, before: RepoName, after: RepoName) -> None: ...

    def settle(self, account: Account | None, name: RepoName, terms: Mapping[str, Any]) -> Document: ...

    def info(self, account: Account | None, name: RepoName, revision: str | None, *, sizes: bool) -> Document: ...

    def search(self, account: Account | None, wanted: Wanted) -> tuple[list[Document], str | None]: ...

    def tags(self, kind: Kind) -> Mapping[str, list[Document]]: ...

    def tree(
        self,
        account: Account | None,
        name: RepoName,
        revision: str,
        path: str,
        *,
        recursive: bool,
        expand: bool,
        after: str | None = None,
    ) -> Page: ...

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

    def grant(self, account: Account | None, name: RepoName, who: str) -> None: ...

    def answer(self, account: Account | None, name: RepoName, who: Mapping[str, Any], status: str) -> None: ...

    def wanted(
        self, account: Account | None, name: RepoName, revision: str, objects: Sequence[Mapping[str, Any]]
    ) -> list[tuple[str, int, str | Turned | None]]: ...

    def incoming(self) -> Path: ...

    def inlet(self, *, hashing: bool) -> Inlet: ...

    def bound(self, act: str, ticket: str, length: int) -> Coming: ...

    def received(self, ticket: str, arrived: Arrived) -> None: ...

    def xet_token(
        self, account: Account | None, name: RepoName, revision: str, *, pull: bool
    ) -> tuple[str, str, int]: ...

    def xorb(self, token: str, digest: str, arrived: Arrived, heads: bytes) -> bool: ...

    def shard(self, token: str, arrived: Arrived) -> None: ...

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

    def part_bound(self, ticket: str, number: int) -> Coming: ...

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
