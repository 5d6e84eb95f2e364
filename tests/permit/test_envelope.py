"""Envelopes as another implementation of DSSE sees them: securesystemslib, which TUF and in-toto stand on."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from securesystemslib.dsse import Envelope as Theirs
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey

from brightline.permit.envelope import (
    CHARTER_TYPE,
    SIGNATURES,
    STATEMENT_TYPE,
    Envelope,
    Signature,
    decoded,
    parse_envelope,
    read_envelope,
)
from brightline.permit.key import ECDSA, ED25519, Key
from brightline.permit.notation import SIZE, Illegible, canonical
from brightline.storage.record.keys import make_key

PENS = {scheme: [make_key(scheme) for _ in range(4)] for scheme in (ED25519, ECDSA)}
MIXED = [PENS[ED25519][0], PENS[ECDSA][0], PENS[ED25519][1], PENS[ECDSA][1]]
PAYLOAD = canonical({"weights": "gated"})
UNSIGNED = Envelope(STATEMENT_TYPE, PAYLOAD)
BOTH = pytest.mark.parametrize("scheme", [ED25519, ECDSA])


def keys(pens):
    return {pen.keyid: pen.public for pen in pens}


def their_keys(pens):
    return [SSlibKey.from_dict(pen.keyid, pen.public.document()) for pen in pens]


def signed(pens, envelope=UNSIGNED):
    for pen in pens:
        envelope = envelope.signed(pen)
    return envelope


def parsed(envelope):
    return parse_envelope(canonical(envelope.document()), envelope.payload_type, "the envelope")


def their_reading(envelope):
    return Theirs.from_dict(json.loads(canonical(envelope.document())))


def refused(document, sentence):
    with pytest.raises(Illegible, match=sentence):
        parse_envelope(canonical(document), STATEMENT_TYPE, "the envelope")


@given(st.text(max_size=20), st.binary(max_size=60))
def test_the_signed_bytes_are_those_of_the_other_implementation(kind, payload):
    assert Envelope(kind, payload).encoding() == Theirs(payload, kind, {}).pae()


def test_the_signed_bytes_are_those_of_the_protocols_own_example():
    envelope = Envelope("http://example.com/HelloWorld", b"hello world")
    assert envelope.encoding() == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


@pytest.mark.parametrize("pens", [*PENS.values(), MIXED], ids=["ed25519", "ecdsa", "mixed"])
@pytest.mark.parametrize(("least", "count"), [(least, count) for count in range(1, 5) for least in range(1, count + 1)])
def test_the_other_implementation_finds_the_threshold_met_exactly_when_we_do(pens, least, count):
    for signing in range(count + 1):
        envelope = signed(pens[:signing])
        ours = len(envelope.signers(keys(pens[:count])))
        assert ours == signing
        if signing >= least:
            assert len(their_reading(envelope).verify(their_keys(pens[:count]), least)) == least
        else:
            with pytest.raises(VerificationError):
                their_reading(envelope).verify(their_keys(pens[:count]), least)


@pytest.mark.parametrize("generate", [CryptoSigner.generate_ed25519, CryptoSigner.generate_ecdsa])
def test_what_the_other_implementation_signs_we_verify(generate):
    signer = generate()
    theirs = Theirs(PAYLOAD, STATEMENT_TYPE, {})
    theirs.sign(signer)
    envelope = parse_envelope(json.dumps(theirs.to_dict()).encode(), STATEMENT_TYPE, "the envelope")
    key = Key.of(signer.public_key.scheme, signer.public_key.keyval["public"])
    assert envelope.signers({signer.public_key.keyid: key}) == {signer.public_key.keyid}
    assert envelope.payload == PAYLOAD


@BOTH
def test_an_envelope_is_read_back_as_it_was_written(scheme):
    envelope = signed(PENS[scheme])
    assert parsed(envelope) == envelope
    assert parsed(UNSIGNED) == UNSIGNED


def test_the_digest_names_the_payload_whatever_is_signed():
    assert signed(MIXED).digest == UNSIGNED.digest
    assert replace(UNSIGNED, payload=PAYLOAD + b" ").digest != UNSIGNED.digest


@BOTH
def test_two_signatures_by_one_key_are_refused(scheme):
    """They would count once, and cost a verification each."""
    pen, other = PENS[scheme][:2]
    twice = tuple(Signature(pen.keyid, pen.sign(UNSIGNED.encoding())) for _ in range(2))
    assert replace(UNSIGNED, signatures=twice).signers(keys([pen, other])) == {pen.keyid}
    refused(replace(UNSIGNED, signatures=twice).document(), "signs an envelope once")


@BOTH
def test_a_signature_under_another_signers_name_counts_for_nobody(scheme):
    pen, other = PENS[scheme][:2]
    envelope = signed([pen])
    borrowed = Signature(other.keyid, envelope.signatures[0].value)
    assert replace(envelope, signatures=(borrowed,)).signers(keys([pen, other])) == frozenset()


def test_who_signs_again_replaces_the_earlier_signature():
    pen, other = PENS[ECDSA][:2]
    wrong = replace(UNSIGNED, signatures=(Signature(pen.keyid, b"wrong"),))
    assert signed([other, pen], wrong).signers(keys([pen, other])) == {pen.keyid, other.keyid}
    assert len(signed([other, pen], wrong).signatures) == 2


@BOTH
def test_a_wrong_signature_does_no_harm_to_the_good_ones(scheme):
    pen, other = PENS[scheme][:2]
    wrong = Signature(other.keyid, b"")
    good = signed([pen]).signatures
    assert replace(UNSIGNED, signatures=(wrong, *good, wrong)).signers(keys([pen, other])) == {pen.keyid}


def test_a_stranger_does_not_count():
    assert signed(MIXED).signers(keys(MIXED[:2])) == {pen.keyid for pen in MIXED[:2]}


def flipped(content, bit):
    at = bit // 8 % len(content)
    return content[:at] + bytes([content[at] ^ 1 << bit % 8]) + content[at + 1 :]


@BOTH
@given(bit=st.integers(0, 8 * 64 - 1))
def test_one_flipped_bit_in_the_payload_and_nobody_has_signed(scheme, bit):
    envelope = signed(PENS[scheme][:1])
    assert replace(envelope, payload=flipped(PAYLOAD, bit)).signers(keys(PENS[scheme])) == frozenset()


@BOTH
@given(bit=st.integers(0, 8 * 80 - 1))
def test_one_flipped_bit_in_the_signature_and_nobody_has_signed(scheme, bit):
    envelope = signed(PENS[scheme][:1])
    one = envelope.signatures[0]
    other = replace(envelope, signatures=(replace(one, value=flipped(one.value, bit)),))
    assert other.signers(keys(PENS[scheme])) == frozenset()


@BOTH
@given(at=st.integers(0, len(STATEMENT_TYPE) - 1), bit=st.integers(0, 6))
def test_one_flipped_bit_in_the_payload_type_and_nobody_has_signed(scheme, at, bit):
    kind = flipped(STATEMENT_TYPE.encode(), 8 * at + bit).decode()
    assert replace(signed(PENS[scheme][:1]), payload_type=kind).signers(keys(PENS[scheme])) == frozenset()


@BOTH
@given(at=st.integers(0, 63), bit=st.integers(0, 6))
def test_one_flipped_bit_in_the_keyid_and_nobody_has_signed(scheme, at, bit):
    envelope = signed(PENS[scheme][:1])
    one = envelope.signatures[0]
    other = replace(one, keyid=flipped(one.keyid.encode(), 8 * at + bit).decode())
    assert replace(envelope, signatures=(other,)).signers(keys(PENS[scheme])) == frozenset()


def test_an_envelope_of_another_type_is_refused_even_if_it_is_signed():
    envelope = signed(MIXED, Envelope(CHARTER_TYPE, PAYLOAD))
    assert parse_envelope(canonical(envelope.document()), CHARTER_TYPE, "the charter") == envelope
    refused(envelope.document(), "holds .*charter.*, not application/vnd.in-toto")


@pytest.mark.parametrize("member", ["payloadType", "payload", "signatures"])
def test_a_member_that_is_missing_or_of_another_kind_is_refused(member):
    document = signed(MIXED).document()
    refused({name: value for name, value in document.items() if name != member}, member)
    for junk in (None, 7, True, {"a": 1}, ["a"]):
        refused(document | {member: junk}, "should be")


@pytest.mark.parametrize("member", ["keyid", "sig"])
def test_a_signature_without_a_member_or_with_one_of_another_kind_is_refused(member):
    row = {"keyid": "a", "sig": "aaaa"}
    refused(UNSIGNED.document() | {"signatures": [{name: row[name] for name in row if name != member}]}, member)
    refused(UNSIGNED.document() | {"signatures": [row | {member: 7}]}, f"{member} should be a text")


def test_a_member_that_is_not_known_is_refused():
    refused(UNSIGNED.document() | {"more": 1}, "'more' is not known")
    refused(UNSIGNED.document() | {"signatures": [{"keyid": "a", "sig": "aaaa", "cert": "b"}]}, "'cert' is not known")


def test_a_member_that_stands_twice_is_refused():
    content = canonical(signed(MIXED).document())
    for member in (b'"payload":', b'"keyid":'):
        with pytest.raises(Illegible, match="stands twice"):
            parse_envelope(content.replace(member, member + b'"",' + member), STATEMENT_TYPE, "the envelope")


@pytest.mark.parametrize(
    "text", ["a", "aaa", "aaa\n", "aa a", "aaa=", "aa", "a_-a", "====", "aaaa=", "ééé=", "YWF=", "YR=="]
)
def test_what_is_not_base64_in_its_one_spelling_is_refused(text):
    refused(UNSIGNED.document() | {"payload": text}, "base64")
    refused(UNSIGNED.document() | {"signatures": [{"keyid": "a", "sig": text}]}, "base64")


def test_a_file_that_is_too_long_is_refused_and_one_that_just_fits_is_not():
    content = canonical(UNSIGNED.document()).ljust(SIZE)
    assert parse_envelope(content, STATEMENT_TYPE, "the envelope") == UNSIGNED
    with pytest.raises(Illegible, match="the envelope is longer than"):
        parse_envelope(content + b" ", STATEMENT_TYPE, "the envelope")


def test_an_envelope_has_room_for_many_signatures_and_for_no_more():
    rows = [{"keyid": f"{number}", "sig": "aaaa"} for number in range(SIGNATURES + 1)]
    full = UNSIGNED.document() | {"signatures": rows[:SIGNATURES]}
    assert len(read_envelope(full, STATEMENT_TYPE).signatures) == SIGNATURES
    refused(full | {"signatures": rows}, f"at most {SIGNATURES}")


@given(st.text("AQgw9+/=\n", max_size=8))
def test_text_is_decoded_to_bytes_that_are_encoded_to_the_same_text(text):
    try:
        content = decoded(text)
    except Illegible:
        return
    assert Envelope("", content).document()["payload"] == text
