"""What an expression yields, found without evaluating it: so a line's mistakes show before any release is judged."""

import difflib
from collections.abc import Collection, Iterable, Mapping

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
    evidence_terms,
    names,
)
from brightline.decision.units import ONE, Unit


class IllTyped(ValueError):
    """The expression is well written but means nothing. The text is a sentence for the line's author."""


def check_criterion(expression: Expression, units: Mapping[str, Unit | None]) -> dict[str, Unit]:
    """Check a criterion over facts and assumptions (name -> unit, None for a category).

    Returns the unit in which each evidence term is wanted: that of the other side of its comparison. Raises IllTyped.
    """
    if not names(expression) and not evidence_terms(expression):
        raise IllTyped("a criterion asks about at least one fact or piece of evidence")
    wanted: dict[str, Unit] = {}
    _condition(expression, units, wanted)
    return wanted


def compared_unit(expression: Expression, units: Mapping[str, Unit | None]) -> Unit:
    """The unit of the two sides of a comparison; none for any other condition. The expression was checked before."""
    if not isinstance(expression, Comparison):
        return ONE
    side = expression.right if isinstance(expression.left, EvidenceTerm) else expression.left
    return _unit(side, units)


def check_tier(expression: Expression, criteria: Collection[str]) -> None:
    """Check a tier: criteria joined by and, or, not. Raises IllTyped."""
    match expression:
        case Name():
            if expression.name not in criteria:
                raise IllTyped(_stranger(expression.name, "criterion of this line", criteria))
        case Junction():
            for operand in expression.operands:
                check_tier(operand, criteria)
        case Negation():
            check_tier(expression.operand, criteria)
        case _:
            raise IllTyped("a tier joins criteria with and, or, not; figures are compared in criteria")


def _condition(expression: Expression, units: Mapping[str, Unit | None], wanted: dict[str, Unit]) -> None:
    match expression:
        case Comparison():
            _comparison(expression, units, wanted)
        case Membership():
            if _looked_up(expression.name, units) is not None:
                raise IllTyped(f"{expression.name} is a quantity: compare it with a number; `in` asks about words")
        case Junction():
            for operand in expression.operands:
                _condition(operand, units, wanted)
        case Negation():
            _condition(expression.operand, units, wanted)
        case Number() | Name() | EvidenceTerm() | Arithmetic():
            raise IllTyped("this is a quantity, not a condition: compare it with a threshold")


def _comparison(expression: Comparison, units: Mapping[str, Unit | None], wanted: dict[str, Unit]) -> None:
    left, right = expression.left, expression.right
    if isinstance(right, EvidenceTerm):
        left, right = right, left
    if isinstance(left, EvidenceTerm):
        unit = _unit(right, units)
        if wanted.setdefault(left.identity, unit) != unit:
            raise IllTyped(f"evidence of {left.identity} is compared in {wanted[left.identity]} and in {unit}")
        return
    of_left, of_right = _unit(left, units), _unit(right, units)
    if of_left != of_right:
        raise IllTyped(f"{_article(of_left)} is compared with {_article(of_right)}")


def _unit(expression: Expression, units: Mapping[str, Unit | None]) -> Unit:
    match expression:
        case Number():
            return expression.unit
        case Name():
            unit = _looked_up(expression.name, units)
            if unit is None:
                raise IllTyped(f"{expression.name} is a word, not a quantity: ask `{expression.name} in {{...}}`")
            return unit
        case Arithmetic():
            return _combined(expression.operator, _unit(expression.left, units), _unit(expression.right, units))
        case EvidenceTerm():
            raise IllTyped("evidence stands alone on one side of a comparison; the other side gives its unit")
        case Comparison() | Membership() | Junction() | Negation():
            raise IllTyped("a condition stands where a quantity is expected")


def _combined(operator: str, left: Unit, right: Unit) -> Unit:
    if operator == "*":
        return left * right
    if operator == "/":
        return left / right
    if left != right:
        raise IllTyped(
            f"{_article(left)} and {_article(right)} cannot be {'added' if operator == '+' else 'subtracted'}"
        )
    return left


def _looked_up(name: str, units: Mapping[str, Unit | None]) -> Unit | None:
    if name not in units:
        raise IllTyped(_stranger(name, "fact or assumption", units))
    return units[name]


def _stranger(name: str, kind: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    hint = f"; is {near[0]} meant?" if near else ""
    return f"{name} is no {kind}{hint}"


def _article(unit: Unit) -> str:
    return f"a quantity in {unit}" if unit.powers else "a plain number (no unit)"
