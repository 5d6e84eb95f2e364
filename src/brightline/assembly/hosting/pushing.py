"""A push: operations on a revision become the next one, whose bytes are filed as a case in the same transaction."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from brightline.assembly.filing import OWN_WORDS, Filing, file_within, prepare_filing
from brightline.assembly.hosting.shelving import MAIN, Shelving
from brightline.assembly.procedure import conclude_release
from brightline.assembly.refusal import Refused
from brightline.authority.case import Case, State
from brightline.authority.records import Refusal
from brightline.hub.host import Account, Operation, Push, Turned
from brightline.inspection.examination import SMALL, Examined
from brightline.inspection.recognition import recognise
from brightline.inspection.report import FileReport, Inspection
from brightline.release.card import card_tags
from brightline.release.component import Component
from brightline.release.reader import Memory, Reader, Unreadable
from brightline.release.repository import HEADS, RepoName
from brightline.release.revision import Commit, Stored, stored_lfs, stored_regular, tree_ids
from brightline.storage import shelf
from brightline.storage.database import stored
from brightline.storage.ledger import Turn
from brightline.storage.shelf import Filed, Repo, Revision

POINTING = b"version https://git-lfs.github.com/spec/"
TRIES = 5  # where others push to the same branch meanwhile


@dataclass(frozen=True, slots=True)
class Next:
    """The revision to come, before it is written. `head` is what it grows out of."""

    repo: Repo
    ref: str
    head: Revision
    revision: Revision
    listing: bytes
    files: tuple[Filed, ...]
    inspection: Inspection
    card: str | None


def push(shelving: Shelving, account: Account | None, name: RepoName, branch: str, wanted: Push) -> Revision:
    """Raises Turned, and then nothing was pushed. A branch that somebody else moved meanwhile is tried again from there."""
    for _ in range(TRIES):
        made = _prepare(shelving, account, name, branch, wanted)
        if made.head.files == made.revision.files:
            made = replace(made, revision=made.head)  # nothing changes; but a case that was withdrawn is filed again
        if _write(shelving, made):
            return made.revision
    raise Turned(412, f"{branch} moves too quickly: others push to it. Try again.")


def first_revision(repo: Repo, shelving: Shelving) -> tuple[Revision, bytes]:
    """Of a repository that is made, and its listing: no file at all, and so nothing to decide."""
    inspection = conclude_release(str(repo.name), Examined(), [])
    commit = Commit(tree_ids([])[""], None, repo.owner, shelving.office.clock(), "initial commit")
    sha256, content = shelf.listing([])
    return Revision(commit.oid, commit, sha256, inspection.manifest.digest), content


def _prepare(shelving: Shelving, account: Account | None, name: RepoName, branch: str, wanted: Push) -> Next:
    office = shelving.office
    office.arrivals.expect(_named(wanted.operations))
    with office.engine.begin() as connection:
        repo = shelving.own(connection, account, name)
        oid = shelf.read_refs(connection, repo).get(HEADS + branch)
        head = None if oid is None else shelf.read_revision(connection, repo, oid)
        if head is None:
            raise Turned(404, f"{name} has no branch {branch[:100]}.", "RevisionNotFound")
        if wanted.parent is not None and wanted.parent != head.oid:
            raise Turned(412, f"{branch} is at {head.oid} by now, not at {wanted.parent[:40]}. Pull, and push again.")
        before = {filed.stored.path: filed for filed in shelving.files(connection, head)}
        known = {one.sha256: one for one in (filed.stored for filed in before.values())}
        sent = shelf.possessed(connection, repo, [one.sha256 for one in wanted.operations if one.sha256])
    after = _applied(shelving, before, wanted.operations, {**{key: one.size for key, one in known.items()}, **sent})
    return _next(shelving, repo, HEADS + branch, head, after, wanted)


def _named(operations: Iterable[Operation]) -> list[str]:
    """What the push is about to refer to, said at once for all of it."""
    return [one.sha256 or hashlib.sha256(one.content).hexdigest() for one in operations if one.act != "delete"]


def _applied(
    shelving: Shelving, before: Mapping[str, Filed], operations: Iterable[Operation], sent: Mapping[str, int]
) -> dict[str, Filed]:
    """The files afterwards; components are given out when all are known."""
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
    return after


def _added(shelving: Shelving, one: Operation, sent: Mapping[str, int]) -> Filed:
    """Bytes that come along are kept; a digest counts only where its bytes were sent into this repository (Law 3)."""
    try:
        if one.act == "add":
            if one.content.startswith(POINTING):
                raise Turned(
                    422, f"{one.path} is a pointer to a file and not the file. Push it with a client that knows LFS."
                )
            shelving.office.blobs.keep(Memory(one.content))
            return _filed(stored_regular(one.path, one.content), Memory(one.content))
        size = sent.get(one.sha256)
        if size is None or (one.size is not None and one.size != size):
            raise Turned(
                422, f"{one.path}: the bytes of {one.sha256} were never sent into this repository. Upload them."
            )
        with shelving.office.blobs.open(one.sha256, size) as reader:
            return _filed(stored_lfs(one.path, one.sha256, size), reader)
    except Unreadable as trouble:
        raise Turned(500, f"{one.path}: {trouble}.") from None


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
        tree = tree_ids([one.stored for one in files])[""]
    except ValueError as trouble:
        raise Turned(422, f"{trouble}.") from None
    commit = Commit(tree, head.oid, repo.owner, shelving.office.clock(), wanted.title, wanted.message)
    sha256, content = shelf.listing(files)
    revision = Revision(commit.oid, commit, sha256, inspection.manifest.digest)
    return Next(repo, ref, head, revision, content, files, inspection, examined.texts.get("README.md"))


def _own_words(shelving: Shelving, files: Mapping[str, Filed]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for path in OWN_WORDS:
        one = files.get(path)
        if one is not None and one.format in ("toml", "markdown", "text") and one.stored.size <= SMALL:
            with shelving.office.blobs.open(one.stored.sha256, one.stored.size) as reader:
                texts[path] = reader.read(0, SMALL).decode("utf-8", "replace")
    return texts


def _write(shelving: Shelving, made: Next) -> bool:
    """Tree, commit, ref and case at once. False where the branch has moved since."""
    office, filing = shelving.office, Filing(made.repo.name.address, made.repo.owner, title=_title(made))
    prepared = prepare_filing(office, filing, made.inspection)

    def act(turn: Turn) -> bool | Refusal:
        refs = shelf.read_refs(turn.connection, made.repo)
        if refs.get(made.ref) != made.head.oid:
            return False
        if made.files and not _judged_already(shelving, turn, made):
            case = file_within(turn, prepared)
            if isinstance(case, Refusal):
                return case
        if made.revision is made.head:
            return True
        shelf.write_listing(turn.connection, made.revision.files, made.listing)
        shelf.add_revision(turn.connection, made.repo, made.revision)
        shelf.write_ref(turn.connection, made.repo, made.ref, made.revision.oid)
        tags = {"tags": json.dumps(_tags(made))} if made.ref == MAIN else {}
        shelf.change_repo(turn.connection, made.repo, moved=stored(turn.at), **tags)
        shelf.possess(turn.connection, made.repo, {one.stored.sha256: one.stored.size for one in made.files})
        return True

    try:
        done: bool = office.perform(act)
    except Refused as refusal:
        raise Turned(403, str(refusal)) from None
    return done


def _tags(made: Next) -> list[str]:
    """What the card says, as lists filter by it."""
    return list(card_tags(made.card)) if made.card is not None else []


def _title(made: Next) -> str:
    return f"{made.repo.name.address}@{made.revision.oid[:7]}"


def _judged_already(shelving: Shelving, turn: Turn, made: Next) -> bool:
    """A case of this owner about the same bytes is open or decided: another would say nothing new."""
    ended = (State.RETURNED, State.WITHDRAWN, State.EXPIRED)
    cases: list[Case] = shelving.cases(turn.connection, made.revision.manifest)
    return any(case.applicant == made.repo.owner and case.state not in ended for case in cases)
