"""OpenSSF model-signing bundles, as model_signing 1.1.1 wrote them with a certificate and with a bare key."""

import json
from base64 import b64decode, b64encode
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given, settings
from tests.permit.papers import mutants, read_or_illegible

from brightline.permit.notation import Illegible
from brightline.proof.bundle import Bundle, read_bundle

FOLDER = Path(__file__).parent / "fixtures" / "model-signing"
CERTIFIED, KEYED = (FOLDER / "certificate.sig").read_bytes(), (FOLDER / "key.sig").read_bytes()
FILES = {
    "config.json": "4bebf7dba2e37ce6166493cdcfb8f61810db88844139be2b932de7e0275babd0",
    "weights.bin": "fdeab9acf3710362bd2658cdc9a29e8f9c757fcf9811603a8c447cd1d9151108",
}


def test_a_bundle_with_a_certificate_says_who_signed_which_files():
    bundle = read_bundle(CERTIFIED)
    assert bundle.signer == "models@example.org, according to a certificate of CN=Example CA"
    assert (bundle.checked, bundle.files) == (True, FILES)
    assert ".git" in bundle.ignored


def test_a_bundle_with_a_bare_key_says_that_the_signature_was_not_checked():
    bundle = read_bundle(KEYED)
    assert (bundle.checked, bundle.files) == (False, FILES)
    assert "only by its hash" in bundle.signer


def changed(change, content=CERTIFIED):
    document = json.loads(content)
    change(document)
    return json.dumps(document).encode()


def restate(change):
    """Another statement under the same signature."""

    def apply(document):
        envelope = document["dsseEnvelope"]
        statement = json.loads(b64decode(envelope["payload"]))
        change(statement)
        envelope["payload"] = b64encode(json.dumps(statement).encode()).decode()

    return apply


BAD = {
    "another statement": (restate(lambda one: one.update(more=1)), "signature in the bundle is wrong"),
    "two signatures": (lambda one: one["dsseEnvelope"]["signatures"].append({}), "not exactly one signature"),
    "no signature": (lambda one: one["dsseEnvelope"]["signatures"].clear(), "not exactly one signature"),
    "another type": (lambda one: one["dsseEnvelope"].update(payloadType="text/plain"), "no|not hold an in-toto"),
    "no certificate": (lambda one: one["verificationMaterial"]["x509CertificateChain"]["certificates"][0].update(
        rawBytes="AAAA"), "certificate in the bundle cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("defect", BAD)
def test_a_bundle_with_a_defect_is_refused(defect):
    change, said = BAD[defect]
    with pytest.raises(Illegible, match=said):
        read_bundle(changed(change))


BARE = {
    "a file's digest": (lambda one: one["predicate"]["resources"][0].update(digest="00" * 32), "not those it signs"),
    "a digest that is none": (lambda one: one["predicate"]["resources"][0].update(digest="x"), "is no digest"),
    "another hash": (lambda one: one["predicate"]["resources"][0].update(algorithm="md5"), "another hash"),
    "another predicate": (lambda one: one.update(predicateType="https://example.org"), "not https://model_signing"),
    "two subjects": (lambda one: one["subject"].append(one["subject"][0]), "not exactly one subject"),
    "a subject that is none": (lambda one: one["subject"][0].update(digest=["a"]), "digest should be an object"),
}


@pytest.mark.parametrize("defect", BARE)
def test_a_statement_with_a_defect_is_refused_whoever_signed_it(defect):
    change, said = BARE[defect]
    with pytest.raises(Illegible, match=said):
        read_bundle(changed(restate(change), KEYED))


def test_a_certificate_that_its_standard_disallows_is_refused_and_not_warned_about():
    """A serial number below zero: the library still reads it, and says that it will not for ever (RFC 5280, 4.1.2.2)."""

    def negative(one):
        first = one["verificationMaterial"]["x509CertificateChain"]["certificates"][0]
        der = bytearray(b64decode(first["rawBytes"]))
        serial = x509.load_der_x509_certificate(bytes(der)).serial_number
        length = (serial.bit_length() + 8) // 8
        at = der.index(bytes([2, length]) + serial.to_bytes(length, "big")) + 2
        der[at] |= 0x80
        first["rawBytes"] = b64encode(bytes(der)).decode()

    with pytest.raises(Illegible, match="cannot be read"):
        read_bundle(changed(negative))


@settings(max_examples=300, deadline=None)
@given(mutants(CERTIFIED))
def test_any_bundle_is_read_or_illegible(content):
    found = read_or_illegible(read_bundle, content)
    assert found is None or isinstance(found, Bundle)


@settings(max_examples=300, deadline=None)
@given(mutants(b64decode(json.loads(KEYED)["dsseEnvelope"]["payload"])))
def test_any_statement_is_read_or_illegible(payload):
    content = changed(lambda one: one["dsseEnvelope"].update(payload=b64encode(payload).decode()), KEYED)
    found = read_or_illegible(read_bundle, content)
    assert found is None or isinstance(found, Bundle)


def test_the_library_that_wrote_them_writes_them_so_today(tmp_path):
    signing = pytest.importorskip(
        "model_signing", reason="model_signing is in the bench group: `make bench` installs it"
    )
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights.bin").write_bytes(bytes(range(64)))
    key = ec.generate_private_key(ec.SECP256R1())
    (tmp_path / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    config = signing.signing.Config().use_elliptic_key_signer(private_key=tmp_path / "key.pem")
    config.sign(tmp_path / "model", tmp_path / "model.sig")
    assert read_bundle((tmp_path / "model.sig").read_bytes()).files == {"weights.bin": FILES["weights.bin"]}
