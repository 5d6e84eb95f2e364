"""The proof file of a permit: a tlog-proof whose extra data is the entry itself and the permit's standing."""

from base64 import b64encode
from dataclasses import dataclass

from brightline.permit.envelope import STATEMENT_TYPE, Envelope, decoded, read_envelope
from brightline.permit.notation import Illegible, canonical, only, read_object, take
from brightline.permit.standing import Standing, read_standing
from brightline.proof.note import Checkpoint
from brightline.proof.tlogproof import TlogProof, read_proof

SCHEMA = "brightline/docket/v1"


@dataclass(frozen=True, slots=True)
class Docket:
    proof: TlogProof
    entry: bytes
    standing: Standing
    standing_envelope: Envelope


def docket_text(index: int, path: tuple[bytes, ...], checkpoint: Checkpoint, entry: bytes, standing: Envelope) -> str:
    """What `brightline permit export` writes beside the permit."""
    extra = {"schema": SCHEMA, "entry": b64encode(entry).decode("ascii"), "standing": standing.document()}
    return TlogProof(index, path, checkpoint, canonical(extra)).text()


def read_docket(content: bytes) -> Docket:
    """Raises Illegible."""
    try:
        proof = read_proof(content.decode("utf-8"))
    except UnicodeDecodeError:
        raise Illegible("the proof is no text") from None
    extra = read_object(proof.extra, "the proof's extra data")
    only(extra, "schema", "entry", "standing")
    if extra.get("schema") != SCHEMA:
        raise Illegible(f"the proof's extra data is not of {SCHEMA}")
    envelope = read_envelope(take(extra, "standing", dict), STATEMENT_TYPE)
    return Docket(proof, decoded(take(extra, "entry", str)), read_standing(envelope.payload), envelope)
