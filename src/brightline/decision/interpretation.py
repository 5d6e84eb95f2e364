"""What an expression says, given what is known. None stands for a figure that is not known."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from brightline.decision import intervals
from brightline.decision.determination import Verdict
from brightline.decision.expression import (
    Arithmetic,
    Comparison,
    EvidenceTerm,
    Expression,
    Junction,
    Membership,
    Name,
    Negation,
    Number,
)
from brightline.release.quantity import Interval

Value = Interval | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What the names of an expression stand for. A name that is absent, or None, is not known."""

    facts: Mapping[str, Value | None] = field(default_factory=dict)  # facts and assumptions
    evidence: Mapping[str, Interval | None] = field(default_factory=dict)
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)  # criteria, for a tier's expression


def quantity(expression: Expression, known: Known) -> Interval | None:
    """The interval of a quantity. Raises ValueError for an expression that is a condition; the check of a line finds these."""
    match expression:
        case Number():
            return Interval.point(expression.value)
        case Name():
            value = known.facts.get(expression.name)
            return value if isinstance(value, Interval) else None
        case EvidenceTerm():
            return known.evidence.get(expression.identity)
        case Arithmetic():
            left, right = quantity(expression.left, known), quantity(expression.right, known)
            return None if left is None or right is None else _calculate(expression.operator, left, right)
        case Comparison() | Membership() | Junction() | Negation():
            raise ValueError("a condition has no value")


def _calculate(operator: str, left: Interval, right: Interval) -> Interval | None:
    match operator:
        case "+":
            return intervals.add(left, right)
        case "-":
            return intervals.subtract(left, right)
        case "*":
            return intervals.multiply(left, right)
        case _:
            return intervals.divide(left, right)


def verdict(expression: Expression, known: Known) -> Verdict:
    """Whether a condition holds. Raises ValueError for an expression that is a quantity."""
    match expression:
        case Name():
            return known.verdicts.get(expression.name, Verdict.UNKNOWN)
        case Comparison():
            left, right = quantity(expression.left, known), quantity(expression.right, known)
            return (
                Verdict.UNKNOWN
                if left is None or right is None
                else intervals.compare(expression.operator, left, right)
            )
        case Membership():
            possible = known.facts.get(expression.name)
            return intervals.contains(expression.options, possible) if isinstance(possible, tuple) else Verdict.UNKNOWN
        case Junction():
            combine = intervals.conjunction if expression.word == "and" else intervals.disjunction
            return combine([verdict(operand, known) for operand in expression.operands])
        case Negation():
            return intervals.negation(verdict(expression.operand, known))
        case Number() | EvidenceTerm() | Arithmetic():
            raise ValueError("a quantity is neither met nor not met")


def decisive(expression: Expression, known: Known) -> Iterator[Expression]:
    """The smallest conditions inside that make the whole what it is: those that decide it, or those whose doubt it shares."""
    decided = _decided(verdict(expression, known))
    match expression:
        case Junction():
            for operand in expression.operands:
                if _decided(verdict(operand, known)) is decided:
                    yield from decisive(operand, known)
        case Negation():
            yield from decisive(expression.operand, known)
        case _:
            yield expression


def _decided(result: Verdict) -> Verdict | None:
    """The verdict itself, or None for either doubt."""
    return result if result in (Verdict.MET, Verdict.NOT_MET) else None


def doubts(expression: Expression, known: Known) -> Iterator[Expression]:
    """The smallest conditions inside whose doubt leaves the whole in doubt; nothing where the whole is decided."""
    if _decided(verdict(expression, known)) is None:
        yield from decisive(expression, known)
