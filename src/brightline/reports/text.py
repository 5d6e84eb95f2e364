"""Results for a person at a terminal. Colour never carries a meaning alone; nothing from a file can steer the terminal."""

import re
from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from brightline.decision.access import Access
from brightline.decision.determination import Determination, Judged, Verdict
from brightline.inspection.finding import Finding, Severity
from brightline.inspection.report import Inspection
from brightline.release.component import JUDGED, Component
from brightline.release.quantity import Fact, Interval
from brightline.reports.document import DISCLAIMER
from brightline.reports.phrasing import figure, size

SHOWN = 12  # findings in full; the rest is counted
_STEER = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]")
_ACCESS = {
    Access.OPEN: ("●", "green"), Access.GATED: ("◐", "yellow"), Access.VETTED: ("◑", "yellow"), Access.API: ("◔", "magenta"),
    Access.WITHHELD: ("○", "red"),
}  # fmt: skip
_SEVERITY = {
    Severity.BLOCK: ("✗ block", "bold red"),
    Severity.REVIEW: ("! review", "yellow"),
    Severity.INFO: ("· info", "dim"),
}
_VERDICT = {Verdict.MET: ("met", "red"), Verdict.NOT_MET: ("not met", "green"), Verdict.STRADDLES: ("straddles", "yellow"), Verdict.UNKNOWN: ("unknown", "yellow")}  # fmt: skip
_CLEARANCE = {"pass": ("PASS", "bold green"), "review": ("REVIEW", "bold yellow"), "block": ("BLOCK", "bold red")}
_SHORT = ("parameters", "active_parameters", "parameters_by_dtype", "architecture", "quantisation", "context_length", "modality", "training_compute", "training_tokens", "licence", "base_model", "data_rows", "data_bytes", "openness_class")  # fmt: skip


def clean(text: str) -> str:
    """Text of unknown origin, without what could move the cursor, reverse the line or hide."""
    return _STEER.sub("�", text.replace("\n", " "))


def render_inspection(inspection: Inspection, console: Console) -> None:
    """What is in it."""
    console.print(_headline(inspection))
    console.print(_components(inspection, None))
    console.print(_facts(inspection))
    _findings(inspection, console)
    _openness(inspection, console)


def render_assessment(inspection: Inspection, determinations: Sequence[Determination], console: Console) -> None:
    """What each line says of it, and what that rests on."""
    render_determinations(inspection, determinations, console)
    console.print(_facts(inspection))
    _findings(inspection, console)
    console.print(Text(DISCLAIMER, style="dim"))


def render_determinations(inspection: Inspection, determinations: Sequence[Determination], console: Console) -> None:
    """The words of the lines alone."""
    console.print(_headline(inspection))
    for determination in determinations:
        console.print(_panel(inspection, determination))


def _headline(inspection: Inspection) -> RenderableType:
    word, style = _CLEARANCE[inspection.clearance]
    total = sum(file.size for file in inspection.manifest.files)
    line = Text.assemble((clean(inspection.title), "bold"), "  ", (f"inspection: {word}", style))
    facts = f"{len(inspection.manifest.files)} files, {size(total)}, {inspection.manifest.digest[:23]}…"
    return Group("", line, Text(facts, style="dim"), "")


def _panel(inspection: Inspection, determination: Determination) -> RenderableType:
    settled = Text("settled", style="green") if determination.settled else Text("unsettled", style="bold yellow")
    heading = Text.assemble("Tier: ", (determination.tier_title, "bold"), f" ({determination.tier}), ", settled)
    parts: list[RenderableType] = [
        heading,
        "",
        _components(inspection, determination),
        "",
        _criteria(determination.criteria),
    ]
    for name, sentences in (
        ("Why", determination.reasons),
        (
            "What would settle it",
            [f"{asked.question} To settle it: {asked.settled_by}." for asked in determination.open_questions],
        ),
        ("Obligations", determination.obligations),
        ("Conditions", determination.conditions),
        ("Assumed by this line", determination.assumptions),
    ):
        if sentences:
            parts += ["", Text(name, style="bold"), *(_bullet(sentence) for sentence in sentences)]
    title = Text(f" {determination.line} {determination.version} ", style="bold")
    return Panel(Group(*parts), title=title, title_align="left", border_style="dim", padding=(1, 2))


