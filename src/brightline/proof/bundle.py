"""OpenSSF model signing: who signed the files, read from a sigstore bundle v0.3 (model-signing, format v1.0)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from warnings import catch_warnings, simplefilter

from brightline.permit.envelope import STATEMENT_TYPE, Envelope, decoded
from brightline.permit.notation import Illegible, read_object, take

PREDICATE = "https://model_signing/signature/v1.0"
_ISSUER = "1.3.6.1.4.1.57264.1.8"  # fulcio: the issuer of the identity, sigstore/fulcio docs/oid-info.md


@dataclass(frozen=True, slots=True)
class Bundle:
    """`signer` in words; `checked` says whether the signature itself was verified, with the certificate it carries."""

    signer: str
    checked: bool
    files: Mapping[str, str]  # path -> sha256, as the signer listed them
    ignored: tuple[str, ...]  # paths the signer asked to be ignored: they are not covered


def read_bundle(content: bytes) -> Bundle:
    """Raises Illegible, also where the signature is wrong or more than one thing is signed."""
    document = read_object(content, "the bundle")
    row = take(document, "dsseEnvelope", dict)
    payload = decoded(take(row, "payload", str))
    if take(row, "payloadType", str) != STATEMENT_TYPE:
        raise Illegible("the bundle does not hold an in-toto statement")
    rows = take(row, "signatures", list)
    if len(rows) != 1 or not isinstance(rows[0], dict):
        raise Illegible("the bundle has not exactly one signature")
    signature = decoded(take(rows[0], "sig", str))
    signer, checked = _signer(take(document, "verificationMaterial", dict), payload, signature)
    files, ignored = _resources(payload)
    return Bundle(signer, checked, files, ignored)


def _resources(payload: bytes) -> tuple[dict[str, str], tuple[str, ...]]:
    """The files of the statement, which must hash to its subject."""
    statement = read_object(payload, "the statement in the bundle")
    if statement.get("predicateType") != PREDICATE:
        raise Illegible(f"the bundle holds {str(statement.get('predicateType'))[:80]!r}, not {PREDICATE}")
    predicate = take(statement, "predicate", dict)
    files: dict[str, str] = {}
    total = hashlib.sha256()
    for row in take(predicate, "resources", list):
        if not isinstance(row, dict) or row.get("algorithm") != "sha256":
            raise Illegible("the bundle lists files by another hash than sha256")
        name, digest = take(row, "name", str), take(row, "digest", str)
        files[name] = digest
        total.update(_hexadecimal(digest))
    subjects = take(statement, "subject", list)
    if len(subjects) != 1 or not isinstance(subjects[0], dict):
        raise Illegible("the bundle has not exactly one subject")
    if take(subjects[0], "digest", dict).get("sha256") != total.hexdigest():
        raise Illegible("the files that the bundle lists are not those it signs")
    serialization = predicate.get("serialization")
    ignored = serialization.get("ignore_paths") if isinstance(serialization, dict) else []
    return files, tuple(str(path) for path in ignored) if isinstance(ignored, list) else ()


def _hexadecimal(digest: str) -> bytes:
    try:
        return bytes.fromhex(digest)
    except ValueError:
        raise Illegible(f"{digest[:80]!r} is no digest") from None


def _signer(material: Mapping[str, Any], payload: bytes, signature: bytes) -> tuple[str, bool]:
    certificate = material.get("certificate")
    chain = material.get("x509CertificateChain")
    if isinstance(chain, dict) and isinstance(chain.get("certificates"), list) and chain["certificates"]:
        certificate = chain["certificates"][0]
    if isinstance(certificate, dict):
        return _certified(decoded(take(certificate, "rawBytes", str)), payload, signature), True
    hint = material.get("publicKey")
    name = hint.get("hint") if isinstance(hint, dict) else None
    return f"a key that the bundle names only by its hash {str(name)[:64]}", False


def _certified(raw: bytes, payload: bytes, signature: bytes) -> str:
    """Whom the certificate names, after its key has verified the signature. Who issued it is not verified here."""
    from cryptography import x509  # noqa: PLC0415 - slow to import; few releases carry a bundle
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512  # noqa: PLC0415
    from cryptography.utils import CryptographyDeprecationWarning  # noqa: PLC0415

    try:
        with catch_warnings():
            simplefilter(
                "error", CryptographyDeprecationWarning
            )  # of what RFC 5280 disallows, and the library still reads
            certificate = x509.load_der_x509_certificate(raw)
            key, names = certificate.public_key(), _names(certificate)
    except (
        ValueError,
        UnsupportedAlgorithm,
        CryptographyDeprecationWarning,
        x509.InvalidVersion,
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
    ) as trouble:
        raise Illegible(f"the certificate in the bundle cannot be read: {trouble}") from None
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise Illegible("the certificate in the bundle holds no elliptic curve key")
    hashed = {256: SHA256(), 384: SHA384(), 521: SHA512()}.get(key.curve.key_size, SHA256())
    try:
        key.verify(signature, Envelope(STATEMENT_TYPE, payload).encoding(), ec.ECDSA(hashed))
    except InvalidSignature:
        raise Illegible("the signature in the bundle is wrong") from None
    return names


def _names(certificate: Any) -> str:
    from cryptography import x509  # noqa: PLC0415 - as above

    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = [str(name.value) for name in extension]
    except x509.ExtensionNotFound:
        names = []
    issuers = [one.value.value for one in certificate.extensions if one.oid.dotted_string == _ISSUER]
    issuer = (
        "".join(chr(byte) for byte in issuers[0][2:] if 32 <= byte < 127)
        if issuers
        else certificate.issuer.rfc4514_string()
    )
    return f"{', '.join(names) or certificate.subject.rfc4514_string()}, according to a certificate of {issuer}"
