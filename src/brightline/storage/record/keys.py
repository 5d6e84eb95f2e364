"""Private keys: PEM files, encrypted, and signers elsewhere (KMS, HSM) through securesystemslib's interface."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from brightline.permit.key import ECDSA, ED25519, Key

PASSPHRASE = 1_023  # bytes that OpenSSL takes
SCHEMES = ("gcpkms", "awskms", "azurekms", "hsm", "hv", "file", "file2")


class NoKey(Exception):
    """The key cannot be used. The sentence says why."""


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A key in memory; its public half is what charters name."""

    material: Ed25519PrivateKey | ec.EllipticCurvePrivateKey
    public: Key

    @property
    def keyid(self) -> str:
        return self.public.keyid

    def sign(self, message: bytes) -> bytes:
        if isinstance(self.material, Ed25519PrivateKey):
            return self.material.sign(message)
        return self.material.sign(message, ec.ECDSA(hashes.SHA256()))


def private_key(material: Any) -> PrivateKey:
    """Raises NoKey for kinds that charters do not take."""
    if isinstance(material, Ed25519PrivateKey):
        raw = material.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return PrivateKey(material, Key.of(ED25519, raw.hex()))
    if isinstance(material, ec.EllipticCurvePrivateKey) and isinstance(material.curve, ec.SECP256R1):
        form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        return PrivateKey(material, Key.of(ECDSA, material.public_key().public_bytes(*form).decode("ascii")))
    raise NoKey("keys here are Ed25519 or ECDSA P-256")


def make_key(scheme: str = ED25519) -> PrivateKey:
    """Raises NoKey for a scheme that charters do not take."""
    if scheme not in (ED25519, ECDSA):
        raise NoKey("keys here are Ed25519 or ECDSA P-256")
    return private_key(Ed25519PrivateKey.generate() if scheme == ED25519 else ec.generate_private_key(ec.SECP256R1()))


def write_key(place: Path, key: PrivateKey, passphrase: str) -> None:
    """PKCS 8, encrypted; readable by its owner only. An existing file is never overwritten. Raises NoKey, OSError."""
    if not 1 <= len(passphrase.encode("utf-8")) <= PASSPHRASE:
        raise NoKey(f"a passphrase has 1 to {PASSPHRASE} bytes")
    content = key.material.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase.encode("utf-8")),
    )
    write_secret(place, content)


def write_secret(place: Path, content: bytes) -> None:
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def read_key(place: Path, passphrase: str | None) -> PrivateKey:
    """Raises NoKey."""
    try:
        content = place.read_bytes()
    except OSError as trouble:
        raise NoKey(f"the key {place} cannot be read: {trouble.strerror}") from None
    try:
        material = serialization.load_pem_private_key(content, passphrase.encode("utf-8") if passphrase else None)
    except TypeError:
        if not passphrase:
            raise NoKey(f"the key {place} is encrypted: set BRIGHTLINE_PASSPHRASE") from None
        raise NoKey(f"the key {place} is not encrypted; encrypt it: openssl pkcs8 -topk8 -in KEY -out NEW") from None
    except (ValueError, UnsupportedAlgorithm, InternalError):
        raise NoKey(f"the passphrase does not open {place}, or it is no private key in PEM") from None
    return private_key(material)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A signer that securesystemslib drives. The charter must already name its public key."""

    signer: Any
    keyid: str

    def sign(self, message: bytes) -> bytes:
        return bytes.fromhex(self.signer.sign(message).signature)


def signer_elsewhere(uri: str, public: Key) -> Elsewhere:
    """`awskms:...`, `gcpkms:...`, `azurekms:...`, `hsm:...`. Raises NoKey."""
    try:
        from securesystemslib.signer import Key as Theirs  # type: ignore[attr-defined]  # noqa: PLC0415 - an extra, and slow
        from securesystemslib.signer import Signer as Signers  # type: ignore[attr-defined]  # noqa: PLC0415
    except ImportError:
        raise NoKey("a key that lies elsewhere needs the extra: pip install 'brightline[signers]'") from None
    theirs = Theirs.from_dict(public.keyid, public.document())
    try:
        return Elsewhere(Signers.from_priv_key_uri(uri, theirs), public.keyid)
    except (ValueError, ImportError, OSError) as trouble:
        raise NoKey(f"{uri.partition(':')[0]}: {trouble}") from None
    except Exception as trouble:  # noqa: BLE001 - securesystemslib raises UnsupportedLibraryError, and what each SDK has
        raise NoKey(f"{uri.partition(':')[0]} does not answer: {trouble}") from None
