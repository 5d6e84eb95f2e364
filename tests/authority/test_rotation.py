"""A charter is adopted when both the people who go and those who come have signed it, and its time has come."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.authority.office import DAY, NOON, charter, holder, pen

from brightline.authority.rotation import adopt
from brightline.permit.charter import Role

OLD = charter()
NEW = replace(charter(2, more={"carl": holder("dora", Role.APPROVER)}), issued=NOON)


def adopted(*names, later=NEW, at=NOON, published=None):
    envelope = later.envelope()
    for name in names:
        envelope = envelope.signed(pen(name))
    return adopt(OLD, later, envelope, at, published)


def test_two_who_stay_are_enough_for_both():
    assert adopted("ada", "bea") is None
    assert adopted("ada", "bea", published=NOON) is None
    assert adopted("ada", "carl", "dora") is None, "who goes signs for the old one, who comes for the new"


@pytest.mark.parametrize("names", [(), ("ada",), ("ada", "carl"), ("ada", "dora"), ("ada", "olga"), ("ada", "ada")])
def test_who_is_missing_on_either_side_is_told(names):
    refusal = adopted(*names)
    assert refusal.code == "CHARTER"
    assert "of the 2 approvers" in refusal.sentence


def test_a_charter_from_tomorrow_waits():
    assert adopted("ada", "bea", at=NOON - timedelta(seconds=1)).code == "TOO-EARLY"


def test_a_permit_that_was_published_since_would_stand_under_no_charter():
    assert adopted("ada", "bea", at=NOON + DAY, published=NOON + timedelta(seconds=1)).code == "PUBLISHED-SINCE"


@pytest.mark.parametrize("later", [replace(NEW, version=3), replace(NEW, version=1), replace(NEW, office="another")])
def test_a_charter_follows_the_one_before_it(later):
    assert adopted("ada", "bea", later=later).code == "CHARTER"
