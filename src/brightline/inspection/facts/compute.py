"""Training compute in FLOP, from what was declared and counted. Nothing declared gives no figure: absence is unknown.

Source: EU GPAI guidelines C(2025) 5045, annex A (formulas, 30 % error); Kaplan et al. 2020 (6 N D).
"""

from dataclasses import dataclass

from brightline.release.declaration import Declaration
from brightline.release.quantity import Fact, Interval, Provenance

ERROR = 0.30  # of an estimate by formula: annex A.2
FLOP = 6  # operations per parameter and token, forward and backward


@dataclass(frozen=True, slots=True)
class Estimate:
    """One way to the figure, and what it rests on."""

    interval: Interval
    origin: str
    rests_on_counted: bool = False


def by_architecture(parameters: Interval, tokens: Interval) -> Interval:
    """C = 6 N D (annex A.3); N are the parameters that one token passes through."""
    return Interval(_times(FLOP * parameters.low, tokens.low), _times(FLOP * parameters.high, tokens.high))


def by_hardware(device_hours: Interval, peak: Interval, utilisation: Interval) -> Interval:
    """C = hours x 3600 x peak x utilisation, summed over devices (annex A.3: N L H U)."""
    low = device_hours.low * 3600 * peak.low * utilisation.low
    return Interval(low, _times(_times(device_hours.high * 3600, peak.high), utilisation.high))


def _times(left: float, right: float) -> float:
    """0 times anything, also times infinity, is 0: no tokens are no training."""
    return 0.0 if 0.0 in (left, right) else left * right


def _with_error(interval: Interval) -> Interval:
    return Interval(interval.low * (1 - ERROR), interval.high * (1 + ERROR))


def estimates(declared: Declaration, active: Fact) -> list[Estimate]:
    """Every way to the figure that the declaration opens."""
    found: list[Estimate] = []
    if declared.training_compute is not None:
        found.append(Estimate(declared.training_compute, "declared as such"))
    if declared.training_tokens is not None and isinstance(active.value, Interval):
        interval = _with_error(by_architecture(active.value, declared.training_tokens))
        found.append(
            Estimate(
                interval,
                f"6 N D from {_short(active.value)} active parameters and {_short(declared.training_tokens)} declared tokens, ±30 %",
            )
        )
    if declared.device_hours is not None and declared.device_peak is not None:
        share = declared.utilisation or Interval(0.0, 1.0)
        interval = _with_error(by_hardware(declared.device_hours, declared.device_peak, share))
        found.append(
            Estimate(
                interval,
                f"{_short(declared.device_hours)} declared device hours at {_short(declared.device_peak)} FLOP/s, ±30 %",
            )
        )
    if declared.base_compute is not None and declared.finetune_compute is not None:
        base, own = declared.base_compute, declared.finetune_compute
        found.append(
            Estimate(
                Interval(base.low + own.low, base.high + own.high),
                "the base model's compute and that of the modification, declared",
            )
        )
    return found


def training_compute(declared: Declaration, active: Fact) -> tuple[Fact | None, str | None]:
    """(the fact, a sentence about a contradiction). Ways that agree narrow the figure, ways that contradict span it."""
    found = estimates(declared, active)
    if not found:
        return None, None
    interval, conflict = found[0].interval, None
    for estimate in found[1:]:
        both = interval.meet(estimate.interval)
        if both is None:
            conflict = (
                f"the training compute is {' and '.join(item.origin for item in found)}: these contradict one another"
            )
            interval = interval.hull(estimate.interval)
        else:
            interval = both
    origin = "; ".join(estimate.origin for estimate in found)
    return Fact("training_compute", interval, "FLOP", Provenance.DECLARED, origin), conflict


def _short(interval: Interval) -> str:
    return f"{interval.low:.4g}" if interval.exact else f"{interval.low:.3g} to {interval.high:.3g}"


def ceiling(parameters: Fact, tokens_per_parameter: float) -> Fact | None:
    """The most that weights of this size could have absorbed if a line's assumption holds; never a fact of the model."""
    if not isinstance(parameters.value, Interval):
        return None
    high = _times(FLOP * parameters.value.high, tokens_per_parameter * parameters.value.high)
    origin = f"6 N D with at most {tokens_per_parameter:g} tokens per parameter, an assumption of the line"
    return Fact("training_compute_ceiling", Interval(0.0, high), "FLOP", Provenance.ASSUMED, origin)
