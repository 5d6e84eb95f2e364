"""A line, for people and for machines."""

from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from brightline.decision.line import Criterion, Line
from brightline.release.component import JUDGED


def line_document(line: Line) -> dict[str, Any]:
    """Everything that the line says."""
    return {
        "schema": "brightline/line/v1",
        "line": line.identity,
        "version": line.version,
        "title": line.title,
        "summary": line.summary.strip(),
        "status": line.status,
        "jurisdiction": line.jurisdiction,
        "disclaimer": line.disclaimer,
        "digest": line.digest,
        "assumptions": {
            name: {"value": item.value, "unit": str(item.unit), "why": item.why, "source": item.source}
            for name, item in line.assumptions.items()
        },
        "criteria": {name: _criterion(item) for name, item in line.criteria.items()},
        "tiers": [
            {
                "tier": tier.identity,
                "title": tier.title,
                "when": tier.text,
                "access": {kind.value: tier.access[kind].value for kind in JUDGED},
                "obligations": list(tier.obligations),
                "conditions": list(tier.conditions),
                "review_after": tier.review_after,
            }
            for tier in line.tiers
        ],
    }


def _criterion(item: Criterion) -> dict[str, Any]:
    return {
        "title": item.title,
        "when": item.text,
        "accepts": sorted(provenance.value for provenance in item.accepts),
        "source": item.source,
        "register": item.register,
        "status": item.status,
        "in_force_from": None if item.in_force_from is None else item.in_force_from.isoformat(),
        "in_force_until": None if item.in_force_until is None else item.in_force_until.isoformat(),
    }


def render_line(line: Line, console: Console) -> None:
    """Tiers with their access, then criteria with source, status and dates."""
    console.print(Text(f"{line.title}", style="bold"))
    console.print(Text(f"{line.identity} {line.version} · {line.jurisdiction} · {line.status}", style="dim"))
    console.print(Padding(Text(line.summary.strip()), (1, 0)))
    tiers = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("tier", *(kind.value for kind in JUDGED), "when"):
        tiers.add_column(name, overflow="fold")
    for tier in line.tiers:
        tiers.add_row(
            Text(tier.identity, style="bold"),
            *(tier.access[kind].value for kind in JUDGED),
            Text(tier.text or "otherwise"),
        )
    console.print(tiers)
    for name, item in line.criteria.items():
        dates = f", from {item.in_force_from}" if item.in_force_from else ""
        dates += f", until {item.in_force_until}" if item.in_force_until else ""
        console.print(Text.assemble("\n", (name, "bold"), f"  {item.text}"))
        console.print(Padding(Text(f"{item.title}. Source: {item.source} [{item.status}{dates}]"), (0, 0, 0, 2)))
    console.print(Text(f"\n{line.disclaimer}", style="dim"))
