"""The acts of a case, one after the other: what each does, and what it leaves as it was."""

from datetime import timedelta
from typing import Any

import pytest
from tests.authority.office import (
    APPEALS,
    APPLICANT,
    APPROVERS,
    CLOSED,
    DAY,
    DEPUTY,
    EXAMINER,
    GATED,
    LINE,
    NOON,
    OFFICER,
    OPEN,
    WITHHELD,
    Office,
    charter,
    conclude,
    decided,
    drafted,
    filed,
    holder,
    in_force,
    published,
    reviewed,
)

from brightline.authority.case import Issued, State
from brightline.authority.procedure import ACTS, replay
from brightline.authority.records import CLOCK
from brightline.permit.charter import Role
from brightline.permit.order import Effect
from brightline.permit.standing import Force
from brightline.permit.word import read_word
from brightline.release.component import JUDGED, Component

WEIGHTS_GATED = {Component.WEIGHTS: GATED}
SECOND = timedelta(seconds=1)
EVERYTHING_OPEN = dict.fromkeys(Component, OPEN)


def without_delay(**figures):
    return Office(charter(delay=0, **figures))


def vary(office, access, expect=None, **changed):
    """Another permit for the same release, up to its publication."""
    office.do("vary", OFFICER, reason="Evidence came in.")
    office.draft(access, **changed)
    conclude(office)
    office.publish()


def test_a_filing_is_tendered_with_the_line_as_it_stands():
    office = filed()
    case = office.case
    assert (case.state, case.line, case.filed) == (State.TENDERED, "lessig 1", NOON)
    assert office.access() == CLOSED


def test_an_incomplete_filing_goes_back_and_no_clock_has_run():
    office = filed()
    office.do("return", OFFICER, reason="The data is missing.")
    assert (office.case.state, office.case.due, office.case.running(office.at)) == (State.RETURNED, None, None)


def test_acceptance_starts_the_clock():
    office = filed(Office(charter(review_days=90)))
    office.accept()
    assert (office.case.state, office.case.due) == (State.ACCEPTED, NOON + 90 * DAY)
    assert office.case.running(NOON + 91 * DAY) == -DAY


def test_an_examination_is_kept_by_its_digest():
    office = reviewed(clearance="review")
    assert office.case.state is State.UNDER_REVIEW
    assert office.records.document(office.case.report) == b"a report: review"
    assert (office.case.clearance, office.case.examiners) == ("review", {EXAMINER})


def test_the_time_of_a_question_does_not_count():
    office = reviewed()
    due = office.case.due
    office.wait(10 * DAY)
    office.do("stop", OFFICER, question="On what was it trained?")
    office.wait(7 * DAY)
    assert office.case.running(office.at) == 80 * DAY
    office.do("restart", office.applicant, answer="On books.")
    assert (office.case.state, office.case.due, office.case.stopped) == (State.UNDER_REVIEW, due + 7 * DAY, None)
    assert office.case.questions == ("On what was it trained?",)
    assert office.case.running(office.at) == 80 * DAY


def test_a_question_before_the_examination_leads_back_to_the_review():
    office = filed()
    office.accept()
    office.do("stop", OFFICER, question="Whose data is it?")
    office.do("restart", OFFICER, answer="Ours.")
    office.examine()
    assert office.case.state is State.UNDER_REVIEW


def test_from_filing_to_open_weights():
    office = published()
    assert office.case.state is State.IN_FORCE
    assert office.access() == CLOSED
    assert office.access(DAY - SECOND) == CLOSED
    assert office.access(DAY) == EVERYTHING_OPEN
    permit = office.case.issued[0].draft.permit
    assert office.case.force(permit, office.at) is Force.WAITING
    assert office.case.force(permit, office.at + DAY) is Force.IN_FORCE


def test_what_can_be_undone_takes_one_approver_and_no_delay():
    office = drafted(access=dict.fromkeys(JUDGED, GATED))
    office.sign("carl")
    office.waive()
    office.decide()
    office.publish()
    assert office.access() == dict.fromkeys(JUDGED, GATED) | {Component.DOCUMENTATION: OPEN}


def test_a_permit_that_opens_only_source_takes_the_larger_quorum_too():
    office = drafted(access=dict.fromkeys(JUDGED, GATED) | {Component.SOURCE: OPEN})
    office.sign("carl")
    office.waive()
    assert office.say("decide", OFFICER).code == "THRESHOLD"


