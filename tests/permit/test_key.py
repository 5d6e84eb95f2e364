"""Public keys as TUF writes them, named as securesystemslib names them, of two kinds and no third."""

from base64 import b64decode, b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from securesystemslib.signer import CryptoSigner, SSlibKey
from tests.permit.papers import JUNK, read_or_illegible

from brightline.permit.key import ECDSA, ED25519, Key
from brightline.permit.notation import Illegible, canonical, read_object
from brightline.storage.record.keys import make_key

SEEDS = st.binary(min_size=32, max_size=32)
BOTH = pytest.mark.parametrize("scheme", [ED25519, ECDSA])
HEX = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"  # RFC 8032, section 7.1, test 1
ED, EC = make_key(ED25519).public, make_key(ECDSA).public


def pem(private):
    return private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def document(**changed):
    return {"keytype": "ed25519", "scheme": ED25519, "keyval": {"public": HEX}} | changed


def refused(paper, sentence=None):
    with pytest.raises(Illegible, match=sentence):
        Key.read(paper)


@BOTH
def test_a_key_is_read_again_as_it_was_written(scheme):
    key = make_key(scheme).public
    assert Key.read(read_object(canonical(key.document()), "the key")) == key


@BOTH
def test_the_other_implementation_reads_the_written_form_as_the_same_key(scheme):
    pen = make_key(scheme)
    theirs = SSlibKey.from_crypto(pen.material.public_key())
    ours = SSlibKey.from_dict(theirs.keyid, pen.public.document())
    assert ours == theirs


@given(SEEDS)
def test_an_ed25519_key_has_the_name_that_the_other_implementation_gives_it(seed):
    theirs = SSlibKey.from_crypto(ed25519.Ed25519PrivateKey.from_private_bytes(seed).public_key())
    assert Key.of(theirs.scheme, theirs.keyval["public"]).keyid == theirs.keyid


@BOTH
def test_the_name_depends_on_the_key_and_on_nothing_else(scheme):
    one, other = make_key(scheme).public, make_key(scheme).public
    assert Key.of(scheme, one.public).keyid == one.keyid != other.keyid


@pytest.mark.parametrize("generate", [CryptoSigner.generate_ed25519, CryptoSigner.generate_ecdsa])
def test_a_signature_of_the_other_implementation_is_good_for_its_message_only(generate):
    signer = generate()
    key = Key.read(signer.public_key.to_dict())
    signature = bytes.fromhex(signer.sign(b"message").signature)
    assert key.verifies(signature, b"message")
    assert not key.verifies(signature, b"massage")
    assert not Key.read(generate().public_key.to_dict()).verifies(signature, b"message")


def test_the_first_vector_of_the_standard_verifies():
    signature = bytes.fromhex(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    )
    assert Key.read(document()).verifies(signature, b"")
    assert not Key.read(document()).verifies(signature, b"\0")


@BOTH
@given(signature=st.binary(max_size=80))
def test_any_bytes_are_no_signature_and_no_error(scheme, signature):
    key = ED if scheme == ED25519 else EC
    assert not key.verifies(signature, b"message")


def test_only_an_ed25519_key_has_raw_bytes():
    assert Key.read(document()).raw() == bytes.fromhex(HEX)
    with pytest.raises(Illegible, match="takes an Ed25519 key"):
        EC.raw()


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP521R1(), ec.SECP256K1()], ids=lambda curve: curve.name)
def test_other_curves_are_refused(curve):
    with pytest.raises(Illegible, match="no ecdsa-sha2-nistp256 key"):
        Key.of(ECDSA, pem(ec.generate_private_key(curve)))


@pytest.mark.parametrize("private", [ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey])
def test_a_key_of_another_kind_in_pem_is_refused(private):
    with pytest.raises(Illegible, match="no ecdsa-sha2-nistp256 key"):
        Key.of(ECDSA, pem(private.generate()))


def test_rsa_is_refused_under_its_own_name_and_under_ours():
    text = pem(rsa.generate_private_key(65537, 2048))
    refused({"keytype": "rsa", "scheme": "rsassa-pss-sha256", "keyval": {"public": text}}, "'rsa' does not fit")
    for scheme in ("rsassa-pss-sha256", ECDSA):
        with pytest.raises(Illegible):
            Key.of(scheme, text)


