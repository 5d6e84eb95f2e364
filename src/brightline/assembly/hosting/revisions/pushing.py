"""A push: operations on a revision become the next one, whose bytes are filed as a case in the same transaction."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from sqlalchemy import Connection

from brightline.assembly.filing import OWN_WORDS
from brightline.assembly.hosting.revisions.entering import Next, enter
from brightline.assembly.hosting.sight.shelving import Shelving
from brightline.assembly.procedure import conclude_release
from brightline.hub.host import FULL, Account, Operation, Push, Turned
from brightline.inspection.examination import SMALL, Examined
from brightline.inspection.recognition import recognise
from brightline.inspection.report import FileReport
from brightline.release.component import Component
from brightline.release.reader import Memory, Reader, Unreadable
from brightline.release.repository import HEADS, RepoName
from brightline.release.revision import Commit, Stored, stored_lfs, stored_regular, tree_ids
from brightline.storage.blobs.batch import keep_all
from brightline.storage.ledger import Turn
from brightline.storage.repositories import holdings, listings, shelf
from brightline.storage.repositories.listings import Filed
from brightline.storage.repositories.shelf import Repo, Revision

POINTING = b"version https://git-lfs.github.com/spec/"
CARD = "README.md"
TRIES = 40  # where others push to the same branch: as many are worked on at once, and each round has one winner
PLAIN = 16 << 20  # bytes of a file beside the commit that can be kept as a regular one
Along = Callable[[Turn, Revision], None]


def _told(along: Along, revision: Revision, turn: Turn) -> None:
    along(turn, revision)


def _alone(_turn: Turn, _revision: Revision) -> None:
    """Nothing is written along with the revision."""


def push(
    shelving: Shelving,
    account: Account | None,
    name: RepoName,
    branch: str,
    wanted: Push,
    fork: Repo | None = None,
    along: Along = _alone,
) -> Revision:
    """Raises Turned, and then nothing was pushed. A branch that somebody else moved meanwhile is tried again from there.

    `fork` is where it goes instead of the repository itself, as a proposal; the caller has seen that it is the account's.
    What `along` writes is written with the revision, or not at all.
    """
    for _ in range(TRIES):
        made = _changed(_prepare(shelving, account, name, branch, wanted, fork))
        if enter(shelving, [made], partial(_told, along, made.revision)):
            return made.revision
    raise Turned(412, f"{branch} moves too quickly: others push to it. Try again.")


def moved(branch: str, here: str, said: str) -> str:
    """With the Hub's own sentence first, which people search for."""
    began = "The branch was updated since you opened this page. Please refresh and try again."
    return f"{began} {branch} is at {here} by now, not at {said[:40]}. Pull, and push again."


def put(
    shelving: Shelving, repo: Repo, branch: str, files: Mapping[str, Filed], title: str, since: str | None = None
) -> Revision:
    """A branch's next revision has just these files, whose bytes its owner may have. Raises Turned.

    `since` is the commit that they were made of: where the branch is elsewhere by now, nothing of it is undone.
    """
    for _ in range(TRIES):
        with shelving.office.engine.begin() as connection:
            head = shelf.read_revision(connection, repo, shelf.read_refs(connection, repo).get(HEADS + branch, ""))
        if head is None:
            raise Turned(404, f"{repo.name} has no branch {branch[:100]}.", "RevisionNotFound")
        if since is not None and head.oid != since:
            raise Turned(412, moved(branch, head.oid, since))
        made = _changed(_next(shelving, repo, HEADS + branch, head, files, Push(title, "", None, ())))
        if enter(shelving, [made]):
            return made.revision
    raise Turned(412, f"{branch} moves too quickly: others push to it. Try again.")


def put_together(
    shelving: Shelving,
    repo: Repo,
    refs: Mapping[str, str],
    branches: Mapping[str, tuple[Revision, Mapping[str, Filed]]],
    title: str,
    along: Callable[[Turn], None],
) -> bool:
    """Some branches' heads, and the files that they have next: all, and what `along` then writes, or nothing.

    False where any ref of the repository is not where `refs` says.
    """
    wanted = Push(title, "", None, ())
    made = [_next(shelving, repo, HEADS + one, head, files, wanted) for one, (head, files) in branches.items()]
    return enter(
        shelving, [_changed(one) for one in made], along, lambda turn: shelf.read_refs(turn.connection, repo) == refs
    )


def _changed(made: Next) -> Next:
    """Where nothing changes there is no new revision; but a case that was withdrawn is filed again."""
    return replace(made, revision=made.head) if made.head.files == made.revision.files else made