def test_a_permit_takes_effect_on_its_own_day_where_that_is_later_than_the_delay():
    office = published(effective=NOON + 30 * DAY)
    assert office.access(30 * DAY - SECOND) == CLOSED
    assert office.access(30 * DAY) == EVERYTHING_OPEN


def test_a_permit_from_the_past_still_waits_for_its_delay():
    office = published(effective=NOON - 365 * DAY)
    assert office.access(DAY - SECOND) == CLOSED


def test_a_draft_that_takes_nothing_away_has_no_hearing():
    office = drafted()
    assert (office.case.draft.adverse, office.case.draft.hearing_until) == (False, None)


def test_a_hearing_ends_when_it_is_waived():
    office = drafted(access=WEIGHTS_GATED)
    office.sign("ada", "bea")
    assert office.case.draft.hearing_until == NOON + 14 * DAY
    assert office.say("decide", OFFICER).code == "HEARING"
    office.waive()
    office.decide()
    assert (office.case.state, office.case.decided) == (State.DECIDED, office.at)


def test_a_hearing_ends_with_its_last_day():
    office = drafted(access=WEIGHTS_GATED)
    office.sign("ada", "bea")
    office.wait(14 * DAY - SECOND)
    assert office.say("decide", OFFICER).code == "HEARING"
    office.wait(SECOND)
    office.decide()
    assert office.case.state is State.DECIDED


def test_an_answer_that_waives_nothing_leaves_the_hearing_open():
    office = drafted(access=WEIGHTS_GATED)
    office.sign("ada", "bea")
    office.do("respond", office.applicant, text="The weights are harmless.", waive="yes")
    assert office.say("decide", OFFICER).code == "HEARING"


def test_a_waiver_is_not_taken_back_by_a_later_answer():
    office = drafted(access=WEIGHTS_GATED)
    office.waive()
    office.do("respond", office.applicant, text="One thing more.")
    assert office.case.draft.heard


def test_a_new_draft_is_signed_and_heard_anew():
    office = drafted(access=WEIGHTS_GATED)
    office.sign("ada", "bea")
    office.waive()
    office.wait(SECOND)
    office.draft(WEIGHTS_GATED)
    assert (office.case.draft.votes, office.case.draft.heard) == ((), False)
    assert office.say("decide", OFFICER).code == "THRESHOLD"


def test_a_dissent_stays_in_the_record_and_does_not_count():
    office = drafted()
    office.do("sign", "carl", **office.vote("carl", "The data was not looked at."))
    office.sign("ada")
    assert office.say("decide", OFFICER).code == "THRESHOLD"
    office.sign("bea")
    office.decide()
    office.publish()
    votes = {vote.holder: vote.dissent for vote in office.case.issued[0].draft.votes}
    assert votes == {"carl": "The data was not looked at.", "ada": None, "bea": None}


def test_a_second_vote_replaces_the_first():
    office = drafted()
    office.sign("ada", "bea", "ada")
    assert [vote.holder for vote in office.case.draft.votes] == ["bea", "ada"]
    office.do("sign", "bea", **office.vote("bea", "On reflection, no."))
    assert office.say("decide", OFFICER).code == "THRESHOLD"


def test_a_conflict_declared_after_the_vote_takes_the_vote_away():
    office = drafted()
    office.sign("ada", "bea")
    office.do("conflict", "bea", person="bea", text="My brother works there.")
    assert office.say("decide", OFFICER).code == "THRESHOLD"
    office.sign("carl")
    office.decide()
    assert office.case.conflicts == {"bea"}


def test_a_conflict_declared_after_the_decision_stops_the_publication():
    office = decided()
    office.do("conflict", OFFICER, person="ada", text="She holds shares.")
    assert office.say("publish", OFFICER, permit=office.case.draft.permit).code == "THRESHOLD"
    assert office.access(2 * DAY) == CLOSED


def test_a_new_charter_stops_a_publication_that_was_signed_under_the_old_one():
    office = decided()
    office.rotate()
    assert office.say("publish", OFFICER, permit=office.case.draft.permit).code == "THRESHOLD"


