"""Who may have the bytes of a component: one pure rule, asked on every path that leads to a byte (Laws 1, 2 and 8)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from brightline.authority.orders import Ordered
from brightline.decision.access import Access
from brightline.release.component import Component


class Phase(StrEnum):
    """Of a release, as the doors see it."""

    QUARANTINE = "quarantine"  # nothing was decided yet
    DECIDED = "decided"  # a determination is in force
    CLOSED = "closed"  # it was suspended, withdrawn or recalled, or has expired


@dataclass(frozen=True, slots=True)
class Judged:
    """A release and what was decided of it. `access` grants in the phase `decided` only; in `closed` it still hides."""

    phase: Phase
    access: Mapping[Component, Access] = field(default_factory=dict)
    orders: Sequence[Ordered] = ()
    case: int | None = None
    why: str = ""  # the reason of a closing, for people


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever asks. `name` is None for nobody in particular; `attributes` are what orders speak of.

    `accepted`: the terms of this release's repository; `vetted_until`: named for study, until then.
    """

    name: str | None = None
    owner: bool = False
    examiner: bool = False
    accepted: bool = False
    vetted_until: datetime | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


class Reason(StrEnum):
    """Why not. `hidden` ones are answered as if there were nothing."""

    QUARANTINE = "quarantine"
    CLOSED = "closed"
    ORDER = "order"
    SIGN_IN = "sign in"
    TERMS = "terms"
    VETTING = "vetting"
    API = "api"
    WITHHELD = "withheld"


HIDDEN = frozenset({Reason.QUARANTINE, Reason.WITHHELD})


@dataclass(frozen=True, slots=True)
class Denial:
    """A refusal, as a value; the sentence says which determination, why, and what to do."""

    reason: Reason
    sentence: str

    @property
    def hidden(self) -> bool:
        return self.reason in HIDDEN


def refused(component: Component, judged: Judged, caller: Caller, at: datetime) -> Denial | None:
    """Why the caller may not have bytes of the component now; None where it may. What hides goes before what explains."""
    if caller.examiner:
        return None
    denial = _decided(component, judged, caller, at)
    if denial is not None and denial.hidden:
        return denial
    for ordered in judged.orders:
        if ordered.bars(component, caller.attributes, at):
            said = f"order {ordered.order.number} bars {ordered.order.callers} from the {component}: {ordered.order.reason}"
            return Denial(Reason.ORDER, said)
    return denial


def _decided(component: Component, judged: Judged, caller: Caller, at: datetime) -> Denial | None:
    """By the phase and the determination alone."""
    if judged.phase is Phase.QUARANTINE:
        said = "nothing was decided about this revision yet"
        return None if caller.owner else Denial(Reason.QUARANTINE, said)
    if component is Component.DOCUMENTATION:
        return None
    if judged.phase is Phase.CLOSED and judged.access.get(component) is not Access.WITHHELD:
        return Denial(Reason.CLOSED, f"the permit of case {judged.case} is not in force: {judged.why}")
    return _granted(component, judged.access.get(component, Access.WITHHELD), judged, caller, at)


def _granted(component: Component, access: Access, judged: Judged, caller: Caller, at: datetime) -> Denial | None:
    what = f"the {component} is {access} by determination in case {judged.case}"
    match access:
        case Access.OPEN:
            return None
        case Access.GATED | Access.VETTED if caller.name is None:
            return Denial(Reason.SIGN_IN, f"{what}: sign in with a token of this office")
        case Access.GATED:
            passed = caller.owner or caller.accepted or _vetted(caller, at)
            return None if passed else Denial(Reason.TERMS, f"{what}: accept its terms")
        case Access.VETTED:
            return (
                None if _vetted(caller, at) else Denial(Reason.VETTING, f"{what}: only people named for study have it")
            )
        case Access.API:
            return Denial(Reason.API, f"{what}: no bytes leave, answers only, through a gateway")
        case Access.WITHHELD:
            return Denial(Reason.WITHHELD, what)


def _vetted(caller: Caller, at: datetime) -> bool:
    return caller.vetted_until is not None and at < caller.vetted_until
