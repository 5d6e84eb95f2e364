"""The model against the line: an inline SVG of training compute on a logarithmic axis."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from brightline.decision.determination import Determination, Judged
from brightline.inspection.report import Inspection
from brightline.release.quantity import Interval
from brightline.reports.phrasing import figure

LOWEST, HIGHEST = 18.0, 27.5  # powers of ten of FLOP that are drawn
WIDTH, LEFT, RIGHT = 760, 20, 20
_THRESHOLD = re.compile(r"([<>]=?)\s*([0-9.]+e[+-]?[0-9]+|[0-9.]+)\s*FLOP", re.IGNORECASE)


_DOUBT = (
    '<defs><pattern id="doubt" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<line class="hatch" x1="0" y1="0" x2="0" y2="8"/></pattern></defs>'
)


@dataclass(frozen=True, slots=True)
class Mark:
    """A threshold on the axis, and whose it is."""

    value: float
    label: str


def picture(inspection: Inspection, determinations: Sequence[Determination]) -> str:
    """The SVG; colours come from the page's style sheet."""
    marks = _marks(determinations)
    height = 118 + 15 * len(marks)
    fact = inspection.facts.get("training_compute")
    known = fact.value if fact is not None and isinstance(fact.value, Interval) else None
    said = "training compute is not known" if known is None else f"training compute {figure(known, 'FLOP')}"
    parts = [
        f'<svg class="picture" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(said)}">',
        _DOUBT,
        *_axis(),
        *_bar(known, said),
        *(_mark(mark, number) for number, mark in enumerate(marks)),
        "</svg>",
    ]
    return "".join(parts)


def _x(value: float) -> float:
    power = LOWEST if value <= 0 else math.log10(value) if math.isfinite(value) else HIGHEST
    return LEFT + (min(max(power, LOWEST), HIGHEST) - LOWEST) / (HIGHEST - LOWEST) * (WIDTH - LEFT - RIGHT)


def _axis() -> list[str]:
    parts = [f'<line class="axis" x1="{LEFT}" y1="78" x2="{WIDTH - RIGHT}" y2="78"/>']
    for power in range(math.ceil(LOWEST), int(HIGHEST) + 1):
        at = _x(10.0**power)
        parts.append(f'<line class="axis" x1="{at:.1f}" y1="78" x2="{at:.1f}" y2="83"/>')
        parts.append(f'<text class="tick" x="{at:.1f}" y="96">10<tspan dy="-5" class="power">{power}</tspan></text>')
    return parts


def _bar(known: Interval | None, said: str) -> list[str]:
    low, high = (_x(known.low), _x(known.high)) if known is not None else (float(LEFT), float(WIDTH - RIGHT))
    kind = "model" if known is not None else "unknown"
    width = max(high - low, 4)
    middle = min(max(low + width / 2, 150), WIDTH - 150)
    return [
        f'<text class="said" x="{middle:.1f}" y="34">{escape(said)}</text>',
        f'<rect class="{kind}" x="{low:.1f}" y="44" width="{width:.1f}" height="22" rx="4"/>',
    ]


def _marks(determinations: Sequence[Determination]) -> list[Mark]:
    """Thresholds of training compute that the lines' criteria state, lowest first, each once."""
    found: dict[tuple[float, str], Mark] = {}
    for determination in determinations:
        for judged in determination.criteria:
            value = _threshold(judged)
            if value is not None:
                found[value, judged.identity] = Mark(
                    value, f"{determination.line}: {judged.identity}, {figure(Interval.point(value), 'FLOP')}"
                )
    if not found:
        labels = {
            1e23: "EU: general-purpose AI model",
            1e25: "EU: systemic risk",
            1e26: "California, New York, Korea: frontier",
        }
        return [Mark(value, label) for value, label in labels.items()]
    return [found[key] for key in sorted(found)]


def _threshold(judged: Judged) -> float | None:
    if not judged.expression.startswith("training_compute"):
        return None
    match = _THRESHOLD.search(judged.expression)
    return float(match[2]) if match else None


def _mark(mark: Mark, number: int) -> str:
    at, down = _x(mark.value), 112 + 15 * number
    side = ("end", at - 6) if at > WIDTH / 2 else ("start", at + 6)
    return (
        f'<line class="threshold" x1="{at:.1f}" y1="40" x2="{at:.1f}" y2="{down + 3}"/>'
        f'<text class="mark" x="{side[1]:.1f}" y="{down}" text-anchor="{side[0]}">{escape(mark.label)}</text>'
    )