def test_a_new_charter_without_one_of_the_signers_stops_the_publication():
    office = Office(charter(more={"dora": holder("dora", Role.APPROVER)}))
    drafted(office)
    office.sign("ada", "dora")
    office.decide()
    office.rotate()
    assert "dora" not in office.charter.holders
    assert office.say("publish", OFFICER, permit=office.case.draft.permit).code == "THRESHOLD"


def test_a_variation_leaves_the_old_permit_in_force_until_the_new_one_takes_effect():
    office = in_force(access=dict.fromkeys(JUDGED, GATED))
    before = office.access()
    vary(office, None)
    old, new = (issued.draft.permit for issued in office.case.issued)
    assert (office.case.state, office.access(), office.access(DAY - SECOND)) == (State.VARIED, before, before)
    assert (office.case.force(old, office.at), office.case.force(new, office.at)) == (Force.IN_FORCE, Force.WAITING)
    office.wait(DAY)
    assert office.access() == EVERYTHING_OPEN
    assert (office.case.force(old, office.at), office.case.force(new, office.at)) == (Force.SUPERSEDED, Force.IN_FORCE)


@pytest.mark.parametrize("words", [0, 1, 2, 3, 4])
def test_the_old_permit_is_in_force_at_every_step_of_a_variation(words):
    office = in_force()
    steps = [
        lambda: office.do("vary", OFFICER, reason="Evidence came in."),
        lambda: office.draft(WEIGHTS_GATED),
        lambda: office.sign("ada", "bea"),
        office.waive,
        office.decide,
    ]
    for step in steps[: words + 1]:
        step()
    assert office.access() == EVERYTHING_OPEN


def test_a_permit_that_waits_is_overtaken_by_a_narrower_one_and_never_takes_effect():
    office = published(effective=NOON + 30 * DAY)
    vary(office, dict.fromkeys(JUDGED, WITHHELD))
    assert [office.access(days * DAY) for days in (0, 1, 30, 365)] == [CLOSED] * 4


def test_a_decision_that_is_not_published_can_be_varied():
    office = decided()
    office.do("vary", OFFICER, reason="Evidence came in.")
    assert (office.case.state, office.case.draft) == (State.UNDER_REVIEW, None)


def test_a_suspension_closes_at_once_and_a_resumption_gives_back_what_was_given():
    office = in_force(access=WEIGHTS_GATED)
    before = office.access()
    office.suspend()
    assert (office.case.state, office.access(), office.access(365 * DAY)) == (State.SUSPENDED, CLOSED, CLOSED)
    assert office.case.force(office.case.issued[0].draft.permit, office.at) is Force.SUSPENDED
    office.resume()
    assert (office.case.state, office.access()) == (State.IN_FORCE, before)


def test_a_resumption_does_not_shorten_the_delay():
    office = published()
    office.suspend()
    office.wait(timedelta(hours=1))
    office.resume()
    assert office.access() == CLOSED
    assert office.access(DAY - timedelta(hours=1)) == EVERYTHING_OPEN


def test_a_varied_case_is_varied_again_when_it_is_resumed():
    office = in_force()
    vary(office, WEIGHTS_GATED)
    office.suspend()
    office.resume()
    assert office.case.state is State.VARIED


def test_a_suspension_ends_a_question_that_was_open():
    office = in_force()
    office.do("vary", OFFICER, reason="Evidence came in.")
    office.do("stop", OFFICER, question="Is this yours?")
    office.suspend()
    office.resume()
    assert (office.case.state, office.case.stopped) == (State.UNDER_REVIEW, None)


def test_a_suspension_does_not_undo_what_was_under_way():
    """Two people decided to close the weights; an officer alone cannot make them forget it."""
    office = in_force()
    office.do("vary", OFFICER, reason="Evidence came in.")
    office.draft(CLOSED)
    for state in (State.DRAFTED, State.UNDER_REVIEW):
        assert office.case.state is state
        office.suspend()
        assert office.access() == CLOSED
        office.resume()
    assert office.case.state is State.UNDER_REVIEW
    office.suspend()
    office.resume()
    assert office.case.state is State.UNDER_REVIEW


def test_an_appeal_that_is_upheld_during_a_suspension_is_not_forgotten():
    office = in_force()
    office.do("appeal", APPLICANT, against="decision", grounds="It is wrong.")
    office.suspend()
    office.do("rule", APPEALS, outcome="upheld", text="It is.")
    assert office.case.state.value == "suspended"
    office.resume()
    assert office.case.state is State.UNDER_REVIEW


