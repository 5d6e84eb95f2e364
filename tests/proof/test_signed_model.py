"""Bundles that the OpenSSF's own library signs, with a certificate and with a bare P-256 key: read, forged, exchanged."""

import hashlib
import json
from base64 import b64decode, b64encode
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.authority.office import NOON
from tests.permit.papers import read_or_illegible

from brightline.permit.notation import Illegible
from brightline.proof.bundle import read_bundle

CONTENTS = {"weights.bin": bytes(range(64)), "config.json": b"{}", "parts/tokens.txt": b"a\nb\n"}
FILES = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENTS.items()}


@pytest.fixture(scope="module")
def library():
    return pytest.importorskip(
        "model_signing.signing", reason="model_signing is in the bench group: `make bench` installs it"
    )


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("signed") / "model"
    (folder / "parts").mkdir(parents=True)
    for name, content in CONTENTS.items():
        (folder / name).write_bytes(content)
    return folder


def certificate(key, person):
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, person)])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, NOON - timedelta(days=1), NOON + timedelta(days=9))
    mail = x509.SubjectAlternativeName([x509.RFC822Name(f"{person}@example.org")])
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    return made.add_extension(mail, False).add_extension(usage, True).sign(key, SHA256())


def signed(library, model, person, *, bare=False):
    """The bundle of a person, as the library writes it."""
    key, place = ec.generate_private_key(ec.SECP256R1()), model.parent
    secret, public, written = place / f"{person}.key", place / f"{person}.pem", place / f"{person}.sig"
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(certificate(key, person).public_bytes(Encoding.PEM))
    config = library.Config()
    if bare:
        config.use_elliptic_key_signer(private_key=secret)
    else:
        config.use_certificate_signer(private_key=secret, signing_certificate=public, certificate_chain=[public])
    config.sign(model, written)
    return written.read_bytes()


@pytest.fixture(scope="module")
def ada(library, model):
    return signed(library, model, "ada")


@pytest.fixture(scope="module")
def eve(library, model):
    return signed(library, model, "eve")


@pytest.fixture(scope="module")
def bare(library, model):
    return signed(library, model, "bare", bare=True)


def changed(content, change):
    document = json.loads(content)
    change(document)
    return json.dumps(document).encode()


def test_who_signed_which_files_is_read(ada):
    found = read_bundle(ada)
    assert (found.files, found.checked) == (FILES, True)
    assert found.signer == "ada@example.org, according to a certificate of CN=ada"


def test_a_bare_key_vouches_for_files_that_are_still_held_against_the_subject(bare):
    found = read_bundle(bare)
    assert (found.files, found.checked) == (FILES, False)

    def forge(document):
        payload = b64decode(document["dsseEnvelope"]["payload"])
        forged = payload.replace(FILES["weights.bin"].encode(), FILES["config.json"].encode())
        document["dsseEnvelope"]["payload"] = b64encode(forged).decode()

    with pytest.raises(Illegible, match="not those it signs"):
        read_bundle(changed(bare, forge))


def test_a_file_with_a_byte_flipped_is_another_file_in_a_new_bundle(library, model, ada):
    weights = model / "weights.bin"
    try:
        weights.write_bytes(b"\1" + CONTENTS["weights.bin"][1:])
        found = read_bundle(signed(library, model, "later"))
    finally:
        weights.write_bytes(CONTENTS["weights.bin"])
    assert {name for name in FILES if found.files[name] != read_bundle(ada).files[name]} == {"weights.bin"}


def test_no_byte_of_the_signed_statement_can_be_flipped(ada):
    payload = b64decode(json.loads(ada)["dsseEnvelope"]["payload"])
    for at in range(len(payload)):
        flipped = payload[:at] + bytes([payload[at] ^ 1]) + payload[at + 1 :]
        envelope = {"payload": b64encode(flipped).decode()}
        with pytest.raises(Illegible, match="signature in the bundle is wrong"):
            read_bundle(changed(ada, lambda one, envelope=envelope: one["dsseEnvelope"].update(envelope)))


def test_no_byte_of_the_signature_can_be_flipped(ada):
    [row] = json.loads(ada)["dsseEnvelope"]["signatures"]
    signature = b64decode(row["sig"])
    for at in range(len(signature)):
        row["sig"] = b64encode(signature[:at] + bytes([signature[at] ^ 1]) + signature[at + 1 :]).decode()
        with pytest.raises(Illegible, match="signature in the bundle is wrong"):
            read_bundle(changed(ada, lambda one: one["dsseEnvelope"].update(signatures=[row])))


def test_the_certificate_of_another_does_not_fit_the_signature(ada, eve):
    other = json.loads(eve)["verificationMaterial"]
    with pytest.raises(Illegible, match="signature in the bundle is wrong"):
        read_bundle(changed(ada, lambda one: one.update(verificationMaterial=other)))


def test_the_signature_of_another_over_the_same_files_does_not_fit(ada, eve):
    other = json.loads(eve)["dsseEnvelope"]["signatures"]
    with pytest.raises(Illegible, match="signature in the bundle is wrong"):
        read_bundle(changed(ada, lambda one: one["dsseEnvelope"].update(signatures=other)))


def test_a_whole_bundle_of_another_names_the_other(eve):
    assert read_bundle(eve).signer.startswith("eve@example.org")


def test_a_bundle_that_breaks_off_is_illegible(ada):
    for length in range(0, len(ada) - 1, 97):
        assert read_or_illegible(read_bundle, ada[:length]) is None
