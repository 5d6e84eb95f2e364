"""What the cases about a release's bytes amount to at a moment: quarantine, a determination in force, or a closing."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from brightline.authority.case import Case, State
from brightline.authority.orders import Ordered
from brightline.decision.access import Access
from brightline.enforcement.access import Judged, Phase
from brightline.permit.standing import Force
from brightline.release.component import JUDGED, Component


def judge(cases: Sequence[Case], orders: Sequence[Ordered], at: datetime, owner: str | None = None) -> Judged:
    """Revocation wins (Law 8): a closing by the office holds until a case that was filed after it is decided.

    Where several cases about the same bytes are in force, the most closed word on each component stands (Law 2), whichever
    others were closed meanwhile. Where an owner is named, nothing is decided before a case of its own has taken effect. An
    applicant's own withdrawal ends its own case only: it neither closes other cases nor undoes what the office closed.
    What is closed still hides all that any of the closed cases, or one in force, withheld.
    """
    published = [case for case in cases if case.issued]
    own = [case for case in published if owner in (None, case.applicant)]
    last = _last_closing(published)
    said: list[Mapping[Component, Access]] = [case.access(at) for case in published if _in_force(case, at)]
    mine = [case for case in own if _in_force(case, at) and _overcomes(case, last)]
    if mine:
        return Judged(Phase.DECIDED, _narrowest(said), orders, mine[-1].number)
    ended = [case for case in own if case.last(at) is not None]
    if not ended:  # somebody else's case is as if there were none
        filed = [case.number for case in cases if owner in (None, case.applicant)]
        return Judged(Phase.QUARANTINE, {}, orders, filed[-1] if filed else None)
    closed = [case for case in published if case.closed is not None]
    said += [issued.draft.access for case in (*ended, *closed) if (issued := case.last(at)) is not None]
    number, why = ended[-1].number, "it was withdrawn" if ended[-1].left else "it has expired"
    if last is not None:
        number, why = last.number, f"it was {_ENDINGS[last.state]}"
    return Judged(Phase.CLOSED, _narrowest(said), orders, number, why)


def revoked(cases: Sequence[Case], at: datetime) -> Case | None:
    """The office's last closing about some bytes, until a case that was filed after it is in force."""
    published = [case for case in cases if case.issued]
    last = _last_closing(published)
    return None if any(_in_force(case, at) and _overcomes(case, last) for case in published) else last


def _last_closing(published: Sequence[Case]) -> Case | None:
    closed = [(case.closed, case) for case in published if case.closed is not None]
    return max(closed, key=lambda pair: pair[0])[1] if closed else None


def _overcomes(case: Case, last: Case | None) -> bool:
    """Only what was filed after the closing itself: words that were said in the closed case since change nothing."""
    return last is None or last.closed is None or case.filed > last.closed


_ENDINGS = {  # a suspension outlives the permit that it met
    State.SUSPENDED: "suspended",
    State.EXPIRED: "suspended",
    State.RECALLED: "recalled",
    State.WITHDRAWN: "withdrawn",
}


def _in_force(case: Case, at: datetime) -> bool:
    current = case.current(at)
    return current is not None and case.force(current.draft.permit, at) is Force.IN_FORCE


def _narrowest(granted: Sequence[Mapping[Component, Access]]) -> dict[Component, Access]:
    return {part: max((one[part] for one in granted), key=lambda access: access.rank) for part in JUDGED}
