"""DSSE envelopes: a payload, and signatures over its pre-authentication encoding (secure-systems-lab/dsse, protocol.md)."""

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from brightline.permit.key import Key, Signer
from brightline.permit.notation import Illegible, only, read_object, take

STATEMENT_TYPE = "application/vnd.in-toto+json"
CHARTER_TYPE = "application/vnd.brightline.charter.v1+json"
SIGNATURES = 200  # of one envelope; more is no office but an attack on the verifier's time


@dataclass(frozen=True, slots=True)
class Signature:
    keyid: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """`digest` names the payload whatever signatures stand beside it."""

    payload_type: str
    payload: bytes
    signatures: tuple[Signature, ...] = ()

    @property
    def digest(self) -> str:
        return "sha256:" + hashlib.sha256(self.payload).hexdigest()

    def encoding(self) -> bytes:
        """What is signed: PAE(type, payload)."""
        kind = self.payload_type.encode("utf-8")
        return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(self.payload), self.payload)

    def signed(self, signer: Signer) -> "Envelope":
        """With one signature more; a signer's earlier one is replaced."""
        others = tuple(signature for signature in self.signatures if signature.keyid != signer.keyid)
        return replace(self, signatures=(*others, Signature(signer.keyid, signer.sign(self.encoding()))))

    def signers(self, keys: Mapping[str, Key]) -> frozenset[str]:
        """The ids of those keys whose signature here is good. A wrong signature counts for nothing, and harms no other."""
        encoding = self.encoding()
        return frozenset(
            signature.keyid
            for signature in self.signatures
            if signature.keyid in keys and keys[signature.keyid].verifies(signature.value, encoding)
        )

    def document(self) -> dict[str, Any]:
        return {
            "payloadType": self.payload_type,
            "payload": b64encode(self.payload).decode("ascii"),
            "signatures": [
                {"keyid": signature.keyid, "sig": b64encode(signature.value).decode("ascii")}
                for signature in self.signatures
            ],
        }


def read_envelope(document: Mapping[str, Any], payload_type: str) -> Envelope:
    """Raises Illegible, also where the payload is of another type than the reader expects."""
    only(document, "payloadType", "payload", "signatures")
    if take(document, "payloadType", str) != payload_type:
        raise Illegible(f"this envelope holds {str(document['payloadType'])[:80]!r}, not {payload_type}")
    rows = take(document, "signatures", list)
    if len(rows) > SIGNATURES:
        raise Illegible(f"an envelope has at most {SIGNATURES} signatures")
    signatures = tuple(_signature(row) for row in rows)
    if len({one.keyid for one in signatures}) < len(signatures):
        raise Illegible("a key signs an envelope once")
    return Envelope(payload_type, decoded(take(document, "payload", str)), signatures)


def parse_envelope(content: bytes, payload_type: str, what: str) -> Envelope:
    """An envelope in a file's bytes. Raises Illegible."""
    return read_envelope(read_object(content, what), payload_type)


def _signature(row: Any) -> Signature:
    if not isinstance(row, dict):
        raise Illegible("a signature should be an object with keyid and sig")
    only(row, "keyid", "sig")
    return Signature(take(row, "keyid", str), decoded(take(row, "sig", str)))


def decoded(text: str) -> bytes:
    """Standard base64 in its one canonical spelling. Raises Illegible."""
    try:
        content = b64decode(text, validate=True)
    except ValueError:
        raise Illegible(f"{text[:40]!r} is no base64") from None
    if b64encode(content).decode("ascii") != text:
        raise Illegible(f"{text[-40:]!r} is base64 with stray bits")
    return content
