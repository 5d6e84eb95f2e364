"""Which figures count for a criterion on a day, and why the others do not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from brightline.decision.expression import evidence_terms, names
from brightline.decision.interpretation import Known
from brightline.decision.line import Assumption, Criterion
from brightline.decision.phrases import figure
from brightline.decision.units import Unit, UnitUnknown
from brightline.decision.vocabulary import VOCABULARY
from brightline.evaluation.evidence import Evidence
from brightline.release.quantity import Fact, Interval, Provenance


@dataclass(frozen=True, slots=True)
class Grounds:
    """What one criterion may rest on. `notes` are sentences; `lacking` are the names and quantities without a figure."""

    known: Known
    notes: tuple[str, ...]
    provenance: Provenance | None  # the weakest among the figures used; None where none is
    lacking: Mapping[str, str]  # name -> why there is no figure


@dataclass(slots=True)
class _Search:
    facts: dict[str, Interval | tuple[str, ...] | None] = field(default_factory=dict)
    evidence: dict[str, Interval | None] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    provenances: list[Provenance] = field(default_factory=list)
    lacking: dict[str, str] = field(default_factory=dict)


def grounds(
    criterion: Criterion,
    assumptions: Mapping[str, Assumption],
    facts: Mapping[str, Fact],
    evidence: Sequence[Evidence],
    on: date,
) -> Grounds:
    """The figures that count. A figure that does not count is as good as none: never better."""
    search = _Search()
    for name in names(criterion.when):
        if name in assumptions:
            search.facts[name] = Interval.point(assumptions[name].value)
        else:
            _fact(name, facts.get(name), criterion, search)
    for identity in evidence_terms(criterion.when):
        _evidence(identity, [piece for piece in evidence if piece.identity == identity], criterion, on, search)
    weakest = min(search.provenances, key=lambda provenance: provenance.rank, default=None)
    return Grounds(Known(search.facts, search.evidence), tuple(search.notes), weakest, search.lacking)


def _fact(name: str, fact: Fact | None, criterion: Criterion, search: _Search) -> None:
    reason = _unfit(name, fact, criterion)
    if fact is None or reason is not None:
        search.facts[name] = None
        search.lacking[name] = reason or "no figure"
        search.notes.append(f"{name}: {reason}")
        return
    search.facts[name] = fact.value
    search.provenances.append(fact.provenance)
    search.notes.append(f"{name} is {figure(fact.value, fact.unit)} ({fact.provenance}: {fact.origin})")


def _unfit(name: str, fact: Fact | None, criterion: Criterion) -> str | None:
    """Why a fact does not count; None where it does."""
    if fact is None:
        return "there is no figure"
    if fact.provenance not in criterion.accepts:
        return f"a figure that is only {fact.provenance} does not count here"
    unit = VOCABULARY[name].unit
    if isinstance(fact.value, tuple) != (unit is None) or fact.value == ():
        return "the figure is of the wrong kind"
    if unit is not None and not _same(fact.unit, unit):
        return f"the figure is in {fact.unit}, not in {unit}"
    return None


def _same(text: str, unit: Unit) -> bool:
    try:
        return Unit.parse(text) == unit
    except UnitUnknown:
        return False


def _evidence(identity: str, pieces: Sequence[Evidence], criterion: Criterion, on: date, search: _Search) -> None:
    """What the pieces that count say together: what all of them allow."""
    claim: Interval | None = None
    used: list[Evidence] = []
    for piece in pieces:
        if reason := _inadmissible(piece, criterion, on):
            search.notes.append(f"evidence of {identity} by {piece.evaluator} is set aside: {reason}")
            continue
        used.append(piece)
        claim = piece.bound if len(used) == 1 else claim and claim.meet(piece.bound)
        if piece.elicitation.level == "none":
            search.notes.append(
                f"evidence of {identity} by {piece.evaluator} is a lower bound only: nothing was elicited"
            )
    search.evidence[identity] = claim
    if claim is not None:
        search.provenances += [piece.provenance for piece in used]
        search.notes.append(f"{identity} is {figure(claim, used[0].unit)} by evidence of {_evaluators(used)}")
    elif used:
        search.lacking[identity] = f"the evidence of {_evaluators(used)} contradicts itself"
        search.notes.append(f"{identity}: {search.lacking[identity]}")
    else:
        search.lacking[identity] = "there is no evidence that counts"
        search.notes.append(f"{identity}: {search.lacking[identity]}")


def _evaluators(pieces: Sequence[Evidence]) -> str:
    return " and ".join(dict.fromkeys(piece.evaluator for piece in pieces))


def _inadmissible(piece: Evidence, criterion: Criterion, on: date) -> str | None:
    """Why a piece of evidence does not count for this criterion on this day; None where it does."""
    if piece.expiry < on:
        return f"it expired on {piece.expiry}"
    if piece.issued > on:
        return f"it is dated {piece.issued}, after the day of the judgement"
    if piece.provenance not in criterion.accepts:
        return f"evidence that is only {piece.provenance} does not count here"
    if not _same(piece.unit, criterion.wanted[piece.identity]):
        return f"it is in {piece.unit}, not in {criterion.wanted[piece.identity]}"
    for key, value in criterion.requires.items():
        given = getattr(piece, key)
        if given != value:
            return f"its {key.replace('_', ' ')} is {given or 'not stated'}, not {value}"
    return None
