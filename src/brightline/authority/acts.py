"""The acts on a case before it is decided, one function each. Time and the records are arguments; nothing is read or written."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from brightline.authority.case import Case, Draft, State
from brightline.authority.records import ITEMS, NAME, TEXT, TITLE, Records, Refusal
from brightline.decision.access import Access
from brightline.permit.charter import Role, folded
from brightline.permit.notation import Illegible
from brightline.permit.permit import Permit, read_permit
from brightline.permit.statement import digest_of
from brightline.permit.word import Word
from brightline.release.component import JUDGED, Component


def said(word: Word, key: str) -> str:
    """A text of the word's body, bounded. Raises Illegible."""
    value = word.body.get(key)
    if not isinstance(value, str) or not _legible(value):
        raise Illegible(f"{key} is a text of 1 to {TEXT} characters, none of them NUL")
    return value


def _legible(text: str) -> bool:
    return bool(text.strip()) and len(text) <= TEXT and "\0" not in text


def said_list(word: Word, key: str) -> tuple[str, ...]:
    """Raises Illegible."""
    values = word.body.get(key)
    if not isinstance(values, list) or len(values) > ITEMS or not all(isinstance(value, str) for value in values):
        raise Illegible(f"{key} is a list of at most {ITEMS} texts")
    if not all(map(_legible, values)):
        raise Illegible(f"{key} holds texts of 1 to {TEXT} characters, none of them NUL")
    return tuple(values)


def file(word: Word, records: Records) -> Case | Refusal:
    """A release is tendered. The line is pinned as it stands today; the base's status will bind a derivative."""
    base = word.body.get("base")
    if len(said(word, "applicant")) > NAME or len(said(word, "title")) > TITLE:
        raise Illegible(f"an applicant's name has at most {NAME} characters, a title at most {TITLE}")
    judges = {folded(name) for name in records.charter(word.charter).holders}
    barred = [name for name in said_list(word, "affiliates") if folded(name) in judges]
    if barred:
        why = "the charter says to whom its holders belong, not a filing. Declare a conflict instead"
        return Refusal("PARTY", f"{barred[0]} holds an office here: {why}.")
    return Case(
        number=word.case,
        applicant=said(word, "applicant"),
        affiliates=said_list(word, "affiliates"),
        title=said(word, "title"),
        manifest=digest_of(said(word, "manifest")),
        line=said(word, "line"),
        line_digest=digest_of(said(word, "line_digest")),
        base=None if base is None else digest_of(said(word, "base")),
        filed=word.at,
        moved=word.at,
    )


def give_back(case: Case, word: Word, _records: Records) -> Case | Refusal:
    """Not complete enough to be reviewed: the reasons go back with it, and no clock has run."""
    said(word, "reason")
    return case.after(state=State.RETURNED)


def accept(case: Case, word: Word, records: Records) -> Case | Refusal:
    """The completeness check was passed; the clock starts."""
    missing = said_list(word, "missing")
    if missing:
        return Refusal("INCOMPLETE", f"the filing is not complete: {'; '.join(missing)}. Return it, or complete it.")
    due = word.at + timedelta(days=records.charter(word.charter).review_days)
    return case.after(state=State.ACCEPTED, accepted=word.at, due=due)


def declare_conflict(case: Case, word: Word, records: Records) -> Case | Refusal:
    """Somebody of the office has an interest in this case, and takes no further part in it."""
    person = said(word, "person")
    said(word, "text")
    charter = records.charter(word.charter)
    if person not in charter.holders:
        return Refusal("STRANGER", f"{person} holds no office here, so no conflict either.")
    if person != word.by and not charter.holds(word.by, Role.OFFICER):
        return Refusal("OTHER-HAND", f"{person} declares its own conflicts, or an officer does.")
    return case.after(conflicts=case.conflicts | {person})


def examine(case: Case, word: Word, _records: Records) -> Case | Refusal:
    """An examination was completed: its report, by digest, and what it found the release to be."""
    report, found = digest_of(said(word, "report")), digest_of(said(word, "manifest"))
    if found != case.manifest:
        return Refusal(
            "OTHER-BYTES", f"what was examined is not what was filed ({found[:23]}…). Examine the filed release."
        )
    return case.after(
        state=State.UNDER_REVIEW,
        report=report,
        clearance=said(word, "clearance"),
        examiners=case.examiners | {word.by},
    )


