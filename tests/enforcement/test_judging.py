"""What the cases about some bytes amount to: revocation wins, and the most closed word stands."""

from dataclasses import replace

import pytest
from tests.authority.office import CLOSED, DAY, NOON, Office, charter

from brightline.decision.access import Access
from brightline.enforcement.access import Phase
from brightline.enforcement.judging import judge, revoked
from brightline.permit.order import Effect
from brightline.release.component import JUDGED, Component

WEIGHTS = Component.WEIGHTS
LATER = NOON + 9 * DAY
ACTS = {Effect.SUSPENDED: "suspend", Effect.RECALLED: "recall", Effect.WITHDRAWN: "withdraw"}


def in_force(access=None, **terms):
    office = Office(charter(delay=0, hearing_days=0))
    office.file()
    office.accept()
    office.do("examine", "erik", **office.examination())
    office.do("draft", "olga", permit=office.keep(office.permit(access or {}, **terms)))
    for name in ("ada", "bea"):
        office.do("sign", name, **office.vote(name))
    office.do("decide", "olga")
    office.do("publish", "olga", permit=office.case.draft.permit)
    return office


def test_before_anything_is_decided_it_is_in_quarantine():
    office = Office()
    office.file()
    assert judge([], (), LATER).phase is Phase.QUARANTINE
    assert judge([case for case in [office.case] if case], (), LATER).phase is Phase.QUARANTINE


def test_a_determination_counts_from_its_effect_on():
    case = in_force(effective=NOON + DAY).case
    assert judge([case], (), NOON).phase is Phase.QUARANTINE
    judged = judge([case], (), LATER)
    assert (judged.phase, judged.access[WEIGHTS]) == (Phase.DECIDED, Access.OPEN)


def test_of_several_the_most_closed_word_stands():
    opened, gated = in_force().case, in_force({WEIGHTS: Access.GATED}).case
    for both in ([opened, gated], [gated, opened]):
        assert judge(both, (), LATER).access == dict.fromkeys(JUDGED, Access.OPEN) | {WEIGHTS: Access.GATED}
    assert judge([opened, in_force(CLOSED).case], (), LATER).access == dict.fromkeys(JUDGED, Access.WITHHELD)


@pytest.mark.parametrize("effect", ACTS)
def test_revocation_wins_until_a_later_filing_is_decided(effect):
    office, other = in_force(), in_force().case
    office.do(ACTS[effect], "olga", **office.notice(effect))
    for cases in ([office.case], [office.case, other], [other, office.case]):
        judged = judge(cases, (), LATER)
        assert judged.phase is Phase.CLOSED
        assert effect in judged.why
    later = replace(other, number=2, filed=other.filed + DAY)
    assert judge([office.case, later], (), LATER).phase is Phase.DECIDED


@pytest.mark.parametrize("effect", ACTS)
def test_what_one_case_withholds_is_not_shown_because_another_one_ends(effect):
    office, withheld = in_force(), in_force({WEIGHTS: Access.WITHHELD}).case
    office.do(ACTS[effect], "olga", **office.notice(effect))
    opened = office.case
    for cases in ([opened, withheld], [withheld, opened]):
        judged = judge(cases, (), LATER)
        assert (judged.phase, judged.access[WEIGHTS]) == (Phase.CLOSED, Access.WITHHELD)
    both = [replace(opened, moved=opened.moved + DAY), replace(opened, number=2, issued=withheld.issued)]
    assert judge(both, (), LATER).access[WEIGHTS] is Access.WITHHELD
    mine, theirs = in_force(expires=NOON + DAY).case, replace(withheld, number=2, applicant="globex")
    assert judge([mine, theirs], (), LATER, mine.applicant).access[WEIGHTS] is Access.WITHHELD


def test_before_it_is_decided_an_owner_is_told_of_no_case_but_its_own():
    office = Office()
    office.file()
    mine = [case for case in [office.case] if case]
    theirs = [replace(case, number=2, applicant="globex") for case in mine]
    assert judge([*mine, *theirs], (), LATER, mine[0].applicant).case == 1
    assert judge(theirs, (), LATER, mine[0].applicant).case is None


def test_what_has_expired_is_closed():
    case = in_force(expires=NOON + DAY).case
    judged = judge([case], (), LATER)
    assert (judged.phase, judged.why) == (Phase.CLOSED, "it has expired")


def suspended():
    office = in_force(expires=NOON + 8 * DAY)
    office.suspend()
    return office


def test_an_applicant_who_withdraws_does_not_undo_a_suspension():
    office, other = suspended(), in_force().case
    office.do("withdraw", "acme", reason="We leave.")
    assert judge([office.case, other], (), LATER).phase is Phase.CLOSED
    assert revoked([office.case, other], LATER) is office.case


def test_a_recall_holds_though_the_applicant_had_withdrawn_before():
    office, other = in_force(), in_force().case
    office.do("withdraw", "acme", reason="We leave.")
    assert judge([office.case, other], (), LATER).phase is Phase.DECIDED
    office.recall()
    assert judge([office.case, other], (), LATER).why == "it was recalled"
    assert revoked([office.case, other], LATER) is office.case


def test_a_suspension_outlives_the_permit_that_it_met():
    office, other = suspended(), in_force().case
    office.wait(9 * DAY)
    office.do("expire", "clock")
    assert judge([office.case, other], (), LATER).why == "it was suspended"


def test_what_is_said_in_a_closed_case_closes_no_later_one():
    office, later = suspended(), replace(in_force().case, number=2, filed=NOON + DAY)
    office.wait(2 * DAY)
    office.do("appeal", "acme", against="decision", grounds="It is wrong.")
    assert judge([office.case, later], (), LATER).phase is Phase.DECIDED


def test_what_was_resumed_closes_nothing_more():
    office, other = suspended(), in_force().case
    office.resume()
    assert judge([office.case, other], (), NOON).phase is Phase.DECIDED
