"""What a line says of a release: an access for each component, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from brightline.decision.access import Access
from brightline.release.component import Component
from brightline.release.quantity import Interval, Provenance


class Verdict(StrEnum):
    """Of one criterion. `straddles`: the interval lies across the threshold. `unknown`: there is no acceptable figure."""

    MET = "met"
    NOT_MET = "not met"
    STRADDLES = "straddles"
    UNKNOWN = "unknown"


class Standing(StrEnum):
    """Of one tier: whether the release is surely in it, surely not, or it cannot be told yet."""

    RULED_IN = "ruled in"
    RULED_OUT = "ruled out"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Judged:
    """One criterion, judged. `value` is the quantity that was compared, where the criterion compares one."""

    identity: str
    verdict: Verdict
    expression: str
    value: Interval | tuple[str, ...] | None
    unit: str
    threshold: str
    provenance: Provenance | None  # the weakest figure that the verdict rests on
    source: str  # law article, paper, or row of the register of lines
    status: str  # in force, vetoed, voluntary, ...
    explanation: str  # one sentence for a person


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """What is not known, and what would settle it."""

    criterion: str
    question: str
    settled_by: str


@dataclass(frozen=True, slots=True)
class Determination:
    """The word of one line on one release. `settled` is true where no open tier could change any access."""

    line: str
    version: str
    title: str
    line_digest: str
    tier: str
    tier_title: str
    settled: bool
    standings: Mapping[str, Standing]  # tier -> standing, most severe first
    access: Mapping[Component, Access]  # the four judged components, and documentation, which is always open
    criteria: tuple[Judged, ...]
    reasons: tuple[str, ...]
    open_questions: tuple[OpenQuestion, ...]
    obligations: tuple[str, ...]
    conditions: tuple[str, ...]
    assumptions: tuple[str, ...]  # sentences: what the line assumed, and what follows from it here
