"""A case: the process around one release, as its words have left it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from brightline.decision.access import Access
from brightline.permit.standing import Force
from brightline.release.component import JUDGED, Component


class State(StrEnum):
    """Of the procedure. What may leave the house is another question: see `Case.access`."""

    TENDERED = "tendered"
    RETURNED = "returned"
    ACCEPTED = "accepted"
    UNDER_REVIEW = "under review"
    CLOCK_STOPPED = "clock stopped"
    DRAFTED = "draft decision"
    DECIDED = "decided"
    IN_FORCE = "in force"
    VARIED = "varied"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    RECALLED = "recalled"


@dataclass(frozen=True, slots=True)
class Vote:
    """For, with a signature on the permit; or against, with the reasons (a dissent stays in the record)."""

    holder: str
    keyid: str
    signature: str  # base64
    dissent: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A permit before its signatures. `hearing_until` where the decision is adverse."""

    permit: str  # digest of the statement
    by: str
    charter: int
    one_way: bool
    adverse: bool
    access: Mapping[Component, Access]
    effective: datetime
    expires: datetime | None
    hearing_until: datetime | None
    heard: bool = False
    votes: tuple[Vote, ...] = ()


@dataclass(frozen=True, slots=True)
class Issued:
    """A published permit. What cannot be undone takes effect after the delay."""

    draft: Draft
    published: datetime
    effective: datetime


@dataclass(frozen=True, slots=True)
class Appeal:
    """`outcome` is "upheld" or "dismissed" once it was heard."""

    against: str
    grounds: str
    at: datetime
    outcome: str | None = None


@dataclass(frozen=True)
class Case:
    """`conflicts` are the holders who declared an interest; `examiners` and `drafters` may not sign, `voters` not rule."""

    number: int
    applicant: str
    affiliates: tuple[str, ...]
    title: str
    manifest: str
    line: str  # id, version
    line_digest: str  # pinned at filing
    base: str | None
    filed: datetime
    moved: datetime
    state: State = State.TENDERED
    accepted: datetime | None = None
    due: datetime | None = None
    stopped: datetime | None = None
    reopens: bool = False  # a suspension met a review, or an appeal was upheld since: resuming leads back to it
    decided: datetime | None = None
    left: bool = False  # the applicant withdrew it: that ends this case, and nobody else's
    closed: datetime | None = None  # when the office last closed these bytes, for a while or for good
    halted: datetime | None = None  # since when no permit of it takes effect, by the office's word or the applicant's
    report: str | None = None  # digest of the latest examination
    clearance: str | None = None
    examiners: frozenset[str] = frozenset()
    drafters: frozenset[str] = frozenset()
    voters: frozenset[str] = frozenset()
    conflicts: frozenset[str] = frozenset()
    questions: tuple[str, ...] = ()
    draft: Draft | None = None
    issued: tuple[Issued, ...] = ()
    appeals: tuple[Appeal, ...] = ()

    def after(self, **changes: Any) -> "Case":
        """The case with other values. As dataclasses.replace, at a tenth of its time: acts do little else."""
        if not changes.keys() <= vars(self).keys():
            raise TypeError(f"a case has no {', '.join(sorted(changes.keys() - vars(self).keys()))}")
        later = object.__new__(Case)
        vars(later).update(vars(self), **changes)
        return later

    @property
    def parties(self) -> tuple[str, ...]:
        return (self.applicant, *self.affiliates)

    def current(self, at: datetime) -> Issued | None:
        """The last permit that has taken effect; one whose delay still runs changes nothing yet."""
        effective = [issued for issued in self.issued if issued.effective <= at]
        return effective[-1] if effective else None

    def last(self, at: datetime) -> Issued | None:
        """The permit that was in force last, or is; None where none ever was: one that expires within its delay never is."""
        until = at if self.halted is None else min(at, self.halted)
        begun = [one for one in self.issued if one.effective <= until]
        lasting = [one for one in begun if one.draft.expires is None or one.effective < one.draft.expires]
        return lasting[-1] if lasting else None

    def force(self, permit: str, at: datetime) -> Force:
        """Of one of this case's permits. Raises KeyError where it has no such permit."""
        ended = {State.SUSPENDED: Force.SUSPENDED, State.WITHDRAWN: Force.WITHDRAWN, State.RECALLED: Force.RECALLED}
        issued = {issued.draft.permit: issued for issued in self.issued}[permit]
        if self.state in ended:
            return ended[self.state]
        if self.state is State.EXPIRED or (issued.draft.expires is not None and at >= issued.draft.expires):
            return Force.EXPIRED
        if issued.effective > at:
            return Force.WAITING
        return Force.IN_FORCE if self.current(at) is issued else Force.SUPERSEDED

    def access(self, at: datetime) -> dict[Component, Access]:
        """What this case grants now: nothing but documentation, unless a permit is in force (Law 1)."""
        current = self.current(at)
        closed = dict.fromkeys(JUDGED, Access.WITHHELD) | {Component.DOCUMENTATION: Access.OPEN}
        if current is None or self.force(current.draft.permit, at) is not Force.IN_FORCE:
            return closed
        return dict(current.draft.access)

    def running(self, at: datetime) -> timedelta | None:
        """How long the review's clock still runs; negative where the office is late."""
        return None if self.due is None else self.due - (self.stopped or at)
