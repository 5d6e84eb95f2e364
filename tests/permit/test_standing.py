"""A standing carries the state of one permit to where no network is; whoever reads it there has nothing else."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.authority.office import DAY, NOON
from tests.permit.papers import mutants, read_or_illegible, replaced, with_more, without

from brightline.permit.notation import Illegible
from brightline.permit.standing import Force, Standing, read_standing
from brightline.permit.statement import STANDING

PERMIT = "sha256:" + "a" * 64
PAYLOAD = Standing(PERMIT, Force.IN_FORCE, ("Order 1: nobody.",), NOON, 42).envelope().payload
DOCUMENT = json.loads(PAYLOAD)
MEMBERS = ["as_of", "force", "orders", "size"]
STANDINGS = st.builds(
    Standing,
    st.binary(min_size=32, max_size=32).map(lambda raw: "sha256:" + raw.hex()),
    st.sampled_from(Force),
    st.lists(st.text(max_size=8), max_size=3).map(tuple),
    st.integers(-300_000, 300_000).map(lambda days: NOON + days * DAY),
    st.integers(0, 1 << 53),
)


def refused(payload, sentence=None):
    with pytest.raises(Illegible, match=sentence):
        read_standing(payload)


@given(STANDINGS)
def test_a_standing_is_read_back_as_it_was_written(standing):
    assert read_standing(standing.envelope().payload) == standing


def test_the_statement_is_about_the_permit():
    assert DOCUMENT["predicateType"] == STANDING
    assert DOCUMENT["subject"] == [{"name": "permit", "digest": {"sha256": "a" * 64}}]
    assert sorted(DOCUMENT["predicate"]) == MEMBERS


@pytest.mark.parametrize("member", MEMBERS)
def test_a_member_that_is_missing_or_of_another_kind_is_refused(member):
    refused(without(DOCUMENT, ("predicate", member)))
    for junk in (None, True, 1.5, -1, [None], {"a": 1}, ""):
        refused(replaced(DOCUMENT, ("predicate", member), junk))


def test_a_member_that_is_not_known_is_refused():
    refused(with_more(DOCUMENT, ("predicate",)), "'more' is not known")


@pytest.mark.parametrize("word", ["", "In force", "in_force", "suspended ", "open"])
def test_a_force_that_is_not_known_is_refused(word):
    refused(replaced(DOCUMENT, ("predicate", "force"), word), "standing is one of waiting, in force")


def test_a_standing_of_two_permits_or_of_something_else_is_refused():
    row = DOCUMENT["subject"][0]
    for rows in ([], [row, row], [row | {"name": "manifest"}]):
        refused(replaced(DOCUMENT, ("subject",), rows), "exactly one subject is expected here, the permit")


@settings(max_examples=500, deadline=None)
@given(mutants(PAYLOAD))
def test_a_changed_standing_is_either_read_or_illegible(payload):
    found = read_or_illegible(read_standing, payload)
    assert found is None or isinstance(found, Standing)
