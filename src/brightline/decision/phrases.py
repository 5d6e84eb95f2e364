"""How figures and conditions are written for a person."""

import math

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
from brightline.decision.units import ONE, Unit
from brightline.release.quantity import Interval


def number(value: float) -> str:
    """Three digits: 1e25, 134000000, 0.05."""
    if math.isinf(value):
        return "infinity" if value > 0 else "-infinity"
    if value and not 1e-3 <= abs(value) < 1e15:
        mantissa, _, power = f"{value:.2e}".partition("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(power)}"
    return f"{value:.3g}" if abs(value) < 1000 else f"{round(value, 2 - int(math.log10(abs(value)))):.0f}"


def figure(value: Interval | tuple[str, ...], unit: str) -> str:
    """8e24 to 2e25 FLOP; at least 3 token; text or image."""
    if isinstance(value, tuple):
        return " or ".join(value)
    suffix = "" if unit in ("", "1") else f" {unit}"
    if value.exact:
        return number(value.low) + suffix
    if value.high == math.inf:
        return f"anything{suffix}" if value.low == -math.inf else f"at least {number(value.low)}{suffix}"
    if value.low == -math.inf:
        return f"at most {number(value.high)}{suffix}"
    return f"{number(value.low)} to {number(value.high)}{suffix}"


def written(expression: Expression) -> str:
    """The expression as text again, with constants in three digits."""
    match expression:
        case Number():
            return number(expression.value) + _suffix(expression.unit)
        case Name():
            return expression.name
        case EvidenceTerm():
            return f"evidence of {expression.identity}"
        case Arithmetic() | Comparison():
            return f"{_inner(expression.left)} {expression.operator} {_inner(expression.right)}"
        case Membership():
            return f"{expression.name} in {{{', '.join(expression.options)}}}"
        case Junction():
            return f" {expression.word} ".join(_inner(operand) for operand in expression.operands)
        case Negation():
            return f"not {_inner(expression.operand)}"


def _inner(expression: Expression) -> str:
    text = written(expression)
    return f"({text})" if isinstance(expression, Arithmetic | Comparison | Junction) else text


def _suffix(unit: Unit) -> str:
    return "" if unit == ONE else f" {unit}"
