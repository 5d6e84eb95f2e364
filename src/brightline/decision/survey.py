"""A line over many releases at once, with numpy: the same verdicts as the scalar evaluator, row by row.

Verdicts are codes in the order of Kleene's `and`: the conjunction of two is the smaller code.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

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
from brightline.decision.line import Line

CODES = (Verdict.NOT_MET, Verdict.UNKNOWN, Verdict.STRADDLES, Verdict.MET)
NOT_MET, UNKNOWN, STRADDLES, MET = range(4)
_AS_OR = np.array([3, 1, 2, 0], dtype=np.uint8)  # rank of each code in Kleene's `or`; its own inverse
CHUNK = 1 << 16  # rows at a time: what a chunk needs stays in the processor's cache

Column: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64]]
Codes: TypeAlias = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Words:
    """A categorical column: each row is an index into `possible`; -1 is unknown."""

    index: NDArray[np.int32]
    possible: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Releases by row. A quantity is two arrays, low and high; NaN in low is unknown. Evidence stands under `evidence:ID`."""

    names: Sequence[str]
    quantities: Mapping[str, Column]
    words: Mapping[str, Words] = field(default_factory=dict)
    open_weights: NDArray[np.bool_] | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True, slots=True)
class Survey:
    """Row by row: the index of the tier in force, whether it is settled, and the verdict code of every criterion."""

    tier: NDArray[np.int8]
    settled: NDArray[np.bool_]
    criteria: Mapping[str, Codes]


def survey(line: Line, table: Table) -> Survey:
    """Judge every row. Figures of a table count whatever a criterion accepts: a table asks what if."""
    size = len(table)
    tier, settled = np.empty(size, np.int8), np.empty(size, np.bool_)
    criteria = {name: np.empty(size, np.uint8) for name in line.criteria}
    constants = {name: assumption.value for name, assumption in line.assumptions.items()}
    for start in range(0, size, CHUNK):
        rows = slice(start, min(size, start + CHUNK))
        judge = _Judge(table, constants, rows)
        verdicts = {name: judge.verdict(item.when) for name, item in line.criteria.items()}
        for name, codes in verdicts.items():
            criteria[name][rows] = codes
        judge.criteria = verdicts
        tier[rows], settled[rows] = _tiers(line, judge, rows.stop - rows.start)
    return Survey(tier, settled, criteria)


def _tiers(line: Line, judge: "_Judge", size: int) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
    """The most severe tier that is not ruled out; settled where all that may still be the answer give the same access."""
    accesses: list[object] = []
    for item in line.tiers:
        if item.access not in accesses:
            accesses.append(item.access)
    chosen, done, settled = np.full(size, -1, np.int8), np.zeros(size, np.bool_), np.ones(size, np.bool_)
    access = np.array([accesses.index(item.access) for item in line.tiers])
    for number, item in enumerate(line.tiers):
        codes = np.full(size, MET, np.uint8) if item.when is None else judge.verdict(item.when)
        possible = ~done & (codes != NOT_MET)
        chosen = np.where(possible & (chosen < 0), np.int8(number), chosen)
        settled &= ~possible | (access[chosen] == access[number])
        done |= possible & (codes == MET)
    return chosen, settled


class _Judge:
    """The evaluator over one slice of rows; decision.interpretation says what each case means."""

    def __init__(self, table: Table, constants: Mapping[str, float], rows: slice) -> None:
        self.table, self.constants, self.rows = table, constants, rows
        self.size = rows.stop - rows.start
        self.criteria: Mapping[str, Codes] = {}

    def quantity(self, expression: Expression) -> Column:
        match expression:
            case Number():
                return self._constant(expression.value)
            case Name():
                if expression.name in self.constants:
                    return self._constant(self.constants[expression.name])
                return self._column(expression.name)
            case EvidenceTerm():
                return self._column(f"evidence:{expression.identity}")
            case Arithmetic():
                return _calculate(expression.operator, self.quantity(expression.left), self.quantity(expression.right))
            case _:
                raise ValueError("a condition has no value")

    def _constant(self, value: float) -> Column:
        column = np.full(self.size, value)
        return column, column

    def _column(self, name: str) -> Column:
        if name not in self.table.quantities:
            return self._constant(np.nan)
        low, high = self.table.quantities[name]
        return low[self.rows], high[self.rows]

    def verdict(self, expression: Expression) -> Codes:
        match expression:
            case Name():
                return self.criteria.get(expression.name, np.full(self.size, UNKNOWN, np.uint8))
            case Comparison():
                return _compare(expression.operator, self.quantity(expression.left), self.quantity(expression.right))
            case Membership():
                return self._member(expression)
            case Junction():
                return self._junction(expression)
            case Negation():
                return _negated(self.verdict(expression.operand))
            case _:
                raise ValueError("a quantity is neither met nor not met")

    def _junction(self, expression: Junction) -> Codes:
        parts = [self.verdict(operand) for operand in expression.operands]
        if expression.word == "and":
            return _least(parts)
        return _AS_OR[_least([_AS_OR[part] for part in parts])]

    def _member(self, expression: Membership) -> Codes:
        words = self.table.words.get(expression.name)
        if words is None:
            return np.full(self.size, UNKNOWN, np.uint8)
        codes = [_contains(expression.options, possible) for possible in words.possible]
        return np.array([*codes, UNKNOWN], dtype=np.uint8)[words.index[self.rows]]  # index -1 is the last: unknown


def _least(parts: list[Codes]) -> Codes:
    least = parts[0]
    for part in parts[1:]:
        least = np.minimum(least, part)
    return least


def _contains(options: tuple[str, ...], possible: tuple[str, ...]) -> int:
    inside = [word in options for word in possible]
    return MET if all(inside) else STRADDLES if any(inside) else NOT_MET


def _negated(codes: Codes) -> Codes:
    return np.array([MET, UNKNOWN, STRADDLES, NOT_MET], dtype=np.uint8)[codes]


def _calculate(operator: str, left: Column, right: Column) -> Column:
    """decision.intervals, by column. NaN stands for unknown, so what IEEE makes NaN of known ends is mended first."""
    unknown = np.isnan(left[0]) | np.isnan(right[0])
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        low, high = _ends(operator, left, right)
        if operator == "/":
            unknown |= (right[0] <= 0) & (right[1] >= 0)
    return np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)


def _ends(operator: str, left: Column, right: Column) -> Column:
    if operator in ("+", "-"):
        other = right if operator == "+" else (-right[1], -right[0])
        low, high = left[0] + other[0], left[1] + other[1]
        return np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(high), np.inf, high)
    corners = [a * b if operator == "*" else a / b for a in left for b in right]
    mended = [np.where(np.isnan(corner), 0.0, corner) for corner in corners]
    return np.minimum.reduce(mended), np.maximum.reduce(mended)


def _compare(operator: str, left: Column, right: Column) -> Codes:
    if operator in ("<", "<="):
        left, right, operator = right, left, {"<": ">", "<=": ">="}[operator]
    if operator == ">":
        always, never = left[0] > right[1], left[1] <= right[0]
    elif operator == ">=":
        always, never = left[0] >= right[1], left[1] < right[0]
    else:
        always = (left[0] == left[1]) & (left[0] == right[0]) & (left[1] == right[1])
        never = (left[1] < right[0]) | (right[1] < left[0])
    codes = np.where(always, np.uint8(MET), np.where(never, np.uint8(NOT_MET), np.uint8(STRADDLES)))
    return np.where(np.isnan(left[0]) | np.isnan(right[0]), np.uint8(UNKNOWN), codes)