def _bullet(sentence: str) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    grid.add_row("•", Text(clean(sentence)))
    return grid


def _components(inspection: Inspection, determination: Determination | None) -> RenderableType:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("component")
    if determination is not None:
        table.add_column("access")
    table.add_column("in this release", overflow="fold")
    for component in (*JUDGED, Component.DOCUMENTATION):
        row: list[RenderableType] = [Text(component.value, style="bold")]
        if determination is not None:
            row.append(_access(determination.access[component]))
        table.add_row(*row, _held(inspection, component))
    return table


def _access(access: Access) -> Text:
    symbol, style = _ACCESS[access]
    return Text(f"{symbol} {access.value}", style=style)


def _held(inspection: Inspection, component: Component) -> Text:
    paths = inspection.components[component]
    if not paths:
        return Text("absent", style="dim")
    sizes = {file.path: file.size for file in inspection.manifest.files}
    count = "1 file" if len(paths) == 1 else f"{len(paths)} files"
    largest = max(paths, key=lambda path: sizes[path])
    return Text(
        f"{count}, {size(sum(sizes[path] for path in paths))}: {clean(largest)}" + (", …" if len(paths) > 1 else "")
    )


def _criteria(criteria: Sequence[Judged]) -> RenderableType:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("criterion", "verdict", "value", "threshold"):
        table.add_column(name, overflow="fold")
    for judged in criteria:
        word, style = _VERDICT[judged.verdict]
        value = "" if judged.value is None else figure(judged.value, judged.unit)
        table.add_row(
            judged.identity, Text(word, style=style), Text(clean(value or "no figure")), Text(clean(judged.threshold))
        )
    return table


def _facts(inspection: Inspection) -> RenderableType:
    table = Table(
        box=None, padding=(0, 2, 0, 0), header_style="dim", title="Facts", title_justify="left", title_style="bold"
    )
    for name in ("fact", "value", "how it is known"):
        table.add_column(name, overflow="fold")
    for name in [*(name for name in _SHORT if name in inspection.facts), *sorted(set(inspection.facts) - set(_SHORT))]:
        fact = inspection.facts[name]
        table.add_row(
            name.replace("_", " "), Text(_value(fact)), Text(f"{fact.provenance}: {clean(fact.origin)}", style="dim")
        )
    return Padding(table, (1, 0, 0, 0))


def _value(fact: Fact) -> str:
    if isinstance(fact.value, Interval):
        return figure(fact.value, fact.unit)
    return clean(", ".join(fact.value))


def _findings(inspection: Inspection, console: Console) -> None:
    if not inspection.findings:
        console.print(Text("\nNo findings: nothing in the files is suspicious or inconsistent.", style="green"))
        return
    console.print(Text(f"\nFindings: {len(inspection.findings)}", style="bold"))
    for finding in inspection.findings[:SHOWN]:
        console.print(_finding(finding))
    if len(inspection.findings) > SHOWN:
        console.print(Text(f"and {len(inspection.findings) - SHOWN} more; --format json lists them all", style="dim"))


def _finding(finding: Finding) -> RenderableType:
    word, style = _SEVERITY[finding.severity]
    offset = f" at byte {finding.offset}" if finding.offset is not None else ""
    head = Text.assemble((word, style), "  ", (finding.rule.identity, "bold"), f"  {clean(finding.path)}{offset}")
    said = f"{finding.rule.title}: {clean(finding.message)}."
    return Padding(
        Group(head, Padding(Text(said), (0, 0, 0, 4)), Padding(Text(finding.rule.remedy, style="dim"), (0, 0, 0, 4))),
        (0, 0, 1, 0),
    )


def _openness(inspection: Inspection, console: Console) -> None:
    opened = inspection.openness
    console.print(Text.assemble(("\nOpenness", "bold"), f"  Model Openness Framework: class {opened.grade}"))
    if opened.missing:
        console.print(Text(f"the next class asks for: {', '.join(opened.missing)}", style="dim"))
    for warning in opened.warnings:
        console.print(Text(clean(warning), style="yellow"))
