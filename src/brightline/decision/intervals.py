"""Arithmetic, comparison and logic over intervals. Widening an operand never narrows a result: Law 2 stands on this.

An infinite end stands for a figure without a known bound, so 0 * inf and inf / inf are 0 here, where IEEE has no number.
Rounding keeps its order (IEEE 754 rounds monotonically), so it cannot break the inclusion either.
"""

import math
from collections.abc import Iterable

from brightline.decision.determination import Verdict
from brightline.release.quantity import Interval


def add(left: Interval, right: Interval) -> Interval:
    return _sum(left.low, left.high, right.low, right.high)


def subtract(left: Interval, right: Interval) -> Interval:
    return _sum(left.low, left.high, -right.high, -right.low)


def _sum(low: float, high: float, other_low: float, other_high: float) -> Interval:
    """What inf - inf gives can be anything."""
    lowest, highest = low + other_low, high + other_high
    return Interval(-math.inf if math.isnan(lowest) else lowest, math.inf if math.isnan(highest) else highest)


def multiply(left: Interval, right: Interval) -> Interval:
    return _corners(a * b for a in (left.low, left.high) for b in (right.low, right.high))


def divide(left: Interval, right: Interval) -> Interval | None:
    """None where the divisor may be 0: then nothing is known of the quotient."""
    if right.low <= 0 <= right.high:
        return None
    return _corners(a / b for a in (left.low, left.high) for b in (right.low, right.high))


def _corners(values: Iterable[float]) -> Interval:
    corners = [0.0 if math.isnan(value) else value for value in values]
    return Interval(min(corners), max(corners))


def compare(operator: str, left: Interval, right: Interval) -> Verdict:
    """`met` if it holds for every pair of values, `not met` if for none, else `straddles`."""
    match operator:
        case ">":
            return _graded(left.low > right.high, left.high <= right.low)
        case ">=":
            return _graded(left.low >= right.high, left.high < right.low)
        case "<":
            return _graded(left.high < right.low, left.low >= right.high)
        case "<=":
            return _graded(left.high <= right.low, left.low > right.high)
        case "==":
            return _graded(left.exact and left == right, left.meet(right) is None)
        case _:
            raise ValueError(f"{operator!r} compares nothing")


def contains(options: tuple[str, ...], possible: tuple[str, ...]) -> Verdict:
    """Whether a word out of `possible` is one of `options`. Raises ValueError if nothing is possible."""
    if not possible:
        raise ValueError("a categorical fact has at least one possible word")
    inside = [word in options for word in possible]
    return _graded(all(inside), not any(inside))


def _graded(always: bool, never: bool) -> Verdict:
    if always:
        return Verdict.MET
    return Verdict.NOT_MET if never else Verdict.STRADDLES


_CONJUNCTION = (Verdict.NOT_MET, Verdict.UNKNOWN, Verdict.STRADDLES, Verdict.MET)
_DISJUNCTION = (Verdict.MET, Verdict.UNKNOWN, Verdict.STRADDLES, Verdict.NOT_MET)


def conjunction(verdicts: Iterable[Verdict]) -> Verdict:
    """Kleene's `and`; of the two doubts, `unknown` names the graver lack."""
    return min(verdicts, key=_CONJUNCTION.index)


def disjunction(verdicts: Iterable[Verdict]) -> Verdict:
    return min(verdicts, key=_DISJUNCTION.index)


def negation(verdict: Verdict) -> Verdict:
    match verdict:
        case Verdict.MET:
            return Verdict.NOT_MET
        case Verdict.NOT_MET:
            return Verdict.MET
        case Verdict.STRADDLES | Verdict.UNKNOWN:
            return verdict
