"""A determination as a JSON document: reports print it, permits carry it. Infinity is null: unbounded."""

import math
from typing import Any

from brightline.decision.determination import Determination, Judged
from brightline.release.quantity import Interval


def determination_document(determination: Determination) -> dict[str, Any]:
    """One line's word."""
    return {
        "line": determination.line,
        "version": determination.version,
        "title": determination.title,
        "line_digest": determination.line_digest,
        "tier": determination.tier,
        "tier_title": determination.tier_title,
        "settled": determination.settled,
        "standings": {tier: standing.value for tier, standing in determination.standings.items()},
        "access": {component.value: access.value for component, access in determination.access.items()},
        "criteria": {judged.identity: _criterion(judged) for judged in determination.criteria},
        "reasons": list(determination.reasons),
        "open_questions": [
            {"criterion": asked.criterion, "question": asked.question, "settled_by": asked.settled_by}
            for asked in determination.open_questions
        ],
        "obligations": list(determination.obligations),
        "conditions": list(determination.conditions),
        "assumptions": list(determination.assumptions),
    }


def _criterion(judged: Judged) -> dict[str, Any]:
    return {
        "verdict": judged.verdict.value,
        "value": None if judged.value is None else value_document(judged.value),
        "unit": judged.unit,
        "threshold": judged.threshold,
        "expression": judged.expression,
        "provenance": None if judged.provenance is None else judged.provenance.value,
        "source": judged.source,
        "status": judged.status,
        "explanation": judged.explanation,
    }


def value_document(value: Interval | tuple[str, ...]) -> dict[str, Any]:
    if isinstance(value, Interval):
        return {"low": number(value.low), "high": number(value.high)}
    return {"values": list(value)}


def number(value: float) -> int | float | None:
    """A JSON number; whole numbers stay whole, infinity is null."""
    if math.isinf(value):
        return None
    return int(value) if value == int(value) and abs(value) < 1 << 53 else value
