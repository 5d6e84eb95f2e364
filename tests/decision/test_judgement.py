"""What counts as a figure, what is said of it, and what is asked for."""

from dataclasses import replace
from datetime import date

import pytest

from brightline.decision.determination import Verdict
from brightline.decision.judgement import determine
from brightline.decision.phrases import figure, number
from brightline.decision.questions import certifying
from brightline.evaluation.evidence import Elicitation
from brightline.release.quantity import Interval, Provenance

DAY = date(2026, 11, 23)
ATTACK = "safeguards/attack-success"


def judged(line, facts, pieces, criterion="safeguards-inadequate", **options):
    determination = determine(line, facts, pieces, DAY, **options)
    [found] = [one for one in determination.criteria if one.identity == criterion]
    return found


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"expiry": date(2026, 11, 22)}, "it expired on 2026-11-22"),
        ({"issued": date(2026, 11, 24)}, "after the day"),
        ({"provenance": Provenance.DECLARED}, "only declared does not count"),
        ({"unit": "ratio"}, "it is in ratio, not in fraction"),
        ({"unit": "apples"}, "it is in apples"),
        ({"safeguards": "off"}, "its safeguards is off, not on"),
    ],
)
def test_evidence_that_does_not_count_is_set_aside_and_said(lines, shown, fields, sentence):
    found = judged(lines["lessig"], {}, [shown(ATTACK, 0, 0.01, **fields)])
    assert found.verdict is Verdict.UNKNOWN
    assert sentence in found.explanation


def test_evidence_counts_on_its_last_day(lines, shown):
    found = judged(lines["lessig"], {}, [shown(ATTACK, 0, 0.01, expiry=DAY, issued=DAY)])
    assert found.verdict is Verdict.NOT_MET


def test_evidence_of_another_release_does_not_count(lines, shown):
    piece = replace(shown(ATTACK, 0, 0.01), subject="sha256:" + "0" * 64)
    assert judged(lines["lessig"], {}, [piece]).verdict is Verdict.UNKNOWN
    assert judged(lines["lessig"], {}, [piece], subject=piece.subject).verdict is Verdict.NOT_MET


def test_evidence_without_elicitation_can_show_danger_and_never_safety(lines, shown):
    idle = Elicitation("none")
    assert judged(lines["lessig"], {}, [shown(ATTACK, 0, 0.01, elicitation=idle)]).verdict is Verdict.STRADDLES
    assert judged(lines["lessig"], {}, [shown(ATTACK, 0.2, 0.3, elicitation=idle)]).verdict is Verdict.MET


def test_pieces_that_agree_sharpen_one_another_and_pieces_that_do_not_are_a_question(lines, known, shown):
    facts = known(parameters=405e9, training_compute=3.8e25)
    agreeing = [shown(ATTACK, 0, 0.3), shown(ATTACK, 0.05, 0.08, evaluator="other")]
    assert judged(lines["lessig"], facts, agreeing).value == Interval(0.05, 0.08)
    contradicting = [shown(ATTACK, 0, 0.05), shown(ATTACK, 0.3, 0.4, evaluator="other")]
    determination = determine(lines["lessig"], facts, contradicting, DAY)
    assert (determination.tier, determination.settled) == ("inadequate", False)
    [question] = determination.open_questions
    assert "institute and other contradict" in question.settled_by


def test_a_declared_size_does_not_count_as_the_size_of_the_weights(lines, known):
    facts = known(parameters=1e6, training_compute=1e22)
    facts["parameters"] = replace(facts["parameters"], provenance=Provenance.DECLARED)
    found = judged(lines["lessig"], facts, [], "size-high")
    assert found.verdict is Verdict.UNKNOWN
    assert "only declared does not count" in found.explanation


def test_a_fact_in_a_strange_unit_is_no_figure(lines, known):
    facts = known(training_compute=1e22)
    facts["training_compute"] = replace(facts["training_compute"], unit="token")
    assert judged(lines["lessig"], facts, [], "compute-high").verdict is Verdict.UNKNOWN


def test_a_straddle_is_asked_to_be_narrowed(lines, known):
    determination = determine(lines["kr-ai-basic"], known(training_compute=(8e25, 2e26)), [], DAY)
    [question] = determination.open_questions
    assert question.settled_by == "narrow training_compute, now 8e25 to 2e26 FLOP, to one side of 1e26 FLOP"


def test_questions_come_only_where_an_answer_matters(lines, known):
    small = determine(lines["lessig"], known(parameters=134.5e6), [], DAY)
    assert [question.criterion for question in small.open_questions] == ["compute-alert"]
    assert "declare the training tokens" in small.open_questions[0].settled_by


def test_what_was_assumed_is_said_with_what_follows(lines, known):
    [sentence] = determine(lines["lessig"], known(parameters=134.5e6), [], DAY).assumptions
    assert "60000 token/parameter" in sentence
    assert "size-high is not met" in sentence


def test_value_and_threshold_are_given_where_one_comparison_is_made(lines, known):
    found = judged(lines["lessig"], known(training_compute=(1e22, 2e22)), [], "compute-high")
    assert (found.value, found.unit, found.threshold) == (Interval(1e22, 2e22), "FLOP", "> 1e25 FLOP")
    assert found.provenance is Provenance.DECLARED
    assert found.source.startswith("EU-SR: ")


@pytest.mark.parametrize(("share", "items"), [(0.10, 37), (0.05, 74), (0.02, 185), (0.01, 369)])
def test_items_that_certify_without_a_hit(share, items):
    assert certifying(share) == items


def test_items_for_other_shares_lie_between_the_known_ones():
    assert 74 < certifying(0.03) < 185


@pytest.mark.parametrize(
    ("value", "text"),
    [(1e25, "1e25"), (134515008.0, "135000000"), (0.05, "0.05"), (0, "0"), (60_000, "60000"), (1.5e-7, "1.5e-7"), (float("inf"), "infinity")],
)  # fmt: skip
def test_numbers_are_written_in_three_digits(value, text):
    assert number(value) == text


def test_intervals_are_written_with_their_unit():
    assert figure(Interval(8e24, 2e25), "FLOP") == "8e24 to 2e25 FLOP"
    assert figure(Interval(3, float("inf")), "token") == "at least 3 token"
    assert figure(("text", "image"), "") == "text or image"