def stop(case: Case, word: Word, _records: Records) -> Case | Refusal:
    """A question to the applicant stops the clock."""
    return case.after(state=State.CLOCK_STOPPED, stopped=word.at, questions=(*case.questions, said(word, "question")))


def restart(case: Case, word: Word, _records: Records) -> Case | Refusal:
    """The answer starts it again; the time between does not count."""
    said(word, "answer")
    return resumed_clock(case, word.at).after(state=State.UNDER_REVIEW)


def resumed_clock(case: Case, at: datetime) -> Case:
    """The case with its clock running, and the time that it stood added to what is due."""
    if case.stopped is None or case.due is None:
        return case
    return case.after(stopped=None, due=case.due + (at - case.stopped))


def draft(case: Case, word: Word, records: Records) -> Case | Refusal:
    """A decision is drafted: the permit that is to be signed. An adverse one opens a hearing."""
    digest = digest_of(said(word, "permit"))
    content = records.document(digest)
    if content is None:
        return Refusal("NO-DOCUMENT", f"the permit {digest[:23]}… is not among the documents.")
    permit = read_permit(content)
    trouble = _unfit(case, word, permit)
    if trouble is not None:
        return trouble
    adverse = any(permit.access[component] is not Access.OPEN for component in JUDGED)
    days = records.charter(word.charter).hearing_days
    hearing = word.at + timedelta(days=days) if adverse and days else None
    drafted = Draft(
        digest, word.by, word.charter, permit.one_way, adverse, permit.access, permit.effective, permit.expires, hearing
    )
    return case.after(state=State.DRAFTED, draft=drafted, drafters=case.drafters | {word.by})


def _unfit(case: Case, word: Word, permit: Permit) -> Refusal | None:
    """Why this permit may not be drafted in this case."""
    if case.report is None:
        return Refusal("UNEXAMINED", "nothing was examined yet. Run `brightline case examine` first.")
    own = (permit.case, permit.manifest.digest, permit.applicant, permit.affiliates, permit.charter, permit.base)
    if own != (case.number, case.manifest, case.applicant, case.affiliates, word.charter, case.base):
        return Refusal("OTHER-CASE", "the permit does not speak of this case's release, applicant, base and charter.")
    if permit.determination.get("line_digest") != case.line_digest:
        return Refusal("OTHER-LINE", f"the line was pinned at filing: {case.line}. Determine under that one.")
    bounds = [accesses(permit.determination.get("access"))]
    if case.base is not None:
        bounds.append(accesses(word.body.get("base_access")))
    if case.clearance == "block":
        bounds.append(dict.fromkeys(JUDGED, Access.WITHHELD))
    if any(wider(permit.access, bound) for bound in bounds):
        return Refusal(
            "TOO-OPEN", "the permit opens more than the line, the base model's status or the inspection allow."
        )
    if permit.expires is not None and permit.expires <= word.at:
        return Refusal("PAST", "the permit would expire before it is signed.")
    return None


def wider(access: Mapping[Component, Access], bound: Mapping[Component, Access]) -> bool:
    """Whether anything of it is more open than the bound."""
    return any(access[part].rank < bound[part].rank for part in JUDGED)


def accesses(words: Any) -> dict[Component, Access]:
    """Accesses in a document; what it does not say is withheld."""
    given = words if isinstance(words, dict) else {}
    return {part: Access(given[part]) if given.get(part) in list(Access) else Access.WITHHELD for part in JUDGED}


def respond(case: Case, word: Word, _records: Records) -> Case | Refusal:
    """The applicant is heard on a draft; or says that nothing is to be said, which ends the hearing."""
    said(word, "text")
    if case.draft is None or case.draft.hearing_until is None:
        return Refusal("NO-HEARING", "there is no hearing in this case: the draft takes nothing away.")
    waived = word.body.get("waive") is True
    return case.after(draft=replace(case.draft, heard=waived or case.draft.heard))


def hearing_runs(drafted: Draft, at: datetime) -> bool:
    return drafted.hearing_until is not None and not drafted.heard and at < drafted.hearing_until
