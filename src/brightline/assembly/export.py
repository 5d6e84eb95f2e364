"""What a deployer needs: the permit, its proof with a fresh standing, and the charter."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from brightline.assembly.deciding import permit_envelope
from brightline.assembly.office import Office, View
from brightline.assembly.ordering import orders_on
from brightline.assembly.refusal import Refused
from brightline.authority.case import Case, Issued
from brightline.permit.charter import chain_document
from brightline.permit.envelope import Envelope
from brightline.permit.key import Signer
from brightline.permit.standing import Standing
from brightline.proof.docket import docket_text
from brightline.proof.note import Checkpoint
from brightline.proof.verification import witness_keys
from brightline.storage.sql import schema

PERMIT, PROOF, CHARTER = "permit.json", "permit.tlog-proof", "charter.json"


@dataclass(frozen=True, slots=True)
class Exported:
    """Texts of the three files."""

    permit: str
    proof: str
    charter: str


def export_permit(office: Office, digest: str) -> Exported:
    """Of a published permit, with its standing now. Raises Refused where there is none."""
    signer = office.log_signer()

    def ask(view: View) -> Exported:
        row = view.connection.execute(select(schema.permits).where(schema.permits.c.digest == digest)).first()
        if row is None:
            raise Refused(f"there is no published permit {digest[:23]}…", "NO-PERMIT")
        case = view.case(row.case)
        issued = next(issued for issued in case.issued if issued.draft.permit == digest)
        checkpoint = _checkpoint(view, row.number)
        standing = standing_of(view, case, issued, office.clock().replace(microsecond=0), checkpoint.size)
        entry = view.log.entry(row.number) or b""
        path = view.log.inclusion(row.number, checkpoint.size)
        return Exported(
            _json(permit_envelope(view, issued).document()),
            docket_text(row.number, path, checkpoint, entry, _signed(standing, signer)),
            _json(chain_document(view.envelopes)),
        )

    exported: Exported = office.read(ask)
    return exported


def _checkpoint(view: View, number: int) -> Checkpoint:
    """The newest, or the newest with enough cosignatures where the charter asks for witnesses."""
    newest = view.log.checkpoint()
    if not view.newest.witnesses:
        return newest
    seen = view.log.witnessed()
    keys = witness_keys(view.newest)
    count = 0 if seen is None else len({key.name for key in keys if seen.cosigned_by(key) is not None})
    if seen is None or seen.size <= number or count < view.newest.witnesses:
        raise Refused(
            f"{count} of {view.newest.witnesses} witnesses have cosigned the entry: `brightline log witness URL`.",
            "WITNESSES",
        )
    return seen


def standing_of(view: View, case: Case, issued: Issued, at: datetime, size: int) -> Standing:
    """As of now. Orders that run are named with whom they bar: a verifier offline cannot tell whether it is meant."""
    running = [ordered for ordered in orders_on(view, case.manifest) if ordered.runs(at)]
    sentences = tuple(
        f"order {one.order.number} bars {one.order.callers} from {', '.join(one.order.components)}" for one in running
    )
    return Standing(issued.draft.permit, case.force(issued.draft.permit, at), sentences, at, size)


def _signed(standing: Standing, signer: Signer) -> Envelope:
    return standing.envelope().signed(signer)


def _json(document: object) -> str:
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def write_export(office: Office, number: int, folder: Path) -> tuple[Case, list[Path]]:
    """The last permit of a case as three files. Raises Refused."""
    case: Case = office.read(lambda view: view.case(number))
    if not case.issued:
        raise Refused(f"case {number} is {case.state}: no permit was published in it.", "NO-PERMIT")
    exported = export_permit(office, case.issued[-1].draft.permit)
    contents = {PERMIT: exported.permit, PROOF: exported.proof, CHARTER: exported.charter}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in contents.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as trouble:
        raise Refused(f"{folder} cannot be written to: {trouble.strerror}.") from None
    return case, [folder / name for name in contents]