@pytest.mark.parametrize("scheme", ["", "ED25519", "ecdsa", "ecdsa-sha2-nistp384", "rsassa-pss-sha256", "ed25519ph"])
def test_other_schemes_are_refused(scheme):
    refused(document(scheme=scheme))
    with pytest.raises(Illegible, match="keys are of scheme"):
        Key.of(scheme, HEX)


@pytest.mark.parametrize("keytype", ["ecdsa", "", "Ed25519", None, 1, ["ed25519"]])
def test_the_keytype_has_to_fit_the_scheme(keytype):
    refused(document(keytype=keytype), "does not fit")


@pytest.mark.parametrize("public", ["", "00", HEX[:-2], HEX + "00", HEX[:-1], "g" + HEX[1:], "0x" + HEX[2:], "é" * 64])
def test_what_is_no_ed25519_key_is_refused(public):
    refused(document(keyval={"public": public}), "no ed25519 key")


@pytest.mark.parametrize("public", ["", HEX, "-----BEGIN PUBLIC KEY-----", "\ud800"])
def test_what_is_no_p256_key_is_refused(public):
    refused({"keytype": "ecdsa", "scheme": ECDSA, "keyval": {"public": public}}, "no ecdsa-sha2-nistp256 key")


def test_a_p256_key_that_was_cut_or_changed_is_refused():
    for public in (EC.public[:-40], EC.public.replace("M", "N", 1), EC.public.replace("PUBLIC", "PRIVATE")):
        refused({"keytype": "ecdsa", "scheme": ECDSA, "keyval": {"public": public}}, "no ecdsa-sha2-nistp256 key")


def test_a_key_under_the_other_scheme_is_refused():
    refused(document(keyval={"public": EC.public}), "no ed25519 key")
    refused({"keytype": "ecdsa", "scheme": ECDSA, "keyval": {"public": ED.public}}, "no ecdsa-sha2-nistp256 key")


def test_a_private_key_is_no_public_key():
    secret = CryptoSigner.generate_ecdsa().private_bytes.decode()
    refused({"keytype": "ecdsa", "scheme": ECDSA, "keyval": {"public": secret}}, "no ecdsa-sha2-nistp256 key")


@pytest.mark.parametrize("member", ["keytype", "scheme", "keyval"])
def test_a_member_that_is_missing_is_refused(member):
    refused({name: value for name, value in document().items() if name != member})


def test_a_member_that_is_not_known_is_refused():
    refused(document(keyid="a"), "'keyid' is not known")
    refused(document(keyval={"public": HEX, "private": HEX}), "'private' is not known")


@given(st.sampled_from(["keytype", "scheme", "keyval"]), JUNK)
def test_any_value_in_a_member_is_illegible(member, value):
    assert read_or_illegible(Key.read, document(**{member: value})) is None


@given(JUNK)
def test_any_value_for_the_key_itself_is_illegible(value):
    assert read_or_illegible(Key.read, document(keyval={"public": value})) is None


SPELLINGS = {
    "Ed25519 in capitals": (ED25519, HEX.upper()),
    "Ed25519 with spaces": (ED25519, f"{HEX[:32]} {HEX[32:]}"),
    "P-256 with a line more": (ECDSA, EC.public + "\n"),
    "P-256 with lines of another system": (ECDSA, EC.public.replace("\n", "\r\n")),
    "P-256 after a text": (ECDSA, f"A key:\n{EC.public}"),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_key_in_another_spelling_is_refused_for_it_would_be_a_second_person(spelling):
    with pytest.raises(Illegible):
        Key.of(*SPELLINGS[spelling])


SMALL = ["01" + "00" * 31, "00" * 32, "00" * 31 + "80", "ec" + "ff" * 30 + "7f", "ee" + "ff" * 30 + "7f"]


@pytest.mark.parametrize("public", SMALL)
def test_a_point_for_which_anybody_can_sign_is_no_key(public):
    with pytest.raises(Illegible):
        Key.of(ED25519, public)


@pytest.mark.parametrize("position", [6, 15])
def test_a_key_of_an_algorithm_that_nobody_knows_is_refused(position):
    lines = EC.public.split("\n")
    der = bytearray(b64decode("".join(lines[1:-2])))
    der[position] ^= 1
    text = b64encode(der).decode()
    with pytest.raises(Illegible):
        Key.of(ECDSA, "\n".join([lines[0], text[:64], text[64:], *lines[-2:]]))


@BOTH
def test_a_key_has_the_name_that_tuf_gives_it(scheme):
    pen = make_key(scheme)
    assert pen.public.keyid == SSlibKey.from_crypto(pen.material.public_key()).keyid
