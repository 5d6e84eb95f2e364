"""A line: policy as data. docs/reference/line.md is the page of its form; `decision.draft` reads it from TOML."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from brightline.decision.access import Access
from brightline.decision.expression import Expression
from brightline.decision.units import Unit
from brightline.release.component import Component
from brightline.release.quantity import Provenance

REQUIREMENTS = ("baseline", "severity_floor", "safeguards")


@dataclass(frozen=True, slots=True)
class Assumption:
    """A constant that the line's expressions may name. It never stands in for a figure that the applicant did not give."""

    name: str
    value: float
    unit: Unit
    why: str
    source: str


@dataclass(frozen=True, slots=True)
class Criterion:
    """One question with a threshold. `text` is `when` as its author wrote it.

    `accepts` are the provenances whose figures count; any other figure is as good as none. `requires` are conditions that
    evidence must have been taken under (REQUIREMENTS -> value). `unit` is that of what is compared, `wanted` that of each evidence term.
    `obligations` follow where the criterion is surely met, whatever the tier. Outside its dates it is judged all the same,
    and its explanation says that it is not law on that day.
    """

    identity: str
    title: str
    text: str
    when: Expression
    unit: Unit
    wanted: Mapping[str, Unit]
    accepts: frozenset[Provenance]
    requires: Mapping[str, str]
    source: str
    register: str  # row of the register of lines; empty where the line draws it itself
    status: str
    in_force_from: date | None
    in_force_until: date | None
    question: str
    obligations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tier:
    """A degree of severity. The last tier of a line has no condition: it holds what no other tier holds."""

    identity: str
    title: str
    text: str
    when: Expression | None
    access: Mapping[Component, Access]
    obligations: tuple[str, ...]
    conditions: tuple[str, ...]
    review_after: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """`tiers` run from the most to the least severe, and none is more open in any component than one below it."""

    identity: str
    version: str
    title: str
    summary: str
    status: str
    jurisdiction: str
    disclaimer: str
    assumptions: Mapping[str, Assumption]
    criteria: Mapping[str, Criterion]
    tiers: tuple[Tier, ...]
    digest: str  # sha256: over the canonical JSON of its TOML


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a text is no line: where in it ("criteria.compute-high.when, column 12"), on which row (from 1), and what."""

    where: str
    row: int | None
    message: str

    def __str__(self) -> str:
        row = f"line {self.row}: " if self.row is not None else ""
        return f"{row}{self.where}: {self.message}"


class Crooked(ValueError):
    """The text is no line."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = problems
