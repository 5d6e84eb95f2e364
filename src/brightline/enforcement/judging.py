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

    Where several cases about the same bytes are in force, the most closed word on each component stands (Law 2). Where an
    owner is named, nothing is decided before a case of its own is. An applicant's own withdrawal ends its own case only: it
    neither closes other cases nor undoes what the office closed.
    """
    published = [case for case in cases if case.issued]
    own = [case for case in published if owner in (None, case.applicant)]
    last = _last_closing(published)
    standing = [case for case in published if _in_force(case, at)]
    force = [case for case in standing if _overcomes(case, last)]
    mine = [case for case in force if case in own]
    if mine:
        return Judged(Phase.DECIDED, _narrowest([case.access(at) for case in force]), orders, mine[-1].number)
    said = [case.access(at) for case in standing]  # what is hidden by one of these stays so, whichever else is closed
    ended = [case for case in own if case.left or case.current(at) is not None]
    if last is not None and (owner is None or own):
        said += [_last(case) for case in published if case.closed is not None and case.closed >= last.filed]
        return Judged(Phase.CLOSED, _narrowest(said), orders, last.number, f"it was {_ENDINGS[last.state]}")
    if ended:
        why = "it was withdrawn" if ended[-1].left else "it has expired"
        return Judged(Phase.CLOSED, _narrowest([*said, _last(ended[-1])]), orders, ended[-1].number, why)
    # somebody else's case is as if there were none
    filed = [case.number for case in cases if owner in (None, case.applicant)]
    return Judged(Phase.QUARANTINE, {}, orders, filed[-1] if filed else None)


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


def _last(case: Case) -> dict[Component, Access]:
    """What its last permit said."""
    return dict(case.issued[-1].draft.access)


def _in_force(case: Case, at: datetime) -> bool:
    current = case.current(at)
    return current is not None and case.force(current.draft.permit, at) is Force.IN_FORCE


def _narrowest(granted: Sequence[Mapping[Component, Access]]) -> dict[Component, Access]:
    return {part: max((one[part] for one in granted), key=lambda access: access.rank) for part in JUDGED}
