"""A public key, written and named as TUF 1.0, section 4.2, does it. Each key has one spelling: two would be two names."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from brightline.permit.notation import Illegible, only, take

ED25519, ECDSA = "ed25519", "ecdsa-sha2-nistp256"
_TYPES = {ED25519: "ed25519", ECDSA: "ecdsa"}
_FIELD = 2**255 - 19  # RFC 8032, section 5.1
_SMALL = frozenset(  # the y of points of order 1, 2, 4 and 8: with such a key, one signature is good for every message
    int.from_bytes(bytes.fromhex(y), "little")
    for y in (
        "01" + "00" * 31,
        "ec" + "ff" * 30 + "7f",
        "00" * 32,
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    )
)


class Signer(Protocol):
    """Whoever can sign: a key file, a KMS, an HSM."""

    @property
    def keyid(self) -> str: ...

    def sign(self, message: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Key:
    """`public` is 64 hex digits for Ed25519, a PEM text for ECDSA P-256. `keyid` is the sha256 of the key in OLPC canonical JSON."""

    scheme: str
    public: str
    keyid: str

    @classmethod
    def of(cls, scheme: str, public: str) -> "Key":
        """Raises Illegible where the key is none."""
        if scheme not in _TYPES:
            raise Illegible(f"keys are of scheme {ED25519} or {ECDSA}, not {scheme[:40]!r}")
        key = cls(scheme, public, _keyid(scheme, public))
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
            return _ed25519(self.public) if self.scheme == ED25519 else _p256(self.public)
        except (ValueError, UnsupportedAlgorithm):
            raise Illegible(f"this is no {self.scheme} key: {self.public[:40]!r}") from None


def _document(scheme: str, public: str) -> dict[str, Any]:
    return {"keytype": _TYPES[scheme], "scheme": scheme, "keyval": {"public": public}}


def _keyid(scheme: str, public: str) -> str:
    """OLPC canonical JSON escapes nothing but quotes and backslashes, of which no key that is read has any."""
    text = f'{{"keytype":"{_TYPES[scheme]}","keyval":{{"public":"{public}"}},"scheme":"{scheme}"}}'
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def _ed25519(public: str) -> Ed25519PublicKey:
    raw = bytes.fromhex(public)
    y = int.from_bytes(raw, "little") & ((1 << 255) - 1)
    if raw.hex() != public or y >= _FIELD or y in _SMALL:
        raise ValueError("not the one spelling of a key, or a point that anybody can sign for")
    return Ed25519PublicKey.from_public_bytes(raw)


def _p256(pem: str) -> Any:
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey  # noqa: PLC0415 - as below
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - few keys are ECDSA
        Encoding,
        PublicFormat,
        load_pem_public_key,
    )

    key = load_pem_public_key(pem.encode("ascii"))
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise ValueError("no P-256 key")  # noqa: TRY004 - as every other key that is none
    if key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii") != pem:
        raise ValueError("not the one spelling of the key")
    return key


def _verify_ecdsa(material: Any, signature: bytes, message: bytes) -> None:
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA as SCHEME  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415

    material.verify(signature, message, SCHEME(SHA256()))
