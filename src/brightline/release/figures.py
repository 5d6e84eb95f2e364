"""Figures as people write them: 2e12, "11T", "135M", "7e24..2e25", {low = 1, high = 2}."""

import math
import re
from typing import Any

from brightline.release.quantity import Interval

_NUMBER = re.compile(r"\s*([0-9][0-9_,]*(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+)\s*([kKMBGT]?)\s*$")
_SCALE = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "B": 1e9, "G": 1e9, "T": 1e12}


class NoFigure(ValueError):
    """What was written is no figure. The sentence says what may be written."""


def figure(value: Any) -> Interval:
    """An interval of numbers not below 0. Raises NoFigure."""
    if isinstance(value, dict):
        if not value or set(value) - {"low", "high"}:
            raise NoFigure('write {low = ..., high = ...}; without high it is "at least"')
        least = figure(value["low"]).low if "low" in value else 0.0
        return _interval(least, figure(value["high"]).high if "high" in value else math.inf)
    if isinstance(value, str) and ".." in value:
        low, _, high = value.partition("..")
        return _interval(_number(low), _number(high))
    number = _number(value)
    return Interval(number, number)


def _interval(low: float, high: float) -> Interval:
    if low > high:
        raise NoFigure(f"the lower end {low:g} is above the upper end {high:g}")
    return Interval(low, high)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise NoFigure('write a number, "2e12", "11T" or "7e24..2e25"')
    if isinstance(value, str):
        match = _NUMBER.match(value)
        if match is None:
            raise NoFigure(f'{value!r:.60} is no number; write 2e12, "11T" or "7e24..2e25"')
        number = float(match[1].replace("_", "").replace(",", "")) * _SCALE[match[2]]
    else:
        number = _float(value)
    if not math.isfinite(number) or number < 0:
        raise NoFigure("a figure is finite and not below 0")
    return number


def _float(value: int | float) -> float:
    try:
        return float(value)
    except OverflowError:
        raise NoFigure("a figure is finite and not below 0") from None
