"""An inspection and its determinations as JSON documents: the contract of `--format json`.

The schemas are published in reports/schemas; docs/reference/json.md explains the fields. Infinity is null: unbounded.
"""

from typing import TYPE_CHECKING, Any

from brightline import __version__
from brightline.decision.document import determination_document, value_document
from brightline.inspection.finding import Finding
from brightline.inspection.report import Inspection
from brightline.release.quantity import Fact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brightline.decision.determination import Determination

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
