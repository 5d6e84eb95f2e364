"""All facts of a release, from what parsers saw and what the applicant said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from brightline.inspection.facts import compute, identity, parameters
from brightline.inspection.facts.licences import spdx
from brightline.inspection.facts.openness import openness
from brightline.inspection.facts.rules import CONTRADICTION, LICENCE
from brightline.inspection.finding import Finding
from brightline.inspection.report import FileReport, Openness
from brightline.release.component import Component
from brightline.release.declaration import Declaration
from brightline.release.quantity import Fact, Interval, Provenance

DECLARED = {
    "training_tokens": "token", "finetune_compute": "FLOP", "finetune_cost": "USD", "training_cost": "USD",
    "base_compute": "FLOP", "developer_revenue": "USD", "eu_business_users": "person",
}  # fmt: skip
TOLERANCE = 0.1  # between declared and counted parameters: embeddings are counted or not


@dataclass(frozen=True, slots=True)
class Derived:
    facts: dict[str, Fact]
    findings: tuple[Finding, ...]
    openness: Openness


def derive(files: Sequence[FileReport], components: Mapping[str, Component], declared: Declaration) -> Derived:
    """Facts by name, findings about contradictions, and the openness that follows."""
    counted = parameters.count(files, components)
    facts = parameters.facts(counted, declared.active_parameters)
    findings = _contradictions(counted, declared)
    figure, conflict = compute.training_compute(declared, facts["active_parameters"])
    if figure is not None:
        facts["training_compute"] = figure
    if conflict is not None:
        findings.append(Finding(CONTRADICTION, declared.origin, conflict))
    facts |= _declared(declared) | _data(files, components) | identity.facts(files, components, declared)
    findings += [
        Finding(LICENCE, declared.origin, f"{name!r:.60} is no SPDX expression")
        for name in declared.licences.values()
        if not spdx(name)[1]
    ]
    opened = openness(files, components, facts)
    facts["openness_class"] = Fact(
        "openness_class", (opened.grade,), "", Provenance.MEASURED, "Model Openness Framework"
    )
    return Derived(facts, tuple(findings), opened)


def _contradictions(counted: parameters.Counted, declared: Declaration) -> list[Finding]:
    said = declared.parameters
    if said is None or counted.total.high == 0:
        return []
    if said.high < counted.total.low * (1 - TOLERANCE) or said.low > counted.total.high * (1 + TOLERANCE):
        message = f"{said.low:.4g} parameters declared, {counted.total.low:.4g} counted; the count stands"
        return [Finding(CONTRADICTION, declared.origin, message)]
    return []


def _declared(declared: Declaration) -> dict[str, Fact]:
    facts = {}
    for name, unit in DECLARED.items():
        value = getattr(declared, name)
        if isinstance(value, Interval):
            facts[name] = Fact(name, value, unit, Provenance.DECLARED, declared.origin)
    return facts


def _data(files: Sequence[FileReport], components: Mapping[str, Component]) -> dict[str, Fact]:
    """Rows that were counted, and at the most one a byte where they were not; bytes of the data."""
    data = [file for file in files if components[file.path] is Component.DATA]
    if not data:
        return {}
    rows = sum(file.observed.numbers.get("rows", 0) for file in data)
    blind = sum(file.size for file in data if "rows" not in file.observed.numbers)
    size = sum(file.size for file in data if "!/" not in file.path)
    return {
        "data_rows": Fact(
            "data_rows", Interval(rows, rows + blind), "item", Provenance.MEASURED, f"{len(data)} files of data"
        ),
        "data_bytes": Fact(
            "data_bytes", Interval.point(size), "byte", Provenance.MEASURED, f"{len(data)} files of data"
        ),
    }
