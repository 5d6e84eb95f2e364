"""What changes when a line moves: as JSON, and as text with a plot."""

import math
from typing import Any

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from brightline.decision.comparison import Change, Shift, Side
from brightline.decision.survey import Table
from brightline.reports.document import DISCLAIMER
from brightline.reports.text import clean

SCHEMA = "brightline/survey/v1"
NAMED = 20
WIDTH = 60


def survey_document(shift: Shift, notes: tuple[str, ...]) -> dict[str, Any]:
    """Everything, by name."""
    return {
        "schema": SCHEMA,
        "disclaimer": DISCLAIMER,
        "releases": shift.releases,
        "notes": list(notes),
        "before": _side(shift.before),
        "after": _side(shift.after),
        "changes": [_change(change) for change in shift.changes],
    }


def _side(side: Side) -> dict[str, Any]:
    return {
        "line": side.line.identity,
        "version": side.line.version,
        "tiers": dict(side.tiers),
        "unsettled": side.unsettled,
        "criteria": {
            count.identity: {
                "verdicts": dict(count.verdicts),
                "met_with_open_weights": count.met_with_open_weights,
                "when": side.line.criteria[count.identity].text,
            }
            for count in side.criteria
        },
    }


def _change(change: Change) -> dict[str, Any]:
    access = {kind.value: [old.value, new.value] for kind, (old, new) in change.components.items()}
    return {
        "name": change.name,
        "before": change.before,
        "after": change.after,
        "direction": change.direction,
        "access": access,
    }


def render_survey(shift: Shift, table: Table, console: Console) -> None:
    """Counts by tier and criterion, who changes side, and where the releases lie."""
    before, after = shift.before, shift.after
    console.print(
        Text(
            f"{shift.releases:,} releases: {before.line.identity} {before.line.version} against {after.line.identity} {after.line.version}",
            style="bold",
        )
    )
    for note in table.notes:
        console.print(Text(clean(note), style="dim"))
    console.print(_tiers(shift))
    console.print(_criteria(shift))
    _plot(shift, table, console)
    _named(shift, console)
    console.print(Text(DISCLAIMER, style="dim"))


def _tiers(shift: Shift) -> Grid:
    grid = Grid(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("tier", "before", "after"):
        grid.add_column(name, justify="left" if name == "tier" else "right")
    for tier in dict.fromkeys([*shift.before.tiers, *shift.after.tiers]):
        grid.add_row(tier, f"{shift.before.tiers.get(tier, 0):,}", f"{shift.after.tiers.get(tier, 0):,}")
    grid.add_row("unsettled", f"{shift.before.unsettled:,}", f"{shift.after.unsettled:,}", style="dim")
    return grid


def _criteria(shift: Shift) -> Grid:
    """A criterion that stands the same on both sides is shown once."""
    grid = Grid(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("criterion", "met", "of these open weights", "not met", "straddles", "unknown"):
        grid.add_column(name, justify="left" if name == "criterion" else "right")
    shown = set[tuple[str, str]]()
    for side in (shift.before, shift.after):
        for count in side.criteria:
            text = side.line.criteria[count.identity].text
            if (count.identity, text) in shown:
                continue
            shown.add((count.identity, text))
            opened = "" if count.met_with_open_weights is None else f"{count.met_with_open_weights:,}"
            numbers = [f"{count.verdicts[word]:,}" for word in ("not met", "straddles", "unknown")]
            grid.add_row(f"{count.identity}: {text}", f"{count.verdicts['met']:,}", opened, *numbers)
    return grid


def _plot(shift: Shift, table: Table, console: Console) -> None:
    """Releases by order of magnitude of training compute, as far as it is known."""
    if "training_compute" not in table.quantities:
        return
    bins: dict[int, int] = {}
    for low in table.quantities["training_compute"][0]:
        if low > 0 and math.isfinite(low):
            bins[math.floor(math.log10(low))] = bins.get(math.floor(math.log10(low)), 0) + 1
    if not bins:
        return
    console.print(Text("\ntraining compute, FLOP", style="bold"))
    most = max(bins.values())
    for power in range(max(min(bins), max(bins) - 14), max(bins) + 1):
        count = bins.get(power, 0)
        bar = "█" * max(1 if count else 0, round(count / most * WIDTH))
        console.print(
            Text.assemble((f"1e{power:<3}", "dim"), f"{bar} {count:,}", ("   " + _marks(shift, power), "magenta"))
        )


def _marks(shift: Shift, power: int) -> str:
    """Thresholds of training compute that lie in this order of magnitude."""
    found: list[str] = []
    for side in (shift.before, shift.after):
        for name, criterion in side.line.criteria.items():
            if criterion.text.startswith("training_compute ") and f"e{power} " in criterion.text.replace("+", "") + " ":
                found.append(f"◄ {name} {criterion.text.removeprefix('training_compute ')}")
    return "  ".join(dict.fromkeys(found))


def _named(shift: Shift, console: Console) -> None:
    opened = sum(change.direction == "opens" for change in shift.changes)
    restricted = sum(change.direction == "restricts" for change in shift.changes)
    mixed = len(shift.changes) - opened - restricted
    console.print(
        Text(
            f"\n{len(shift.changes):,} releases change side: {opened:,} more open, {restricted:,} more restricted, {mixed:,} mixed",
            style="bold",
        )
    )
    for change in shift.changes[:NAMED]:
        console.print(Text(f"  {clean(change.name)}: {change.before} → {change.after} ({change.direction})"))
    if len(shift.changes) > NAMED:
        console.print(Text(f"  and {len(shift.changes) - NAMED:,} more; --format json names them all", style="dim"))
