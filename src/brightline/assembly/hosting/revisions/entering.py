"""Revisions are entered: trees, commits, refs and the cases about them, in one transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from brightline.assembly.filing import Filing, Prepared, file_within, prepare_filing
from brightline.assembly.hosting.revisions.deriving import base_manifest
from brightline.assembly.hosting.sight.shelving import Shelving
from brightline.assembly.refusal import Refused
from brightline.authority.case import Case, State
from brightline.authority.records import Refusal
from brightline.hub.host import Account, Turned
from brightline.inspection.report import Inspection
from brightline.release.attributes import ATTRIBUTES, OFFICES
from brightline.release.card import read_card
from brightline.storage.ledger import Turn
from brightline.storage.lists import catalogue
from brightline.storage.repositories import changes, holdings, listings, shelf
from brightline.storage.repositories.listings import Filed
from brightline.storage.repositories.shelf import Repo, Revision
from brightline.storage.sql.database import stored


@dataclass(frozen=True, slots=True)
class Next:
    """The revision to come, before it is written. `head` is what it grows out of."""

    repo: Repo
    ref: str
    head: Revision
    revision: Revision
    listing: bytes
    folders: Mapping[str, str]
    files: tuple[Filed, ...]
    inspection: Inspection
    card: str | None


def enter(
    shelving: Shelving,
    every: Sequence[Next],
    along: Callable[[Turn], None] = lambda _turn: None,
    still: Callable[[Turn], bool] = lambda _turn: True,
) -> bool:
    """Trees, commits, refs and cases at once. False where a branch has moved since, or it is not `still` as it was."""
    prepared = [_filing(shelving, made) for made in every]

    def act(turn: Turn) -> bool | Refusal:
        heads = ((shelf.read_refs(turn.connection, made.repo).get(made.ref), made.head.oid) for made in every)
        if not still(turn) or any(now != before for now, before in heads):
            return False
        refusal = _file(shelving, turn, every, prepared)
        if refusal is not None:
            return refusal
        for made in every:
            if made.revision is not made.head:
                _keep(turn, made)
        along(turn)
        return True

    try:
        done: bool = shelving.office.perform(act)
    except Refused as refusal:
        raise Turned(403, str(refusal)) from None
    return done


def _filing(shelving: Shelving, made: Next) -> Prepared:
    owner = Account(made.repo.owner, "", frozenset())
    filing = Filing(
        made.repo.name.address, made.repo.owner, title=_title(made), line=shelving.office.settings.push_line
    )
    with shelving.office.engine.begin() as connection:
        base = base_manifest(shelving, connection, owner, made.inspection.declaration.base_model)
    return prepare_filing(filing, made.inspection, base=None if base == made.revision.manifest else base)


def _file(shelving: Shelving, turn: Turn, every: Sequence[Next], prepared: Sequence[Prepared]) -> Refusal | None:
    """The same bytes once, and what nobody sent not at all. Where one is refused, none is filed."""
    filed = set[str]()
    for made, filing in zip(every, prepared, strict=True):
        manifest = made.revision.manifest
        if _nobodys(made) or made.repo.fork or manifest in filed or _judged_already(shelving, turn, made):
            continue
        case = file_within(turn, filing)
        if isinstance(case, Refusal):
            return case
        filed.add(manifest)
    return None


def _nobodys(made: Next) -> bool:
    """Empty, but for what the office gave: every repository begins so, and would be seen by strangers once that was decided."""
    return all(one.stored.path == ATTRIBUTES and one.stored.sha256 == OFFICES for one in made.files)


def _keep(turn: Turn, made: Next) -> None:
    listings.write_listing(turn.connection, made.revision.files, made.listing)
    listings.write_folders(turn.connection, made.revision.files, len(made.files), made.folders)
    changes.add_revision(turn.connection, made.repo, made.revision)
    changes.write_ref(turn.connection, made.repo, made.ref, made.revision.oid)
    catalogue.keep_card(turn.connection, made.revision.files, read_card(made.card))
    changes.change_repo(turn.connection, made.repo, moved=stored(turn.at))
    holdings.possess(turn.connection, made.repo, {one.stored.sha256: one.stored.size for one in made.files})


def _title(made: Next) -> str:
    return f"{made.repo.name.address}@{made.revision.oid[:7]}"


def _judged_already(shelving: Shelving, turn: Turn, made: Next) -> bool:
    """A case of this owner about the same bytes is open or decided: another would say nothing new."""
    ended = (State.RETURNED, State.WITHDRAWN, State.EXPIRED)
    cases: list[Case] = shelving.cases(turn.connection, made.revision.manifest)
    return any(case.applicant == made.repo.owner and case.state not in ended for case in cases)
