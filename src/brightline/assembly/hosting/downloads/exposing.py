"""Who was handed what is not for everybody: told under every release that the bytes come from (Law 5)."""

from sqlalchemy import Connection

from brightline.assembly.exposing import record_exposure
from brightline.assembly.hosting.sight.looking import Seen
from brightline.assembly.hosting.sight.shelving import Shelving
from brightline.authority.exposure import Exposure
from brightline.decision.access import Access
from brightline.enforcement.access import Phase
from brightline.release.component import Component
from brightline.storage.repositories.lending import loans_of
from brightline.storage.repositories.listings import Filed


def is_open(seen: Seen, filed: Filed) -> bool:
    """Whether it is for everybody: nobody need be told who has it."""
    return seen.judged.phase is Phase.DECIDED and seen.judged.access.get(filed.component, Access.OPEN) is Access.OPEN


def expose(shelving: Shelving, seen: Seen, filed: Filed) -> None:
    """Durable when this returns."""
    if is_open(seen, filed):
        return
    office, file = shelving.office, filed.stored
    with office.engine.begin() as connection:
        releases = _releases(shelving, connection, seen, filed)
    case, who, at = seen.judged.case or 0, seen.caller.name or "", office.clock()
    for manifest, component in sorted(releases):
        told = (component, file.path, file.sha256, file.size, who, "", at, case)
        record_exposure(office, Exposure(manifest, *told))


def _releases(shelving: Shelving, connection: Connection, seen: Seen, filed: Filed) -> set[tuple[str, Component]]:
    """Its own, and those that it was lent out of: a recall of one of these must find who has it."""
    found = {(seen.revision.manifest, filed.component)}
    for loan in loans_of(connection, seen.kept):
        for one in shelving.listing(connection, loan.files).values():
            if one.stored.sha256 == filed.stored.sha256:
                found.add((loan.manifest, one.component))
    return {one for one in found if one[0]} or found
