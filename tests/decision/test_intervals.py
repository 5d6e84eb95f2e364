"""Every operation keeps inclusion: from less is never concluded more."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brightline.decision import intervals
from brightline.decision.determination import Verdict
from brightline.decision.expression import COMPARISONS
from brightline.release.quantity import Interval

ENDS = st.one_of(st.sampled_from([-math.inf, -1.0, 0.0, 1.0, math.inf, 1e300]), st.floats(allow_nan=False))
PAIRS = st.tuples(ENDS, ENDS).map(lambda ends: Interval(min(ends), max(ends)))
NESTED = st.lists(ENDS, min_size=4, max_size=4).map(sorted).map(lambda e: (Interval(e[1], e[2]), Interval(e[0], e[3])))
OPERATIONS = [intervals.add, intervals.subtract, intervals.multiply, intervals.divide]


@pytest.mark.parametrize("operation", OPERATIONS)
@given(left=NESTED, right=NESTED)
def test_wider_operands_give_a_wider_result(operation, left, right):
    narrow, wide = operation(left[0], right[0]), operation(left[1], right[1])
    if wide is not None:
        assert narrow is not None
        assert wide.contains(narrow)


@pytest.mark.parametrize("operator", COMPARISONS)
@given(left=NESTED, right=NESTED)
def test_a_wider_comparison_decides_only_what_the_narrow_one_decided(operator, left, right):
    narrow = intervals.compare(operator, left[0], right[0])
    wide = intervals.compare(operator, left[1], right[1])
    assert wide in (narrow, Verdict.STRADDLES)


@given(PAIRS, PAIRS, st.data())
def test_a_comparison_speaks_for_every_pair_of_points(left, right, data):
    operator = data.draw(st.sampled_from(COMPARISONS))
    one = data.draw(st.floats(left.low, left.high, allow_nan=False))
    other = data.draw(st.floats(right.low, right.high, allow_nan=False))
    of_points = intervals.compare(operator, Interval.point(one), Interval.point(other))
    assert of_points is not Verdict.STRADDLES
    assert intervals.compare(operator, left, right) in (of_points, Verdict.STRADDLES)


def test_zero_times_no_bound_is_zero():
    assert intervals.multiply(Interval.point(0), Interval(0, math.inf)) == Interval.point(0)


def test_division_by_what_may_be_zero_tells_nothing():
    assert intervals.divide(Interval.point(1), Interval(-1, 1)) is None


def test_a_threshold_is_not_over_itself():
    assert intervals.compare(">", Interval.point(1), Interval.point(1)) is Verdict.NOT_MET
    assert intervals.compare(">=", Interval.point(1), Interval.point(1)) is Verdict.MET


@pytest.mark.parametrize(
    ("possible", "verdict"),
    [(("a",), Verdict.MET), (("a", "b"), Verdict.MET), (("c",), Verdict.NOT_MET), (("a", "c"), Verdict.STRADDLES)],
)
def test_a_word_is_surely_possibly_or_never_among_the_options(possible, verdict):
    assert intervals.contains(("a", "b"), possible) is verdict


@given(st.lists(st.sampled_from(list(Verdict)), min_size=1, max_size=4))
def test_de_morgan_holds(verdicts):
    negated = [intervals.negation(verdict) for verdict in verdicts]
    assert intervals.negation(intervals.conjunction(verdicts)) is intervals.disjunction(negated)


def test_one_sure_operand_decides_and_doubt_does_not():
    assert intervals.conjunction([Verdict.UNKNOWN, Verdict.NOT_MET]) is Verdict.NOT_MET
    assert intervals.disjunction([Verdict.UNKNOWN, Verdict.MET]) is Verdict.MET
    assert intervals.conjunction([Verdict.STRADDLES, Verdict.MET]) is Verdict.STRADDLES
