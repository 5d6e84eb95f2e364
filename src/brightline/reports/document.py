"""An inspection and its determinations as JSON documents: the contract of `--format json`.

The schemas are published in reports/schemas; docs/reference/json.md explains the fields. Infinity is null: unbounded.
"""

import math
from typing import TYPE_CHECKING, Any

from brightline import __version__
from brightline.inspection.finding import Finding
from brightline.inspection.report import Inspection
from brightline.release.quantity import Fact, Interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brightline.decision.determination import Determination, Judged

INSPECTION = "brightline/inspection/v1"
ASSESSMENT = "brightline/assessment/v1"
DISCLAIMER = "None of this is legal advice."

Document = dict[str, Any]


def inspection_document(inspection: Inspection) -> Document:
    """What `brightline inspect --format json` prints."""
    kinds = {file.path: file.component.value for file in inspection.manifest.files}
    digests = {file.path: file.sha256 for file in inspection.manifest.files}
    return {
        "schema": INSPECTION,
        "tool": {"name": "brightline", "version": __version__},
        "title": inspection.title,
        "verdict": inspection.clearance.value,
        "manifest_digest": inspection.manifest.digest,
        "components": {kind.value: list(paths) for kind, paths in inspection.components.items()},
        "facts": {name: fact_document(fact) for name, fact in inspection.facts.items()},
        "findings": [_finding(finding) for finding in inspection.findings],
        "files": [
            {
                "path": file.path,
                "size": file.size,
                "sha256": digests[file.path],
                "format": file.format,
                "component": kinds[file.path],
            }
            for file in inspection.files
            if file.path in kinds
        ],
        "openness": {
            "mof_class": inspection.openness.grade,
            "present": list(inspection.openness.present),
            "missing_for_next_class": list(inspection.openness.missing),
            "warnings": list(inspection.openness.warnings),
            "osaid": dict(inspection.openness.osaid),
        },
        "declaration": inspection.declaration.origin,
    }


def fact_document(fact: Fact) -> Document:
    """A fact: {low, high} with null for unbounded, or the names that are possible."""
    shared = {"unit": fact.unit, "provenance": fact.provenance.value, "origin": fact.origin}
    return {**value_document(fact.value), **shared}


def value_document(value: Interval | tuple[str, ...]) -> Document:
    if isinstance(value, Interval):
        return {"low": number(value.low), "high": number(value.high)}
    return {"values": list(value)}


def number(value: float) -> int | float | None:
    """A JSON number; whole numbers stay whole, infinity is null."""
    if math.isinf(value):
        return None
    return int(value) if value == int(value) and abs(value) < 1 << 53 else value


def _finding(finding: Finding) -> Document:
    return {
        "rule": finding.rule.identity,
        "severity": finding.severity.value,
        "path": finding.path,
        "offset": finding.offset,
        "title": finding.rule.title,
        "message": finding.message,
        "remedy": finding.rule.remedy,
    }


def assessment_document(inspection: Inspection, determinations: "Sequence[Determination]") -> Document:
    """What `brightline assess --format json` prints."""
    return {
        "schema": ASSESSMENT,
        "disclaimer": DISCLAIMER,
        "inspection": inspection_document(inspection),
        "determinations": [determination_document(determination) for determination in determinations],
    }


def determination_document(determination: "Determination") -> Document:
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


def _criterion(judged: "Judged") -> Document:
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