def _prepare(
    shelving: Shelving, account: Account | None, name: RepoName, branch: str, wanted: Push, fork: Repo | None
) -> Next:
    office = shelving.office
    _expect(shelving, account, name, wanted.operations, fork)
    with office.engine.begin() as connection:
        repo = shelving.own(connection, account, name) if fork is None else fork
        oid = shelf.read_refs(connection, repo).get(HEADS + branch)
        head = None if oid is None else shelf.read_revision(connection, repo, oid)
        if head is None:
            raise Turned(404, f"{name} has no branch {branch[:100]}.", "RevisionNotFound")
        if wanted.parent is not None and wanted.parent != head.oid:
            raise Turned(412, moved(branch, head.oid, wanted.parent))
        before = {filed.stored.path: filed for filed in shelving.files(connection, head)}
        known = {one.sha256: one for one in (filed.stored for filed in before.values())}
        sent = holdings.possessed(connection, repo, [one.sha256 for one in wanted.operations if one.sha256])
    after = _applied(shelving, before, wanted.operations, {**{key: one.size for key, one in known.items()}, **sent})
    return _next(shelving, repo, HEADS + branch, head, after, wanted)


def _expect(
    shelving: Shelving, account: Account | None, name: RepoName, operations: Sequence[Operation], fork: Repo | None
) -> None:
    """What comes along is charged to whoever's repository it is, before it is kept. Raises Turned."""
    sent = {hashlib.sha256(one.content).hexdigest(): len(one.content) for one in operations if one.act == "add"}

    def charge(connection: Connection) -> None:
        repo = shelving.own(connection, account, name) if fork is None else fork
        shelving.quota.charge(connection, repo.owner, sent)

    shelving.office.arrivals.expect(_named(operations), charge if sent else None)


def _named(operations: Iterable[Operation]) -> list[str]:
    """What the push is about to refer to, said at once for all of it."""
    return [one.sha256 or hashlib.sha256(one.content).hexdigest() for one in operations if one.act != "delete"]


def _applied(
    shelving: Shelving, before: Mapping[str, Filed], operations: Sequence[Operation], sent: Mapping[str, int]
) -> dict[str, Filed]:
    """The files afterwards; components are given out when all are known. Bytes that come along are kept."""
    after = dict(before)
    for one in operations:
        if one.act == "delete":
            whole = one.path in after
            gone = [one.path] if whole else [path for path in after if path.startswith(f"{one.path}/")]
            if not gone:
                raise Turned(404, f"{one.path} is not there, and cannot be deleted.", "EntryNotFound")
            for path in gone:
                del after[path]
        else:
            after[one.path] = _added(shelving, one, sent)
    try:
        keep_all(shelving.office.blobs, [one.content for one in operations if one.act == "add"])
    except Unreadable as trouble:
        raise Turned(FULL, f"what came along with this push: {trouble}.") from None
    return after


def _added(shelving: Shelving, one: Operation, sent: Mapping[str, int]) -> Filed:
    """A digest counts only where its bytes were sent into this repository (Law 3)."""
    if one.act == "add":
        return _plain(one.path, one.content)
    try:
        size = sent.get(one.sha256)
        if size is None or (one.size is not None and one.size != size):
            raise Turned(
                422, f"{one.path}: the bytes of {one.sha256} were never sent into this repository. Upload them."
            )
        with shelving.office.blobs.open(one.sha256, size) as reader:
            if one.plain and size <= PLAIN:
                return _plain(one.path, reader.read(0, size))
            return _filed(stored_lfs(one.path, one.sha256, size), reader)
    except Unreadable as trouble:
        raise Turned(500, f"{one.path}: {trouble}.") from None


def _plain(path: str, content: bytes) -> Filed:
    """A regular file. Raises Turned."""
    if content.startswith(POINTING):
        raise Turned(422, f"{path} is a pointer to a file and not the file. Push it with a client that knows LFS.")
    return _filed(stored_regular(path, content), Memory(content))


def _filed(one: Stored, reader: Reader) -> Filed:
    return Filed(one, recognise(reader, one.path).format, Component.WEIGHTS)


def _next(shelving: Shelving, repo: Repo, ref: str, head: Revision, after: Mapping[str, Filed], wanted: Push) -> Next:
    examined = Examined(texts=_own_words(shelving, after))
    ordered = [after[path] for path in sorted(after)]
    for one in ordered:
        examined.reports.append(FileReport(one.stored.path, one.stored.size, one.stored.sha256, one.format))
    inspection = conclude_release(str(repo.name), examined, [])
    components = {file.path: file.component for file in inspection.manifest.files}
    files = tuple(Filed(one.stored, one.format, components[one.stored.path]) for one in ordered)
    try:
        folders = tree_ids([one.stored for one in files])
    except ValueError as trouble:
        raise Turned(422, f"{trouble}.") from None
    commit = Commit(folders[""], head.oid, repo.owner, shelving.office.clock(), wanted.title, wanted.message)
    sha256, content = listings.listing(files)
    revision = Revision(commit.oid, commit, sha256, inspection.manifest.digest)
    told = components.get(CARD) is Component.DOCUMENTATION  # lists tell a card to everybody who sees the repository
    card = examined.texts.get(CARD) if told else None
    return Next(repo, ref, head, revision, content, folders, files, inspection, card)


def _own_words(shelving: Shelving, files: Mapping[str, Filed]) -> dict[str, str]:
    """Raises Turned."""
    texts: dict[str, str] = {}
    for path in OWN_WORDS:
        one = files.get(path)
        if one is not None and one.format in ("toml", "markdown", "text") and one.stored.size <= SMALL:
            texts[path] = shelving.text(one, SMALL)
    return texts
