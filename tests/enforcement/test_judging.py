"""What the cases about some bytes amount to: revocation wins, and the most closed word stands."""

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.authority.office import CLOSED, DAY, NOON, Office, charter

from brightline.authority.case import Issued, State
from brightline.decision.access import Access
from brightline.enforcement.access import Caller, Phase, refused
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


def test_what_was_closed_before_it_took_effect_is_shown_to_nobody():
    """The delay is there for second thoughts: these must not tell what the permit itself did not tell yet."""
    for effect, act in ACTS.items():
        office = in_force(effective=NOON + 3 * DAY)
        office.wait(DAY)
        office.do(act, "olga", **office.notice(effect))
        assert judge([office.case], (), LATER).phase is Phase.QUARANTINE
        if effect is Effect.SUSPENDED:
            office.wait(4 * DAY)
            office.recall()
            assert judge([office.case], (), LATER).phase is Phase.QUARANTINE
    office = in_force(effective=NOON + 3 * DAY)
    office.do("withdraw", "acme", reason="We leave.")
    assert judge([office.case], (), LATER).phase is Phase.QUARANTINE
    expired = in_force(expires=NOON + DAY).case
    delayed = replace(expired, issued=(replace(expired.issued[0], effective=NOON + 2 * DAY),))
    assert judge([delayed], (), LATER).phase is Phase.QUARANTINE, "it expired within its delay"
    recalled = in_force()
    recalled.recall()
    waiting = replace(in_force(effective=LATER + DAY).case, number=2, applicant="globex")
    assert judge([recalled.case, waiting], (), LATER, "globex").phase is Phase.QUARANTINE


def test_a_case_in_force_counts_whichever_other_one_was_closed_meanwhile():
    withheld, office = in_force({WEIGHTS: Access.WITHHELD}).case, in_force()
    opened = replace(office.case, number=3, filed=NOON + DAY)
    office.recall()
    for cases in ([withheld, opened], [withheld, office.case, opened]):
        judged = judge(cases, (), LATER)
        assert (judged.phase, judged.access[WEIGHTS]) == (Phase.DECIDED, Access.WITHHELD)


ACCESSES = st.sampled_from(list(Access))
CALLERS = [
    Caller(),
    Caller("ann", accepted=True, vetted_until=LATER + DAY),
    Caller("acme", owner=True, accepted=True),
    Caller("globex"),
]


@cache
def issued():
    return in_force().case


@st.composite
def cases_about_one_release(draw, most=4):
    """Whatever can have become of a case: words are at whole days, so that they meet one another."""
    days = st.integers(0, 8).map(lambda day: NOON + day * DAY)
    made = []
    for number in range(1, draw(st.integers(1, most)) + 1):
        filed, base = draw(days), issued()
        permits: list[Issued] = []
        for _ in range(draw(st.integers(1, 2))):
            expires = draw(st.none() | days)
            access = {part: draw(ACCESSES) for part in JUDGED} | {Component.DOCUMENTATION: Access.OPEN}
            drafted = replace(base.issued[0].draft, permit=f"{number}.{len(permits)}", access=access, expires=expires)
            permits.append(Issued(drafted, filed, max(filed, draw(days | st.just(LATER + DAY)))))
        case = replace(base, number=number, applicant=draw(st.sampled_from(["acme", "globex"])), filed=filed)
        case = replace(case, issued=tuple(permits), state=State.VARIED if len(permits) > 1 else State.IN_FORCE)
        end = draw(st.sampled_from(["", "", "suspended", "recalled", "withdrawn", "left", "left and recalled"]))
        made.append(ended(case, end, max(filed, draw(days))))
    return made


def ended(case, how, at):
    states = {"suspended": State.SUSPENDED, "recalled": State.RECALLED, "withdrawn": State.WITHDRAWN}
    match how:
        case "":
            return case
        case "left":
            return replace(case, state=State.WITHDRAWN, left=True, halted=at)
        case "left and recalled":
            return replace(case, state=State.RECALLED, left=True, halted=at, closed=at + DAY)
        case _:
            return replace(case, state=states[how], halted=case.halted or at, closed=at)


def closedness(cases, at, owner):
    """What each caller gets of each component: the bytes, a reason, or nothing at all."""
    judged, found = judge(cases, (), at, owner), []
    for caller in CALLERS:
        for part in Component:
            denial = refused(part, judged, replace(caller, owner=caller.name == owner), at)
            found.append(0 if denial is None else 2 if denial.hidden else 1)
    return found


def no_more_open(before, after):
    return all(one <= other for one, other in zip(before, after, strict=True))


@given(cases_about_one_release(), st.data())
def test_a_closing_opens_nothing_and_shows_nothing_that_was_hidden(cases, data):
    at, owner = LATER, data.draw(st.sampled_from([None, "acme", "globex"]))
    one = data.draw(st.sampled_from(cases))
    how = data.draw(st.sampled_from(["suspended", "recalled", "withdrawn"]))
    closed = [ended(one, how, at) if case is one else case for case in cases]
    assert no_more_open(closedness(cases, at, owner), closedness(closed, at, owner))
    assert revoked(closed, at) is not None


@given(cases_about_one_release(), cases_about_one_release(most=1), st.data())
def test_what_is_said_in_anothers_case_opens_nothing_and_shows_nothing_that_was_hidden(cases, more, data):
    (one,), owner = more, data.draw(st.sampled_from(["acme", "globex"]))
    decided = judge(cases, (), LATER, owner).phase is Phase.DECIDED
    if one.applicant == owner and not decided:
        return
    before = closedness(cases, LATER, owner)
    assert no_more_open(before, closedness([*cases, replace(one, number=9)], LATER, owner))


@given(cases_about_one_release(), st.data())
def test_a_narrower_word_opens_nothing_and_shows_nothing_that_was_hidden(cases, data):
    owner, one = data.draw(st.sampled_from([None, "acme", "globex"])), data.draw(st.sampled_from(cases))
    part, access = data.draw(st.sampled_from(sorted(JUDGED))), data.draw(ACCESSES)

    def narrowed(kept):
        narrow = max(kept.draft.access[part], access, key=lambda access: access.rank)
        return replace(kept, draft=replace(kept.draft, access={**kept.draft.access, part: narrow}))

    narrow = tuple(map(narrowed, one.issued))
    changed = [replace(case, issued=narrow) if case is one else case for case in cases]
    assert no_more_open(closedness(cases, LATER, owner), closedness(changed, LATER, owner))