def test_a_decision_that_is_opened_again_has_a_clock_of_its_own():
    office = in_force()
    office.do("vary", OFFICER, reason="Evidence came in.")
    office.wait(91 * DAY)
    office.do("appeal", APPLICANT, against="delay", grounds="It takes too long.")


@pytest.mark.parametrize("by", ["acme", OFFICER])
def test_before_a_permit_is_out_either_side_withdraws_with_a_reason(by):
    office = drafted()
    office.do("withdraw", by, reason="It will not be released.")
    assert (office.case.state, office.case.draft) == (State.WITHDRAWN, None)


@pytest.mark.parametrize("by", [APPLICANT, OFFICER])
def test_afterwards_the_applicant_withdraws_and_the_office_with_an_officers_notice(by):
    office = in_force()
    if by == OFFICER:
        assert office.say("withdraw", by, reason="Enough.").code == "ILLEGIBLE"
        assert office.access() == EVERYTHING_OPEN
    office.do("withdraw", by, **(office.notice(Effect.WITHDRAWN) if by == OFFICER else {"reason": "Enough."}))
    assert (office.case.state, office.access()) == (State.WITHDRAWN, CLOSED)
    assert office.case.force(office.case.issued[0].draft.permit, office.at) is Force.WITHDRAWN


@pytest.mark.parametrize("before", ["in force", "suspended", "withdrawn", "expired"])
def test_a_recall_is_possible_whatever_happened_before(before):
    office = in_force(expires=NOON + 9 * DAY)
    if before == "suspended":
        office.suspend()
    if before == "withdrawn":
        office.do("withdraw", OFFICER, **office.notice(Effect.WITHDRAWN))
    if before == "expired":
        office.wait(9 * DAY)
        office.do("expire", CLOCK)
    assert office.case.state.value == before
    office.recall()
    assert (office.case.state, office.access()) == (State.RECALLED, CLOSED)
    assert office.case.force(office.case.issued[0].draft.permit, office.at) is Force.RECALLED


def test_a_permit_expires_by_time_alone_and_the_act_only_writes_it_down():
    office = in_force(expires=NOON + 9 * DAY)
    office.wait(8 * DAY - SECOND)
    assert office.access() == EVERYTHING_OPEN
    office.wait(SECOND)
    assert (office.case.state, office.access()) == (State.IN_FORCE, CLOSED)
    office.do("expire", CLOCK)
    assert (office.case.state, office.access()) == (State.EXPIRED, CLOSED)


def test_an_older_permit_does_not_come_back_when_the_newer_one_expires():
    office = in_force()
    vary(office, WEIGHTS_GATED, expires=office.at + 9 * DAY)
    assert office.access(DAY)[Component.WEIGHTS] is GATED
    assert office.access(9 * DAY) == CLOSED


@pytest.mark.parametrize("against", ["decision", "tier"])
def test_a_decision_and_its_tier_are_appealed_against_within_the_days_of_the_charter(against):
    office = in_force(access=WEIGHTS_GATED)
    office.at = NOON + 30 * DAY
    office.do("appeal", office.applicant, against=against, grounds="The figures are wrong.")
    assert [(one.against, one.outcome) for one in office.case.appeals] == [(against, None)]
    office.do("rule", APPEALS, outcome="upheld", text="They are.")
    assert office.case.appeals[0].outcome == "upheld"
    assert office.case.state is State.UNDER_REVIEW
    assert office.access()[Component.WEIGHTS] is GATED, "an appeal that is upheld widens nothing by itself"


def test_an_appeal_that_is_dismissed_leaves_the_case_as_it_was():
    office = in_force(access=WEIGHTS_GATED)
    office.do("appeal", office.applicant, against="decision", grounds="The figures are wrong.")
    office.do("rule", APPEALS, outcome="dismissed", text="They are right.")
    assert (office.case.state, office.case.appeals[0].outcome) == (State.IN_FORCE, "dismissed")


