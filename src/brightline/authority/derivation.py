"""A derivative inherits its base's status; above a third of the base's training compute its applicant answers for it as well."""

from collections.abc import Mapping

from brightline.release.quantity import Fact, Interval

THIRD = 1 / 3  # Commission guidelines on general-purpose AI models (18 July 2025), para 60 to 63: indicative
_MEANS = {
    True: "above a third, so that its applicant is the provider of a model of its own",
    False: "not above a third",
    None: "above a third or not",
}


def with_base(facts: Mapping[str, Fact], base: Mapping[str, Fact]) -> dict[str, Fact]:
    """The derivative's facts, the base's compute as the base's own case found it: not as the derivative's applicant says."""
    found = base.get("training_compute")
    if found is None:
        return dict(facts)
    own = Fact("base_compute", found.value, found.unit, found.provenance, f"the base's own case: {found.origin}")
    return {**facts, "base_compute": own}


def share(facts: Mapping[str, Fact]) -> Interval | None:
    """Of the modification in its base: compute by compute; None where either is unknown."""
    own, base = (_interval(facts.get(name)) for name in ("finetune_compute", "base_compute"))
    if own is None or base is None or base.low <= 0:
        return None
    return Interval(own.low / base.high, own.high / base.low)


def _interval(fact: Fact | None) -> Interval | None:
    return fact.value if fact is not None and isinstance(fact.value, Interval) else None


def inheritance(facts: Mapping[str, Fact]) -> str:
    """What a derivative's permit says of its descent."""
    found = share(facts)
    if found is None:
        said = "a share of its base's training compute that is unknown until [finetune] compute is declared"
    else:
        above = True if found.low > THIRD else False if found.high <= THIRD else None
        figure = f"{found.low:.2g}" if found.exact else f"{found.low:.2g} to {found.high:.2g}"
        said = f"{figure} of its base's training compute, {_MEANS[above]}"
    return f"a derivative, with {said}: it inherits the base's status"
