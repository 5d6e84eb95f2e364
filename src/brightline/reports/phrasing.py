"""Figures as people read them."""

import math

from brightline.release.quantity import Interval

_SI = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_PLURAL = {"parameter": "parameters", "token": "tokens", "item": "items", "byte": "bytes", "person": "persons"}


def figure(value: Interval | tuple[str, ...], unit: str) -> str:
    """As in "134,515,008 parameters", "1.1e21 to 2.1e21 FLOP", "at least 7.0e9 parameters"."""
    if not isinstance(value, Interval):
        return ", ".join(value)
    name = _PLURAL.get(unit, unit)
    if value.exact:
        return f"{number(value.low)} {name}".strip()
    if math.isinf(value.high):
        return f"at least {number(value.low)} {name}".strip()
    return f"{number(value.low)} to {number(value.high)} {name}".strip()


def number(value: float) -> str:
    """Whole where it is a count that fits on a line, else two significant figures (EU GPAI guidelines, annex A.2)."""
    if math.isinf(value):
        return "unbounded"
    if value == int(value) and abs(value) < 1e13:
        return f"{int(value):,}"
    return f"{value:.2g}" if abs(value) >= 1e5 or 0 < abs(value) < 1e-3 else f"{value:.4g}"


def size(count: int) -> str:
    """Bytes with an SI prefix."""
    for scale, prefix in _SI:
        if count >= scale:
            return f"{count / scale:.1f} {prefix}B"
    return f"{count} B"
