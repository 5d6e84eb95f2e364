"""Private keys at rest: encrypted, for their owner's eyes only, and never in an error's text."""

import os
import stat
from base64 import b64decode, b64encode
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st
from securesystemslib.signer import SSlibKey

from brightline.permit.envelope import STATEMENT_TYPE, Envelope
from brightline.permit.key import ECDSA, ED25519
from brightline.storage.record.keys import (
    NoKey,
    make_key,
    private_key,
    read_key,
    signer_elsewhere,
    write_key,
    write_secret,
)

WORDS = "correct horse battery staple"  # the passphrase
BOTH = pytest.mark.parametrize("scheme", [ED25519, ECDSA])


def plain(material):
    return material.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def secrets_of(key):
    """What must not be read in an error: the PEM's lines, and the key in hex."""
    number = key.material.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()).hex()
    return [*plain(key.material).decode().splitlines()[1:-1], number, number[-64:], WORDS]


def trouble_with(place, passphrase):
    with pytest.raises(NoKey) as trouble:
        read_key(place, passphrase)
    assert trouble.value.__cause__ is None
    assert trouble.value.__suppress_context__, "a traceback would show what the library said of the content"
    return str(trouble.value)


@pytest.fixture(params=[ED25519, ECDSA])
def key(request):
    return make_key(request.param)


@pytest.fixture
def place(tmp_path, key):
    write_key(tmp_path / "ada.pem", key, WORDS)
    return tmp_path / "ada.pem"


def test_a_key_is_read_back_and_signs_as_before(place, key):
    again = read_key(place, WORDS)
    assert (again.public, again.keyid) == (key.public, key.keyid)
    assert plain(again.material) == plain(key.material)
    assert key.public.verifies(again.sign(b"message"), b"message")


def test_the_file_is_encrypted_pkcs8_and_holds_nothing_of_the_key_in_the_clear(place, key):
    content = place.read_text()
    assert content.startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    assert not [secret for secret in secrets_of(key) if secret in content]


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_the_file_is_for_its_owner_only_whatever_the_mask_says(tmp_path, mask):
    before = os.umask(mask)
    try:
        write_key(tmp_path / "a.pem", make_key(), WORDS)
        write_secret(tmp_path / "b", b"secret")
    finally:
        os.umask(before)
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a.pem", "b")] == [0o600, 0o600]


def test_a_key_that_is_there_is_never_overwritten(place):
    before = place.read_bytes()
    with pytest.raises(FileExistsError):
        write_key(place, make_key(), WORDS)
    assert place.read_bytes() == before


def test_a_link_in_the_place_of_a_key_is_not_followed(tmp_path):
    (tmp_path / "link.pem").symlink_to(tmp_path / "elsewhere.pem")
    with pytest.raises(FileExistsError):
        write_key(tmp_path / "link.pem", make_key(), WORDS)
    assert not (tmp_path / "elsewhere.pem").exists()


@pytest.mark.parametrize("wrong", ["wrong", WORDS.upper(), WORDS + " ", "é", "\ud800", "x" * 2000])
def test_a_wrong_passphrase_is_a_clear_error_that_shows_nothing(place, key, wrong):
    sentence = trouble_with(place, wrong)
    assert sentence == f"the passphrase does not open {place}, or it is no private key in PEM"
    assert not [secret for secret in [*secrets_of(key), wrong] if secret in sentence.replace(str(place), "")]


def test_a_missing_passphrase_is_asked_for(place, key):
    sentence = trouble_with(place, None)
    assert sentence == f"the key {place} is encrypted: set BRIGHTLINE_PASSPHRASE"
    assert not [secret for secret in secrets_of(key) if secret in sentence]


def test_a_passphrase_for_a_key_in_the_clear_is_an_error_that_shows_nothing(tmp_path, key):
    (tmp_path / "plain.pem").write_bytes(plain(key.material))
    sentence = trouble_with(tmp_path / "plain.pem", WORDS)
    assert "is not encrypted; encrypt it: openssl pkcs8 -topk8" in sentence
    assert not [secret for secret in secrets_of(key) if secret in sentence]


def test_a_file_that_is_not_there_and_a_folder_are_clear_errors(tmp_path):
    assert trouble_with(tmp_path / "none.pem", WORDS).endswith("cannot be read: No such file or directory")
    assert trouble_with(tmp_path, WORDS).endswith("cannot be read: Is a directory")


