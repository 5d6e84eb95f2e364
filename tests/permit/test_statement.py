"""Every word of the office is an in-toto Statement v1, and nothing that is nearly one."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.permit.papers import JUNK, mutants, places, read_or_illegible, replaced, with_more, without

from brightline.permit.envelope import STATEMENT_TYPE
from brightline.permit.notation import Illegible
from brightline.permit.statement import NOTICE, PERMIT, digest_of, hexadecimal, read_statement, statement

HEX = "0123456789abcdef" * 4
SUBJECTS = [("a/weights.bin", HEX), ("é", "f" * 64)]
PAYLOAD = statement(PERMIT, SUBJECTS, {"case": 1}).payload
DOCUMENT = json.loads(PAYLOAD)
SHELL = [place for place in places(DOCUMENT) if place[0] != "predicate" or len(place) == 1]
DIGESTS = st.binary(min_size=32, max_size=32).map(bytes.hex)


def read(payload):
    return read_statement(payload, PERMIT)


def test_the_shape_is_that_of_the_framework():
    """in-toto attestation framework, spec/v1/statement.md."""
    assert statement(PERMIT, SUBJECTS, {}).payload_type == STATEMENT_TYPE == "application/vnd.in-toto+json"
    assert DOCUMENT == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {"name": "a/weights.bin", "digest": {"sha256": HEX}},
            {"name": "é", "digest": {"sha256": "f" * 64}},
        ],
        "predicateType": PERMIT,
        "predicate": {"case": 1},
    }


@given(
    st.lists(st.tuples(st.text(max_size=8), DIGESTS), max_size=4),
    st.dictionaries(st.text(max_size=4), JUNK, max_size=3),
)
def test_subjects_and_predicate_are_read_as_they_were_written(subjects, predicate):
    assert read(statement(PERMIT, subjects, predicate).payload) == (subjects, predicate)


def test_an_unsigned_envelope_comes_out():
    assert statement(PERMIT, SUBJECTS, {}).signatures == ()


@pytest.mark.parametrize("place", SHELL, ids=lambda place: ".".join(map(str, place)))
def test_a_member_that_is_missing_or_of_another_kind_is_refused(place):
    if isinstance(place[-1], str):
        with pytest.raises(Illegible):
            read(without(DOCUMENT, place))
    for junk in (None, 1, True, [None]):
        with pytest.raises(Illegible):
            read(replaced(DOCUMENT, place, junk))


@pytest.mark.parametrize("place", [(), ("subject", 0), ("subject", 1, "digest")])
def test_a_member_that_is_not_known_is_refused(place):
    with pytest.raises(Illegible, match="'more' is not known"):
        read(with_more(DOCUMENT, place))


@pytest.mark.parametrize(
    "version", ["https://in-toto.io/Statement/v0.1", "https://in-toto.io/Statement/v2", "Statement"]
)
def test_a_statement_of_another_version_is_refused(version):
    with pytest.raises(Illegible, match="this is no"):
        read(replaced(DOCUMENT, ("_type",), version))


def test_a_statement_of_another_kind_is_refused_and_both_kinds_are_named():
    with pytest.raises(Illegible, match=f"this is no {NOTICE}, but {PERMIT}"):
        read_statement(PAYLOAD, NOTICE)


@pytest.mark.parametrize(
    "digest", ["", HEX[:-1], HEX + "0", HEX.upper(), "g" + HEX[1:], " " + HEX[1:], HEX[1:] + "\n", "٣" * 64]
)
def test_a_digest_is_64_lower_case_hex_digits_and_nothing_else(digest):
    for read_it in (hexadecimal, lambda text: read(replaced(DOCUMENT, ("subject", 0, "digest", "sha256"), text))):
        with pytest.raises(Illegible, match="no sha256 in lower-case hex"):
            read_it(digest)


@pytest.mark.parametrize("text", ["", HEX, "sha512:" + HEX, "SHA256:" + HEX, "sha256-" + HEX, " sha256:" + HEX])
def test_a_digest_with_its_kind_begins_with_sha256(text):
    with pytest.raises(Illegible, match="no digest"):
        digest_of(text)


@given(DIGESTS)
def test_a_good_digest_is_handed_back_as_it_is(digest):
    assert hexadecimal(digest) == digest
    assert digest_of("sha256:" + digest) == "sha256:" + digest


@settings(max_examples=500, deadline=None)
@given(mutants(PAYLOAD))
def test_a_changed_statement_is_either_read_or_illegible(payload):
    found = read_or_illegible(read, payload)
    if found is not None:
        again = statement(PERMIT, *found)
        assert json.loads(again.payload) == json.loads(payload)
