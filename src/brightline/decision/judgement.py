"""From a line, facts and evidence to a determination: the most severe tier that is not ruled out (Law 2)."""

from collections.abc import Mapping, Sequence
from datetime import date

from brightline.decision.access import Access
from brightline.decision.determination import Determination, Judged, OpenQuestion, Standing, Verdict
from brightline.decision.expression import Comparison, Membership, Name, names
from brightline.decision.interpretation import Known, decisive, doubts, quantity, verdict
from brightline.decision.line import Assumption, Criterion, Line, Tier
from brightline.decision.phrases import figure, number, written
from brightline.decision.questions import open_question
from brightline.decision.standing import Grounds, grounds
from brightline.evaluation.evidence import Evidence
from brightline.release.component import Component
from brightline.release.quantity import Fact, Interval

_STANDINGS = {Verdict.MET: Standing.RULED_IN, Verdict.NOT_MET: Standing.RULED_OUT}
_SAID = {
    Verdict.MET: "is met",
    Verdict.NOT_MET: "is not met",
    Verdict.STRADDLES: "may be met: the figures lie across the threshold",
    Verdict.UNKNOWN: "cannot be told",
}


def determine(
    line: Line, facts: Mapping[str, Fact], evidence: Sequence[Evidence], on: date, subject: str | None = None
) -> Determination:
    """The word of a line on one release, as of a day.

    `subject` is the release's manifest digest: evidence that names another one does not count. The tier is the most severe
    one that is not ruled out; the determination is settled if every tier that may still be the answer gives the same access.
    """
    evidence = [piece for piece in evidence if piece.subject is None or piece.subject == subject]
    based = {name: grounds(item, line.assumptions, facts, evidence, on) for name, item in line.criteria.items()}
    verdicts = {name: verdict(item.when, based[name].known) for name, item in line.criteria.items()}
    standings = {tier.identity: standing(tier, verdicts) for tier in line.tiers}
    possible = _possible(line.tiers, standings)
    chosen = possible[0]
    criteria = tuple(_judged(item, based[name], verdicts[name], on) for name, item in line.criteria.items())
    return Determination(
        line=line.identity,
        version=line.version,
        title=line.title,
        line_digest=line.digest,
        tier=chosen.identity,
        tier_title=chosen.title,
        settled=all(tier.access == chosen.access for tier in possible),
        standings=standings,
        access={**chosen.access, Component.DOCUMENTATION: Access.OPEN},
        criteria=criteria,
        reasons=_reasons(line, standings, verdicts, criteria, chosen),
        open_questions=_questions(line, possible, verdicts, based),
        obligations=_obligations(line, chosen, verdicts),
        conditions=chosen.conditions,
        assumptions=_assumptions(line, verdicts),
    )


def standing(tier: Tier, verdicts: Mapping[str, Verdict]) -> Standing:
    """The last tier, which has no condition, is ruled in: it is the answer if no other tier may be."""
    if tier.when is None:
        return Standing.RULED_IN
    return _STANDINGS.get(verdict(tier.when, Known(verdicts=verdicts)), Standing.OPEN)


def _possible(tiers: Sequence[Tier], standings: Mapping[str, Standing]) -> list[Tier]:
    """The tiers that may be the answer, from the most severe that is not ruled out to the first that is ruled in."""
    possible = []
    for tier in tiers:
        if standings[tier.identity] is not Standing.RULED_OUT:
            possible.append(tier)
        if standings[tier.identity] is Standing.RULED_IN:
            break
    return possible


def _judged(criterion: Criterion, based: Grounds, result: Verdict, on: date) -> Judged:
    value, unit, threshold = _compared(criterion, based)
    weak = f" The weakest figure it rests on is {based.provenance}." if based.provenance is not None else ""
    sentence = f"{criterion.title}: this {_SAID[result]}. {'; '.join(based.notes)}.{weak}{_timeliness(criterion, on)}"
    return Judged(
        identity=criterion.identity,
        verdict=result,
        expression=criterion.text,
        value=value,
        unit=unit,
        threshold=threshold,
        provenance=based.provenance,
        source=f"{criterion.register}: {criterion.source}" if criterion.register else criterion.source,
        status=criterion.status,
        explanation=sentence,
    )


