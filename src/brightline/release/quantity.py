"""Figures as this house keeps them: an interval, never a bare number, and how it is known."""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class Provenance(StrEnum):
    """How a figure is known, weakest first: assumed by a line, declared by the applicant, attested by a third party, measured."""

    ASSUMED = "assumed"
    DECLARED = "declared"
    ATTESTED = "attested"
    MEASURED = "measured"

    @property
    def rank(self) -> int:
        return _ORDER.index(self)

    def weakest(self, other: "Provenance") -> "Provenance":
        return min(self, other, key=lambda provenance: provenance.rank)


_ORDER = list(Provenance)


@dataclass(frozen=True, slots=True)
class Interval:
    """All values from `low` to `high`, both included; `high` may be infinite. Raises ValueError if empty or not a number."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if math.isnan(self.low) or math.isnan(self.high) or self.low > self.high:
            raise ValueError(f"an interval runs from a lower to a higher number, not from {self.low} to {self.high}")

    @classmethod
    def point(cls, value: float) -> Self:
        return cls(value, value)

    @property
    def exact(self) -> bool:
        return self.low == self.high

    def contains(self, other: "Interval") -> bool:
        return self.low <= other.low and other.high <= self.high

    def hull(self, other: "Interval") -> "Interval":
        return Interval(min(self.low, other.low), max(self.high, other.high))

    def meet(self, other: "Interval") -> "Interval | None":
        """What both allow; None where they contradict one another."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        return Interval(low, high) if low <= high else None


@dataclass(frozen=True, slots=True)
class Fact:
    """A quantity of a release: an interval with a unit, or the names that are possible (one name where it is certain).

    `origin` is a sentence: from what it was derived ("6 N D from 1.3e8 parameters and 2e12 declared tokens").
    """

    name: str
    value: Interval | tuple[str, ...]
    unit: str
    provenance: Provenance
    origin: str
