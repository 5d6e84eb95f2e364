"""The acts on a case that was decided: vary, suspend, resume, withdraw, recall, expire, appeal, reassess."""

from datetime import timedelta

from brightline.authority.acts import resumed_clock, said
from brightline.authority.case import Appeal, Case, State
from brightline.authority.records import Records, Refusal
from brightline.permit.charter import Role
from brightline.permit.envelope import STATEMENT_TYPE, parse_envelope
from brightline.permit.order import Effect, read_notice
from brightline.permit.statement import digest_of
from brightline.permit.word import Word

REASSESSMENT = timedelta(days=182)  # before which an applicant cannot ask again; AI Act, Art. 52(5): six months
AGAINST = ("decision", "tier", "delay")


def vary(case: Case, word: Word, records: Records) -> Case | Refusal:
    """The decision is opened again; the permit in force stays in force until another takes effect."""
    said(word, "reason")
    return reviewed_again(case, word, records)


def reviewed_again(case: Case, word: Word, records: Records) -> Case:
    """Under review, with a clock of its own: the office can be late with this decision as with the first."""
    due = word.at + timedelta(days=records.charter(word.charter).review_days)
    return case.after(state=State.UNDER_REVIEW, draft=None, decided=None, stopped=None, due=due, reopens=False)


def reassess(case: Case, word: Word, records: Records) -> Case | Refusal:
    """As `vary`, on the applicant's request, which is heard half a year after the decision at the earliest."""
    said(word, "grounds")
    if case.decided is not None and word.by == case.applicant and word.at < case.decided + REASSESSMENT:
        day = (case.decided + REASSESSMENT).date()
        return Refusal(
            "TOO-EARLY", f"a reassessment can be asked for from {day} on. Appeal where the decision is wrong."
        )
    return reviewed_again(case, word, records)


def suspend(case: Case, word: Word, records: Records) -> Case | Refusal:
    """For a while: nothing leaves until it is resumed. A review that it meets is taken up again then, and not forgotten."""
    trouble = _noticed(case, word, records, Effect.SUSPENDED)
    reopens = case.state not in {State.IN_FORCE, State.VARIED}
    suspended = resumed_clock(case, word.at).after(state=State.SUSPENDED, draft=None, reopens=reopens, closed=word.at)
    return trouble or _halted(suspended, word)


def resume(case: Case, word: Word, records: Records) -> Case | Refusal:
    """What the permit gave is given again, no more; and whatever was under review is again."""
    trouble = _noticed(case, word, records, Effect.RESUMED)
    if trouble is not None:
        return trouble
    resumed = case.after(state=State.VARIED if len(case.issued) > 1 else State.IN_FORCE, closed=None, halted=None)
    return reviewed_again(resumed, word, records) if case.reopens else resumed


def withdraw(case: Case, word: Word, records: Records) -> Case | Refusal:
    """For good: by the applicant at any time; by the office, with an officer's notice, once a permit is out."""
    if not case.issued or word.by == case.applicant:
        said(word, "reason")
        return _halted(case.after(state=State.WITHDRAWN, draft=None, left=word.by == case.applicant), word)
    trouble = _noticed(case, word, records, Effect.WITHDRAWN)
    return trouble or _halted(case.after(state=State.WITHDRAWN, draft=None, closed=word.at), word)


def recall(case: Case, word: Word, records: Records) -> Case | Refusal:
    """For good, and those who have the bytes are told."""
    trouble = _noticed(case, word, records, Effect.RECALLED)
    return trouble or _halted(case.after(state=State.RECALLED, draft=None, closed=word.at), word)


def _halted(case: Case, word: Word) -> Case:
    """What was not in effect by then will not be, whatever ends the case besides."""
    return case if case.halted is not None else case.after(halted=word.at)


def _noticed(case: Case, word: Word, records: Records, effect: Effect) -> Refusal | None:
    """An act on a permit stands on a notice that an officer signed. None where it does."""
    said(word, "reason")
    content = records.document(digest_of(said(word, "notice")))
    if content is None:
        return Refusal("NO-DOCUMENT", "the notice is not among the documents.")
    envelope = parse_envelope(content, STATEMENT_TYPE, "the notice")
    notice = read_notice(envelope.payload)
    if not case.issued or (notice.permit, notice.effect) != (case.issued[-1].draft.permit, effect):
        return Refusal("OTHER-CASE", f"the notice is none that says {effect} of this case's permit.")
    if not records.charter(word.charter).signed_by(envelope, Role.OFFICER):
        return Refusal("SIGNATURE", "the notice is signed by no officer.")
    return None


def expire(case: Case, word: Word, _records: Records) -> Case | Refusal:
    """Time alone does this; the act only writes it down."""
    last = case.issued[-1].draft.expires if case.issued else None
    if last is None or word.at < last:
        return Refusal("TOO-EARLY", "this case's permit has not expired.")
    return case.after(state=State.EXPIRED, draft=None)


def appeal(case: Case, word: Word, records: Records) -> Case | Refusal:
    """Against the decision, against the tier, or against the failure to decide in time."""
    against, grounds = said(word, "against"), said(word, "grounds")
    if against not in AGAINST:
        return Refusal("GROUNDS", f"an appeal goes against one of {', '.join(AGAINST)}.")
    if any(earlier.outcome is None for earlier in case.appeals):
        return Refusal("PENDING", "an appeal in this case is pending already.")
    if against == "delay":
        late = case.decided is None and case.due is not None and case.stopped is None and word.at > case.due
        if not late:
            return Refusal("TOO-EARLY", "the office is not late with this case.")
    else:
        days = records.charter(word.charter).appeal_days
        if case.decided is None or word.at > case.decided + timedelta(days=days):
            return Refusal("TOO-LATE", f"a decision can be appealed against within {days} days of it.")
    return case.after(appeals=(*case.appeals, Appeal(against, grounds, word.at)))


def rule(case: Case, word: Word, records: Records) -> Case | Refusal:
    """The appeals body rules; one that is upheld opens the case again. It widens nothing by itself."""
    outcome = said(word, "outcome")
    said(word, "text")
    pending = [number for number, earlier in enumerate(case.appeals) if earlier.outcome is None]
    if not pending or outcome not in {"upheld", "dismissed"}:
        return Refusal(
            "NO-APPEAL", "an appeal that is pending is upheld or dismissed; there is none, or neither was said."
        )
    if word.by in case.examiners | case.drafters | case.voters:
        return Refusal("SEPARATION", f"{word.by} took part in the decision, and cannot hear the appeal.")
    appeals = list(case.appeals)
    appeals[pending[0]] = Appeal(
        appeals[pending[0]].against, appeals[pending[0]].grounds, appeals[pending[0]].at, outcome
    )
    ruled = case.after(appeals=tuple(appeals))
    if outcome == "upheld" and case.state in {State.IN_FORCE, State.VARIED, State.DECIDED}:
        return reviewed_again(ruled, word, records)
    return ruled.after(reopens=ruled.reopens or (outcome == "upheld" and case.state is State.SUSPENDED))