def test_an_appeal_is_lodged_again_once_the_first_was_heard():
    office = in_force(access=WEIGHTS_GATED)
    for outcome in ("dismissed", "upheld"):
        office.do("appeal", office.applicant, against="decision", grounds="The figures are wrong.")
        office.do("rule", APPEALS, outcome=outcome, text="So it is.")
    assert [one.outcome for one in office.case.appeals] == ["dismissed", "upheld"]


def test_the_failure_to_decide_in_time_can_be_appealed_against():
    office = reviewed(Office(charter(review_days=90)))
    office.wait(90 * DAY)
    assert office.say("appeal", office.applicant, against="delay", grounds="It is late.").code == "TOO-EARLY"
    office.wait(SECOND)
    office.do("appeal", office.applicant, against="delay", grounds="It is late.")
    office.do("rule", APPEALS, outcome="upheld", text="It is.")
    assert (office.case.state, office.case.appeals[0].outcome) == (State.UNDER_REVIEW, "upheld")


def test_while_the_clock_stands_nobody_is_late():
    office = reviewed()
    office.do("stop", OFFICER, question="On what was it trained?")
    office.wait(200 * DAY)
    assert office.say("appeal", office.applicant, against="delay", grounds="It is late.").code == "TOO-EARLY"


def test_the_applicant_asks_for_a_reassessment_half_a_year_after_the_decision():
    office = in_force()
    office.at = NOON + 182 * DAY
    office.do("reassess", office.applicant, grounds="Others have released more.")
    assert office.case.state is State.UNDER_REVIEW
    assert office.access() == EVERYTHING_OPEN


def test_an_officer_reassesses_at_any_time():
    office = in_force()
    office.do("reassess", OFFICER, grounds="An incident.")
    assert office.case.state is State.UNDER_REVIEW


MANY_HATS = {
    "exa": holder("exa", Role.APPROVER, Role.EXAMINER),
    "ora": holder("ora", Role.APPROVER, Role.OFFICER),
    "ava": holder("ava", Role.APPROVER, Role.APPEALS),
}


def many_hats():
    return Office(charter(more=MANY_HATS))


def test_who_examined_does_not_sign():
    office = filed(many_hats())
    office.accept()
    office.do("examine", "exa", **office.examination())
    office.draft()
    assert office.say("sign", "exa", **office.vote("exa")).code == "SEPARATION"


def test_who_drafted_does_not_sign():
    office = reviewed(many_hats())
    office.do("draft", "ora", permit=office.keep(office.permit()))
    assert office.say("sign", "ora", **office.vote("ora")).code == "SEPARATION"


def test_who_drafted_does_not_sign_when_somebody_else_says_the_draft_again():
    office = reviewed(many_hats())
    office.do("draft", "ora", permit=office.keep(office.permit()))
    office.draft()
    assert office.say("sign", "ora", **office.vote("ora")).code == "SEPARATION"


def test_who_wears_many_hats_signs_where_only_one_was_worn():
    office = drafted(many_hats())
    office.sign("exa", "ora")
    office.decide()
    assert office.case.state is State.DECIDED


@pytest.mark.parametrize("act", ["sign", "draft", "examine", "publish", "decide", "conflict", "rule"])
def test_an_applicant_who_holds_office_acts_as_the_applicant_only(act):
    every = holder("ada", Role.APPROVER, Role.OFFICER, Role.EXAMINER, Role.APPEALS)
    office = Office(charter(more={"ada": every, "dora": holder("dora", Role.APPROVER)}), applicant="ada")
    reviewed(office)
    office.draft()
    if act in {"draft", "examine"}:
        office.do("withdraw", "ada", reason="Once more.")
        office = reviewed(Office(office.charter, applicant="ada"))
    if act == "publish":
        office.sign("bea", "dora")
        office.decide()
    body = {
        "sign": lambda: office.vote("ada"),
        "draft": lambda: {"permit": office.keep(office.permit())},
        "examine": office.examination,
        "publish": lambda: {"permit": office.case.draft.permit},
        "conflict": lambda: {"person": "bea", "text": "She would say no."},
        "rule": lambda: {"outcome": "upheld", "text": "Yes."},
    }
    assert office.say(act, "ada", **body.get(act, dict)()).code == "ROLE"