@pytest.mark.parametrize(
    "content", [b"", b"secret words", b"\0\xff", b"-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"]
)
def test_a_file_that_is_no_key_is_a_clear_error_that_shows_nothing_of_it(tmp_path, content):
    (tmp_path / "no.pem").write_bytes(content)
    for passphrase in (None, WORDS):
        assert trouble_with(tmp_path / "no.pem", passphrase).endswith("or it is no private key in PEM")


def test_a_file_that_was_cut_off_is_a_clear_error(place):
    content = place.read_bytes()
    for length in range(0, len(content) - 30, 20):
        place.write_bytes(content[:length])
        assert "is no private key in PEM" in trouble_with(place, WORDS)


@pytest.mark.parametrize(
    "material",
    [ec.generate_private_key(ec.SECP384R1()), ed448.Ed448PrivateKey.generate(), rsa.generate_private_key(65537, 2048)],
    ids=["p384", "ed448", "rsa"],
)
def test_keys_that_charters_do_not_take_are_refused(tmp_path, material):
    with pytest.raises(NoKey, match="keys here are Ed25519 or ECDSA P-256"):
        private_key(material)
    (tmp_path / "other.pem").write_bytes(plain(material))
    with pytest.raises(NoKey, match="keys here are Ed25519 or ECDSA P-256"):
        read_key(tmp_path / "other.pem", None)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=40))
def test_the_public_half_verifies_what_the_private_half_signs(seed, message):
    key = private_key(Ed25519PrivateKey.from_private_bytes(seed))
    assert key.public.verifies(key.sign(message), message)
    assert not key.public.verifies(key.sign(message), message + b"\0")


@BOTH
def test_every_new_key_is_another_one_of_the_scheme_that_was_asked_for(scheme):
    made = [make_key(scheme) for _ in range(5)]
    assert {key.public.scheme for key in made} == {scheme}
    assert len({key.keyid for key in made}) == 5


def test_a_key_does_not_show_itself_in_its_representation(key):
    assert not [secret for secret in secrets_of(key) if secret in repr(key)]


def test_a_signer_elsewhere_signs_for_the_key_that_the_charter_names(tmp_path, key):
    """The file signer of securesystemslib stands for a KMS: it is driven through the same interface."""
    (tmp_path / "far.pem").write_bytes(plain(key.material))
    signer = signer_elsewhere(f"file2:{tmp_path / 'far.pem'}", key.public)
    envelope = Envelope(STATEMENT_TYPE, b"{}").signed(signer)
    assert envelope.signers({key.keyid: key.public}) == {signer.keyid} == {key.keyid}
    assert SSlibKey.from_dict(key.keyid, key.public.document()) == signer.signer.public_key


def test_a_signer_elsewhere_with_another_key_is_refused(tmp_path, key):
    (tmp_path / "far.pem").write_bytes(plain(make_key(key.public.scheme).material))
    with pytest.raises(NoKey, match=r"^file2") as trouble:
        signer_elsewhere(f"file2:{tmp_path / 'far.pem'}", key.public)
    assert not [secret for secret in secrets_of(key) if secret in str(trouble.value)]


@pytest.mark.parametrize("uri", ["", "nonsense", "nowhere:key", "file2:none-such.pem", "hsm:"])
def test_a_signer_that_cannot_be_had_is_a_clear_error(uri):
    with pytest.raises(NoKey):
        signer_elsewhere(uri, make_key().public)


@pytest.mark.parametrize("passphrase", ["", "x" * 1_024])
def test_a_key_is_never_written_under_a_passphrase_that_cannot_be(tmp_path, key, passphrase):
    with pytest.raises(NoKey, match="a passphrase has 1 to 1023 bytes"):
        write_key(tmp_path / "ada.pem", key, passphrase)
    assert not list(tmp_path.iterdir())


def test_an_empty_passphrase_is_asked_for_again(place):
    assert "is encrypted" in trouble_with(place, "")


def test_a_file_with_a_flipped_bit_is_a_clear_error_or_another_key(place):
    lines = place.read_text().splitlines()
    der = bytearray(b64decode("".join(lines[1:-1])))
    for position in range(0, len(der), 7):
        changed = bytes(der[:position]) + bytes([der[position] ^ 1]) + bytes(der[position + 1 :])
        place.write_text("\n".join([lines[0], b64encode(changed).decode(), lines[-1]]) + "\n")
        with suppress(NoKey):  # the cipher has no seal: what comes out may also be a key, which no charter names
            read_key(place, WORDS)


def test_a_scheme_that_is_none_makes_no_key():
    with pytest.raises(NoKey):
        make_key("rubbish")
