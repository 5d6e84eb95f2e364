"""A public key and the person who holds it. Keys are written as TUF 1.0, section 4.2, writes them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from brightline.permit.notation import Illegible, canonical, only, take

ED25519, ECDSA = "ed25519", "ecdsa-sha2-nistp256"
_TYPES = {ED25519: "ed25519", ECDSA: "ecdsa"}


class Signer(Protocol):
    """Whoever can sign: a key file, a KMS, an HSM."""

    @property
    def keyid(self) -> str: ...

    def sign(self, message: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Key:
    """`public` is 64 hex digits for Ed25519, a PEM text for ECDSA P-256. `keyid` is the sha256 of the canonical key."""

    scheme: str
    public: str
    keyid: str

    @classmethod
    def of(cls, scheme: str, public: str) -> "Key":
        """Raises Illegible where the key is none."""
        if scheme not in _TYPES:
            raise Illegible(f"keys are of scheme {ED25519} or {ECDSA}, not {scheme[:40]!r}")
        key = cls(scheme, public, hashlib.sha256(canonical(_document(scheme, public))).hexdigest())
        key._material()  # a key that cannot be used is refused where it is read
        return key

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "Key":
        """Raises Illegible."""
        only(document, "keytype", "scheme", "keyval")
        scheme, value = take(document, "scheme", str), take(document, "keyval", dict)
        only(value, "public")
        if document.get("keytype") != _TYPES.get(scheme):
            raise Illegible(f"the keytype {document.get('keytype')!r} does not fit the scheme {scheme[:40]!r}")
        return cls.of(scheme, take(value, "public", str))

    def document(self) -> dict[str, Any]:
        return _document(self.scheme, self.public)

    def raw(self) -> bytes:
        """The 32 bytes of an Ed25519 key, as signed notes carry them. Raises Illegible for another scheme."""
        if self.scheme != ED25519:
            raise Illegible("a signed note takes an Ed25519 key")
        return bytes.fromhex(self.public)

    def verifies(self, signature: bytes, message: bytes) -> bool:
        material = self._material()
        try:
            if isinstance(material, Ed25519PublicKey):
                material.verify(signature, message)
            else:
                _verify_ecdsa(material, signature, message)
        except InvalidSignature:
            return False
        return True

    def _material(self) -> Any:
        try:
            if self.scheme == ED25519:
                return Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.public))
            return _p256(self.public)
        except ValueError:
            raise Illegible(f"this is no {self.scheme} key: {self.public[:40]!r}") from None


def _document(scheme: str, public: str) -> dict[str, Any]:
    return {"keytype": _TYPES[scheme], "scheme": scheme, "keyval": {"public": public}}


def _p256(pem: str) -> Any:
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey  # noqa: PLC0415 - as below
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415 - few keys are ECDSA

    key = load_pem_public_key(pem.encode("utf-8"))
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise ValueError("no P-256 key")  # noqa: TRY004 - as every other key that is none
    return key


def _verify_ecdsa(material: Any, signature: bytes, message: bytes) -> None:
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA as SCHEME  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415

    material.verify(signature, message, SCHEME(SHA256()))