@pytest.mark.parametrize("affiliation", ["acme", "ACME", "acme-labs", "Acme-Labs"])
def test_who_belongs_to_the_applicant_or_its_affiliates_does_not_sign(affiliation):
    office = drafted(Office(charter(more={"carl": holder("carl", Role.APPROVER, affiliations=("x", affiliation))})))
    assert office.say("sign", "carl", **office.vote("carl")).code == "ROLE"


def test_who_belongs_to_the_applicant_declares_it_and_nothing_else():
    office = drafted(Office(charter(more={"carl": holder("carl", Role.APPROVER, affiliations=("acme",))})))
    office.do("conflict", "carl", person="carl", text="I work there.")
    assert office.case.conflicts == {"carl"}


def test_a_holder_with_the_applicants_name_in_other_letters_is_the_applicant():
    office = drafted(Office(charter(more={"dora": holder("dora", Role.APPROVER)}), applicant="Dora"))
    refusal = office.say("sign", "dora", **office.vote("dora"))
    assert (refusal.code, "a party to case" in refusal.sentence) == ("ROLE", True)


@pytest.mark.parametrize("took_part", ["drafted", "signed", "dissented", "examined", "drafted once", "signed once"])
def test_who_took_part_in_the_decision_does_not_rule_on_the_appeal(took_part):
    roles = (Role.APPROVER, Role.OFFICER, Role.EXAMINER, Role.APPEALS)
    office = filed(Office(charter(more={"ava": holder("ava", *roles)})))
    office.accept()
    office.do("examine", "ava" if took_part == "examined" else EXAMINER, **office.examination())
    office.do("draft", "ava" if "drafted" in took_part else OFFICER, permit=office.keep(office.permit()))
    if took_part == "dissented":
        office.do("sign", "ava", **office.vote("ava", "No."))
    office.sign("ada", "bea", *(["ava"] if "signed" in took_part else []))
    office.decide()
    office.do("appeal", office.applicant, against="decision", grounds="It is wrong.")
    if "once" in took_part:
        office.do("vary", DEPUTY, reason="Evidence came in.")
    assert office.say("rule", "ava", outcome="dismissed", text="It is right.").code == "SEPARATION"
    office.do("rule", APPEALS, outcome="dismissed", text="It is right.")


def test_the_line_is_pinned_at_filing():
    office = reviewed(line_digest="sha256:" + "2" * 64)
    refusal = office.say("draft", OFFICER, permit=office.keep(office.permit()))
    assert refusal.code == "OTHER-LINE"


BASE = "sha256:" + "b" * 64


@pytest.mark.parametrize(
    ("weights", "code"), [(OPEN, "TOO-OPEN"), (GATED, None), (WITHHELD, None)], ids=["open", "gated", "withheld"]
)
def test_a_derivative_is_never_more_open_than_its_base(weights, code):
    office = reviewed(base=BASE)
    base = dict.fromkeys((part.value for part in JUDGED), "open") | {"weights": "gated"}
    permit = office.keep(office.permit({Component.WEIGHTS: weights}))
    refusal = office.say("draft", OFFICER, permit=permit, base_access=base)
    assert (refusal and refusal.code) == code


@pytest.mark.parametrize("base", [None, {}, "open", {"weights": ["open"]}, {"weights": "Open"}])
def test_a_base_of_which_nothing_is_known_opens_nothing(base):
    office = reviewed(base=BASE)
    permit = office.keep(office.permit(dict.fromkeys(JUDGED, WITHHELD) | {Component.WEIGHTS: OPEN}))
    assert office.say("draft", OFFICER, permit=permit, base_access=base).code == "TOO-OPEN"
    assert office.say("draft", OFFICER, permit=office.keep(office.permit(CLOSED)), base_access=base) is None


def test_what_the_inspection_blocks_is_not_opened():
    office = reviewed(clearance="block")
    permit = office.permit(dict.fromkeys(JUDGED, WITHHELD) | {Component.SOFTWARE: GATED})
    assert office.say("draft", OFFICER, permit=office.keep(permit)).code == "TOO-OPEN"
    office.draft(CLOSED)
    assert office.case.state is State.DRAFTED


def test_what_the_line_withholds_is_not_opened():
    office = reviewed()
    held = office.permit(WEIGHTS_GATED).determination
    assert office.say("draft", OFFICER, permit=office.keep(office.permit(determination=held))).code == "TOO-OPEN"
    assert office.say("draft", OFFICER, permit=office.keep(office.permit(CLOSED, determination=held))) is None