def _compared(criterion: Criterion, based: Grounds) -> tuple[Interval | tuple[str, ...] | None, str, str]:
    """Value, unit and threshold, where the criterion is one comparison with a constant."""
    when = criterion.when
    if isinstance(when, Membership):
        words = based.known.facts.get(when.name)
        return (words if isinstance(words, tuple) else None), "", f"in {{{', '.join(when.options)}}}"
    if not isinstance(when, Comparison):
        return None, "", ""
    limit = quantity(when.right, based.known)
    unit = str(criterion.unit)
    if limit is None:
        return quantity(when.left, based.known), unit, f"{when.operator} {written(when.right)}"
    return quantity(when.left, based.known), unit, f"{when.operator} {figure(limit, unit)}"


def _timeliness(criterion: Criterion, on: date) -> str:
    """Outside its dates a criterion is judged all the same; that it is not law that day is said."""
    if criterion.in_force_from is not None and on < criterion.in_force_from:
        return f" This is not in force before {criterion.in_force_from}."
    if criterion.in_force_until is not None and on > criterion.in_force_until:
        return f" This was in force until {criterion.in_force_until}."
    return ""


def _reasons(
    line: Line,
    standings: Mapping[str, Standing],
    verdicts: Mapping[str, Verdict],
    criteria: Sequence[Judged],
    chosen: Tier,
) -> tuple[str, ...]:
    """How each tier down to the chosen one stands, then the criteria that this rests on, each once."""
    sentences: list[str] = []
    used: list[str] = []
    for tier in line.tiers:
        asked = _decisive(tier, verdicts)
        used += asked
        why = ", ".join(f"{name} {_SAID[verdicts[name]].partition(':')[0]}" for name in asked)
        sentences.append(
            f"{tier.title}: {standings[tier.identity]}" + (f" ({why})." if why else "; no severer tier may apply.")
        )
        if tier is chosen:
            break
    return (*sentences, *(judged.explanation for judged in criteria if judged.identity in used))


def _decisive(tier: Tier, verdicts: Mapping[str, Verdict]) -> tuple[str, ...]:
    """The criteria that make a tier stand as it does."""
    if tier.when is None:
        return ()
    parts = decisive(tier.when, Known(verdicts=verdicts))
    return tuple(dict.fromkeys(part.name for part in parts if isinstance(part, Name)))


def _questions(
    line: Line, possible: Sequence[Tier], verdicts: Mapping[str, Verdict], based: Mapping[str, Grounds]
) -> tuple[OpenQuestion, ...]:
    """The doubtful criteria that keep a possible tier open, the severest tier's first."""
    known = Known(verdicts=verdicts)
    doubtful = (part for tier in possible if tier.when is not None for part in doubts(tier.when, known))
    identities = dict.fromkeys(part.name for part in doubtful if isinstance(part, Name))
    return tuple(open_question(line.criteria[identity], based[identity]) for identity in identities)


def _obligations(line: Line, chosen: Tier, verdicts: Mapping[str, Verdict]) -> tuple[str, ...]:
    """The tier's, then those of each criterion that is surely met."""
    own = [duty for name, item in line.criteria.items() if verdicts[name] is Verdict.MET for duty in item.obligations]
    return tuple(dict.fromkeys((*chosen.obligations, *own)))


def _assumptions(line: Line, verdicts: Mapping[str, Verdict]) -> tuple[str, ...]:
    """What the line assumed, and which verdicts it touches."""
    return tuple(_assumed(assumption, line, verdicts) for assumption in line.assumptions.values())


def _assumed(assumption: Assumption, line: Line, verdicts: Mapping[str, Verdict]) -> str:
    value = f"{number(assumption.value)} {assumption.unit}"
    touched = [name for name, item in line.criteria.items() if assumption.name in names(item.when)]
    follows = ", ".join(f"{name} {_SAID[verdicts[name]]}" for name in touched) or "it is not used"
    return f"{assumption.name} is taken as {value}: {assumption.why} ({assumption.source}). With it, {follows}."
