"""What if the line stood elsewhere: two lines, or one line and itself moved, over a table of releases."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from brightline.decision.access import Access
from brightline.decision.expression import Comparison, Number, walk
from brightline.decision.line import Criterion, Line
from brightline.decision.phrases import written
from brightline.decision.survey import CODES, Survey, Table, survey
from brightline.decision.units import Unit, UnitUnknown
from brightline.release.component import JUDGED, Component

_VALUE = re.compile(r"\s*([0-9.]+(?:[eE][+-]?[0-9]+)?)\s*(\S.*)?$")


class Unmoved(ValueError):
    """The line cannot be moved like this. The sentence says why."""


@dataclass(frozen=True, slots=True)
class Change:
    """One release that is treated otherwise: tiers and accesses before and after; `direction` is opens, restricts or mixed."""

    name: str
    before: str
    after: str
    direction: str
    components: Mapping[Component, tuple[Access, Access]]


@dataclass(frozen=True, slots=True)
class CriterionCount:
    """How many releases a criterion holds for, by verdict; and how many of those that meet it have open weights today."""

    identity: str
    verdicts: Mapping[str, int]
    met_with_open_weights: int | None


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two lines over the table."""

    line: Line
    tiers: Mapping[str, int]
    unsettled: int
    criteria: tuple[CriterionCount, ...]


@dataclass(frozen=True, slots=True)
class Shift:
    """The comparison: both sides, and every release that changes side."""

    releases: int
    before: Side
    after: Side
    changes: tuple[Change, ...]


def compare(before: Line, after: Line, table: Table) -> Shift:
    """Judge every release under both lines."""
    first, second = survey(before, table), survey(after, table)
    return Shift(
        releases=len(table),
        before=_side(before, first, table),
        after=_side(after, second, table),
        changes=_changes(before, after, first, second, table),
    )


def _side(line: Line, judged: Survey, table: Table) -> Side:
    counts = np.bincount(judged.tier, minlength=len(line.tiers))
    tiers = {tier.identity: int(counts[number]) for number, tier in enumerate(line.tiers)}
    criteria = tuple(_count(name, codes, table) for name, codes in judged.criteria.items())
    return Side(line, tiers, int((~judged.settled).sum()), criteria)


def _count(name: str, codes: Any, table: Table) -> CriterionCount:
    counts = np.bincount(codes, minlength=len(CODES))
    opened = None if table.open_weights is None else int(((codes == len(CODES) - 1) & table.open_weights).sum())
    return CriterionCount(name, {verdict.value: int(counts[code]) for code, verdict in enumerate(CODES)}, opened)


def _changes(before: Line, after: Line, first: Survey, second: Survey, table: Table) -> tuple[Change, ...]:
    """Pairs of tiers are few, releases are many: judge each pair once, then name the releases of those that differ."""
    pairs = first.tier.astype(np.int32) * len(after.tiers) + second.tier
    found: list[Change] = []
    for pair in np.unique(pairs):
        old, new = before.tiers[pair // len(after.tiers)], after.tiers[pair % len(after.tiers)]
        moved = {
            kind: (old.access[kind], new.access[kind]) for kind in JUDGED if old.access[kind] is not new.access[kind]
        }
        if moved:
            direction = _direction(moved)
            rows = np.flatnonzero(pairs == pair)
            found += [Change(table.names[int(row)], old.identity, new.identity, direction, moved) for row in rows]
    return tuple(found)


def _direction(moved: Mapping[Component, tuple[Access, Access]]) -> str:
    steps = {new.rank > old.rank for old, new in moved.values()}
    return "mixed" if len(steps) > 1 else "restricts" if steps.pop() else "opens"


def move(line: Line, values: Mapping[str, str]) -> Line:
    """The same line with other thresholds: criterion -> "1e24" or "1e24 FLOP". Raises Unmoved."""
    criteria = dict(line.criteria)
    for name, value in values.items():
        if name not in criteria:
            raise Unmoved(f"{line.identity} has no criterion {name}. It has {', '.join(criteria)}.")
        criteria[name] = _moved(criteria[name], value)
    return replace(line, criteria=criteria, version=f"{line.version}+moved")


def _moved(criterion: Criterion, value: str) -> Criterion:
    comparisons = [part for part in walk(criterion.when) if isinstance(part, Comparison)]
    if len(comparisons) != 1 or not isinstance(comparisons[0].right, Number):
        raise Unmoved(f"{criterion.identity} has no single threshold to move: {criterion.text}")
    threshold = _threshold(comparisons[0].right, value, criterion)
    if criterion.when is not comparisons[0]:
        raise Unmoved(
            f"{criterion.identity} is more than one comparison; edit the line's file instead: {criterion.text}"
        )
    when = replace(comparisons[0], right=threshold)
    return replace(criterion, when=when, text=written(when))


def _threshold(old: Number, value: str, criterion: Criterion) -> Number:
    match = _VALUE.match(value)
    try:
        number = float(match[1]) if match else None
        unit = Unit.parse(match[2]) if match and match[2] else old.unit
    except (ValueError, UnitUnknown) as trouble:
        raise Unmoved(f"{criterion.identity}={value}: {trouble}") from None
    if number is None or unit != old.unit:
        raise Unmoved(f"{criterion.identity}={value}: write a number, in {old.unit} or without a unit")
    return Number(number, unit)
