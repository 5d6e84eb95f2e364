"""Signing, deciding and publishing: where an irreversible act meets the people it needs (Law 4)."""

from dataclasses import replace
from datetime import timedelta

from brightline.authority.acts import accesses, hearing_runs, said, wider
from brightline.authority.case import Case, Draft, Issued, State, Vote
from brightline.authority.records import Records, Refusal
from brightline.permit.charter import Charter, Role
from brightline.permit.envelope import STATEMENT_TYPE, Envelope, Signature, decoded
from brightline.permit.notation import canonical
from brightline.permit.word import Word

DISSENT_TYPE = "application/vnd.brightline.dissent.v1+json"


def dissent(permit: str, text: str) -> Envelope:
    """What an approver signs to vote against a permit."""
    return Envelope(DISSENT_TYPE, canonical({"permit": permit, "dissent": text}))


def sign(case: Case, word: Word, records: Records) -> Case | Refusal:
    """An approver votes: for, by signing the permit; or against, by signing the reasons."""
    drafted = case.draft
    if drafted is None:
        return Refusal("STATE", "there is no draft to sign. Run `brightline case draft` first.")
    charter = records.charter(drafted.charter)
    keyid, value = said(word, "keyid"), said(word, "signature")
    holder = charter.holder_of(keyid)
    trouble = _unfit(case, word.by, holder, charter)
    if trouble is not None:
        return trouble
    text = word.body.get("dissent")
    content = records.document(drafted.permit)
    if content is None:
        return Refusal("NO-DOCUMENT", "the permit is not among the documents.")
    envelope = Envelope(STATEMENT_TYPE, content) if text is None else dissent(drafted.permit, said(word, "dissent"))
    signed = replace(envelope, signatures=(Signature(keyid, decoded(value)),))
    if not charter.signed_by(signed, Role.APPROVER):
        return Refusal(
            "SIGNATURE", f"the signature is not one by {holder} on this draft. Sign the draft as it stands now."
        )
    vote = Vote(str(holder), keyid, value, text)
    votes = (*(other for other in drafted.votes if other.holder != holder), vote)
    return case.after(draft=replace(drafted, votes=votes), voters=case.voters | {str(holder)})


def _unfit(case: Case, by: str, holder: str | None, charter: Charter) -> Refusal | None:
    """Who may not sign: strangers, parties, those with a conflict, those who examined or drafted this case."""
    if holder is None or not charter.holds(holder, Role.APPROVER):
        return Refusal("STRANGER", "the key belongs to no approver of the charter that this draft stands under.")
    if by != holder:
        return Refusal("OTHER-HAND", f"the key is {holder}'s, and {by} cannot sign with it.")
    if not charter.strangers([holder], case.parties):
        return Refusal("PARTY", f"{holder} is the applicant or belongs to it, and cannot approve its release.")
    if holder in case.conflicts:
        return Refusal("CONFLICT", f"{holder} declared a conflict in this case.")
    if holder in case.examiners | case.drafters:
        return Refusal("SEPARATION", f"{holder} examined or drafted this case; somebody else has to sign.")
    return None


def approvals(case: Case, drafted: Draft, charter: Charter) -> frozenset[str]:
    """Who voted for it, and may: a conflict declared after the vote takes the vote away."""
    names = [vote.holder for vote in drafted.votes if vote.dissent is None and vote.holder not in case.conflicts]
    return charter.strangers(names, case.parties) - case.examiners - case.drafters


def needed(drafted: Draft, charter: Charter) -> int:
    return charter.irreversible if drafted.one_way else charter.reversible


def decide(case: Case, word: Word, records: Records) -> Case | Refusal:
    """Enough people signed, and whoever is hurt was heard."""
    drafted = case.draft
    if drafted is None:
        return Refusal("STATE", "there is no draft to decide on.")
    charter = records.charter(drafted.charter)
    signed, wanted = len(approvals(case, drafted, charter)), needed(drafted, charter)
    if signed < wanted:
        return Refusal("THRESHOLD", f"{signed} of {wanted} approvers have signed; {wanted - signed} more must.")
    if hearing_runs(drafted, word.at):
        return Refusal(
            "HEARING", f"the applicant is heard until {drafted.hearing_until:%Y-%m-%d %H:%M} UTC, or waives it."
        )
    return case.after(state=State.DECIDED, decided=word.at)


def publish(case: Case, word: Word, records: Records) -> Case | Refusal:
    """The permit goes out. What cannot be undone takes effect after the delay, whatever the permit says."""
    drafted = case.draft
    if drafted is None:
        return Refusal("STATE", "there is nothing to publish.")
    if said(word, "permit") != drafted.permit:
        return Refusal("OTHER-CASE", "the permit to publish is not the one that was signed.")
    charter = records.charter(word.charter)
    if drafted.charter != word.charter or len(approvals(case, drafted, charter)) < needed(drafted, charter):
        return Refusal("THRESHOLD", "a conflict or a new charter took signatures away since: draft and sign again.")
    if case.base is not None and wider(drafted.access, accesses(word.body.get("base_access"))):
        return Refusal("TOO-OPEN", "the base model's status was narrowed since: draft again, and sign again.")
    if drafted.expires is not None and drafted.expires <= word.at:
        return Refusal("PAST", "the permit has expired before it was published: draft again.")
    delay = timedelta(seconds=charter.delay if drafted.one_way else 0)
    issued = Issued(drafted, word.at, max(drafted.effective, word.at + delay))
    state = State.VARIED if case.issued else State.IN_FORCE
    return case.after(state=state, draft=None, issued=(*case.issued, issued))