def finished():
    """A case in which every act was done that leaves it alive, and some twice."""
    office = filed()
    office.accept()
    office.do("stop", OFFICER, question="On what was it trained?")
    office.wait(3 * DAY)
    office.do("restart", office.applicant, answer="On books.")
    office.examine()
    office.draft(WEIGHTS_GATED)
    office.do("conflict", "carl", person="carl", text="I know them.")
    conclude(office)
    office.publish()
    office.wait(2 * DAY)
    office.do("appeal", office.applicant, against="decision", grounds="It is wrong.")
    office.do("rule", APPEALS, outcome="dismissed", text="It is right.")
    office.suspend()
    office.wait(DAY)
    office.resume()
    vary(office, None)
    office.wait(200 * DAY)
    office.do("reassess", office.applicant, grounds="Others have released more.")
    office.draft(expires=office.at + 9 * DAY)
    conclude(office)
    office.publish()
    office.wait(9 * DAY)
    office.do("expire", CLOCK)
    office.recall()
    return office


def test_the_words_of_the_log_lead_to_the_same_case():
    office = finished()
    heard = [read_word(word.entry()) for word in office.words]
    assert replay(heard, office.records) == office.case
    assert {word.act for word in heard} == {"file", *ACTS} - {"return", "withdraw"}


def test_the_words_lead_to_the_same_case_at_every_step():
    office = finished()
    again = Office(office.charter)
    again.records = office.records
    for count, word in enumerate(office.words, 1):
        assert again.hear(word) is None
        assert replay(office.words[:count], office.records) == again.case


def test_a_log_with_a_word_that_was_never_allowed_is_broken():
    office = in_force()
    signing = next(index for index, word in enumerate(office.words) if word.act == "sign")
    with pytest.raises(ValueError, match=r"decide at .*1 of 2 approvers have signed"):
        replay(office.words[:signing] + office.words[signing + 1 :], office.records)


def test_no_words_are_no_case():
    assert replay([], Office().records) is None


def test_a_permit_that_is_none_of_the_cases_has_no_force():
    with pytest.raises(KeyError):
        in_force().case.force("sha256:" + "0" * 64, NOON)


def test_the_case_of_a_published_permit_says_when_it_takes_effect():
    office = published()
    assert [type(issued) for issued in office.case.issued] == [Issued]
    assert office.case.issued[0].effective == NOON + DAY
    assert office.case.current(NOON + DAY - SECOND) is None


def test_a_base_that_was_narrowed_since_the_draft_stops_the_publication():
    office = reviewed(base=BASE)
    base = dict.fromkeys((part.value for part in JUDGED), "open")
    office.do("draft", OFFICER, permit=office.keep(office.permit()), base_access=base)
    for name in APPROVERS[:2]:
        office.do("sign", name, **office.vote(name))
    office.do("decide", OFFICER)
    permit = office.case.draft.permit
    for now in (None, {}, base | {"weights": "gated"}):
        assert office.say("publish", OFFICER, permit=permit, base_access=now).code == "TOO-OPEN"
    office.do("publish", OFFICER, permit=permit, base_access=base)


@pytest.mark.parametrize("name", [OFFICER, "ADA", "ａｄａ"])
def test_an_applicant_does_not_choose_who_may_judge_it(name):
    office = Office()
    body: dict[str, Any] = {
        "affiliates": [name],
        "applicant": APPLICANT,
        "title": "t",
        "manifest": "sha256:" + "0" * 64,
    }
    body |= {"line": "lessig 1", "line_digest": LINE, "base": None}
    assert office.say("file", APPLICANT, **body).code == "PARTY"


@pytest.mark.parametrize(("key", "value"), [("title", "a\0b"), ("title", "x" * 401), ("applicant", "x" * 201)])
def test_what_no_database_could_keep_is_refused(key, value):
    office = Office(applicant=value if key == "applicant" else APPLICANT)
    body: dict[str, Any] = {
        "affiliates": [],
        "applicant": office.applicant,
        "title": "t",
        "manifest": "sha256:" + "0" * 64,
    }
    body |= {"line": "lessig 1", "line_digest": LINE, "base": None, key: value}
    assert office.say("file", office.applicant, **body).code == "ILLEGIBLE"
