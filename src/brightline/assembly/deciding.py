"""From a report to a permit in force: draft, sign, decide, publish."""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import insert, select

from brightline.assembly.filing import read_dossier
from brightline.assembly.office import Office, View, open_key, say
from brightline.assembly.procedure import determine_release, load_evidence
from brightline.assembly.refusal import Refused
from brightline.authority.case import Case, Issued
from brightline.authority.derivation import inheritance, with_base
from brightline.authority.records import Refusal
from brightline.authority.verdicts import dissent as dissent_envelope
from brightline.decision.access import Access
from brightline.decision.determination import Determination, Verdict
from brightline.decision.document import determination_document
from brightline.decision.draft import parse_line
from brightline.enforcement.access import Phase
from brightline.enforcement.judging import judge
from brightline.inspection.report import Inspection
from brightline.permit.envelope import STATEMENT_TYPE, Envelope, Signature, decoded
from brightline.permit.key import Signer
from brightline.permit.order import Effect, Notice
from brightline.permit.permit import Permit
from brightline.release.component import JUDGED, Component
from brightline.release.quantity import Provenance
from brightline.storage.ledger import Turn
from brightline.storage.record.keys import SCHEMES, NoKey, signer_elsewhere
from brightline.storage.record.records import words_of
from brightline.storage.sql import schema


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an officer may add to a draft. `narrower` closes components further than the line does."""

    evidence: Sequence[str] = ()
    effective: datetime | None = None
    expires: datetime | None = None
    narrower: Mapping[Component, Access] | None = None


def draft_case(office: Office, number: int, by: str, wanted: Wanted) -> Case:
    """Determine under the pinned line, and draft the permit that says so. Raises Refused."""
    from brightline.assembly.examination import read_report  # noqa: PLC0415 - brings DBOS along, which is slow

    evidence = load_evidence(wanted.evidence)
    at = office.clock().replace(microsecond=0)

    def prepare(view: View) -> Permit:
        case = view.case(number)
        report = None if case.report is None else view.document(case.report)
        if report is None:
            raise Refused(f"case {number} was not examined yet: `brightline case examine {number}`.", "UNEXAMINED")
        inspection = _with_base(view, case, read_report(report))
        line = parse_line(_pinned(view, number))
        determination = determine_release(inspection, [line], evidence, at.date())[0]
        base = {} if case.base is None else base_access(view, case.base, at)
        permit = _permit(case, inspection, determination, view.newest.version, at, wanted)
        return _lasting(_capped(permit, base, wanted.narrower), view.newest.delay)

    envelope = office.read(prepare).envelope()

    def act(turn: Turn) -> Case | Refusal:
        body = {"permit": envelope.digest, **_base_now(turn, number)}
        return say(turn, "draft", number, by, body, {envelope.digest: envelope.payload})

    case: Case = office.perform(act)
    return case


def _base_now(turn: Turn, number: int) -> dict[str, dict[str, str]]:
    """For a derivative, what its base grants at this very turn: it may have been revoked since the draft was made."""
    case = turn.case(number)
    if case is None or case.base is None:
        return {}
    return {"base_access": _words(base_access(turn, case.base, turn.at))}


def _pinned(view: View, number: int) -> str:
    """The text of the line as it was when the case was filed."""
    filed = next(words_of(view.connection, number))
    return str(read_dossier(view.document(str(filed.body["dossier"])) or b"{}").get("line"))


def base_access(view: View | Turn, manifest: str, at: datetime) -> dict[Component, Access]:
    """What the base model's cases grant now. Nothing, where none is in force or the last one was revoked."""
    numbers = view.connection.execute(
        select(schema.cases.c.number).where(schema.cases.c.manifest == manifest).order_by(schema.cases.c.number)
    ).scalars()
    found = [case for case in map(view.case, numbers) if case is not None and case.manifest == manifest]
    judged = judge(found, (), at)
    granted = judged.access if judged.phase is Phase.DECIDED else {}
    return {part: granted.get(part, Access.WITHHELD) for part in JUDGED}


def _words(access: Mapping[Component, Access]) -> dict[str, str]:
    return {part.value: word.value for part, word in access.items()}


def _with_base(view: View, case: Case, inspection: Inspection) -> Inspection:
    """A derivative is measured against what the base's own case found."""
    from brightline.assembly.examination import read_report  # noqa: PLC0415 - as above

    table = schema.cases.c
    numbers = view.connection.execute(select(table.number).where(table.manifest == case.base)).scalars()
    reports = [view.document(one.report) for one in map(view.case, numbers) if one.report is not None]
    bases = [read_report(report) for report in reports if report is not None]
    return replace(inspection, facts=with_base(inspection.facts, bases[-1].facts)) if bases else inspection


def _permit(
    case: Case, inspection: Inspection, determination: Determination, charter: int, at: datetime, wanted: Wanted
) -> Permit:
    return Permit(
        case=case.number,
        title=case.title,
        applicant=case.applicant,
        affiliates=case.affiliates,
        manifest=inspection.manifest,
        access=determination.access,
        determination=determination_document(determination),
        conditions=(*determination.conditions, *([inheritance(inspection.facts)] if case.base is not None else [])),
        fails_if=_fails_if(determination, case),
        charter=charter,
        issued=at,
        effective=wanted.effective or at,
        review=at + timedelta(days=182),
        expires=wanted.expires,
        base=case.base,
        supersedes=case.issued[-1].draft.permit if case.issued else None,
    )


def _capped(permit: Permit, base: Mapping[Component, Access], narrower: Mapping[Component, Access] | None) -> Permit:
    """A derivative is never more open than its base is; an officer may close further, never open."""
    access = dict(permit.access)
    for bounds in (base, narrower or {}):
        for part, bound in bounds.items():
            access[part] = max(access[part], bound, key=lambda one: one.rank)
    return replace(permit, access=access)


def _lasting(permit: Permit, delay: int) -> Permit:
    """`delay` in seconds. Raises Refused where it would be over before it could take effect."""
    begins = max(permit.effective, permit.issued + timedelta(seconds=delay if permit.one_way else 0))
    if permit.expires is not None and permit.issued < permit.expires <= begins:
        raise Refused(f"the permit would expire before it takes effect, on {begins:%Y-%m-%d %H:%M} UTC.", "PAST")
    return permit


def _fails_if(determination: Determination, case: Case) -> tuple[str, ...]:
    """The conditions under which the reasons fail: said before they do."""
    judged = determination.criteria
    return (
        *(f"{one.identity} turns out to be met ({one.expression})" for one in judged if one.verdict is Verdict.NOT_MET),
        *(
            f"a declared figure behind {one.identity} is wrong"
            for one in judged
            if one.provenance is Provenance.DECLARED
        ),
        *(["the base model's status changes"] if case.base is not None else []),
        "a file of the release changes by one bit: it is another release then",
    )


def sign_case(office: Office, number: int, key: str, dissent: str | None = None) -> Case:
    """Sign the draft with a key file or a key elsewhere (`awskms:...`), or sign a dissent. Raises Refused."""

    def prepare(view: View) -> tuple[Envelope, dict[str, str]]:
        case = view.case(number)
        content = None if case.draft is None else view.document(case.draft.permit)
        if case.draft is None or content is None:
            raise Refused(f"case {number} is {case.state}; there is no draft to sign.", "STATE")
        held = {
            one.keyid: name for name, holder in view.charter(case.draft.charter).holders.items() for one in holder.keys
        }
        envelope = (
            Envelope(STATEMENT_TYPE, content) if dissent is None else dissent_envelope(case.draft.permit, dissent)
        )
        return envelope, held

    envelope, held = office.read(prepare)
    signer = open_signer(office, key)
    if signer.keyid not in held:
        raise Refused(f"{key} is no key of this office's charter.", "STRANGER")
    body = {"keyid": signer.keyid, "signature": b64encode(signer.sign(envelope.encoding())).decode("ascii")}
    if dissent is not None:
        body["dissent"] = dissent
    return office.say("sign", number, held[signer.keyid], body)


def open_signer(office: Office, key: str) -> Signer:
    """A PEM file; or `SCHEME:...@HOLDER` for a key elsewhere, whose public half the charter names. Raises Refused."""
    scheme = key.partition(":")[0]
    if scheme not in SCHEMES or Path(key).exists():
        return open_key(Path(key), office.key_passphrase())
    uri, _, holder = key.rpartition("@")
    named = office.charter.holders.get(holder)
    if named is None or not named.keys:
        raise Refused(f"{key}: say whose key it is, {scheme}:...@HOLDER, as the charter calls the holder.", "STRANGER")
    try:
        return signer_elsewhere(uri, named.keys[0])
    except NoKey as trouble:
        raise Refused(f"{trouble}.", "NO-KEY") from None


def vote(office: Office, number: int, holder: str, body: Mapping[str, str]) -> Case:
    """A vote that was signed elsewhere and arrives over the API."""
    return office.say("sign", number, holder, body)


def permit_envelope(view: View, issued: Issued) -> Envelope:
    """The published permit with the signatures that were given for it."""
    content = view.document(issued.draft.permit)
    if content is None:
        raise Refused("the permit is not among the documents: the database is damaged.", "NO-DOCUMENT")
    given = [vote for vote in issued.draft.votes if vote.dissent is None]
    return Envelope(STATEMENT_TYPE, content, tuple(Signature(one.keyid, decoded(one.signature)) for one in given))


def publish_case(office: Office, number: int, by: str) -> Case:
    """Said in the log, and kept for those who ask for it. Raises Refused."""

    def act(turn: Turn) -> Case | Refusal:
        case = turn.case(number)
        permit = case.draft.permit if case is not None and case.draft is not None else "sha256:" + "0" * 64
        entry = turn.next_entry
        after = say(turn, "publish", number, by, {"permit": permit, **_base_now(turn, number)})
        if isinstance(after, Case):
            given = {one.keyid: one.signature for one in after.issued[-1].draft.votes if one.dissent is None}
            row = {"digest": permit, "case": number, "manifest": after.manifest, "number": entry}
            turn.rows.append((insert(schema.permits), {**row, "signatures": json.dumps(given)}))
        return after

    case: Case = office.perform(act)
    return case


def notice_case(office: Office, number: int, act: str, effect: Effect, by: str, reason: str) -> Case:
    """Suspend, resume, withdraw or recall: an officer's signed notice, and the act that stands on it. Raises Refused."""
    case: Case = office.read(lambda view: view.case(number))
    if not case.issued:
        raise Refused(f"no permit was published in case {number}: there is nothing to {act}.", "NO-PERMIT")
    at = office.clock().replace(microsecond=0)
    unsigned = Notice(case.issued[-1].draft.permit, effect, reason, at).envelope()
    envelope = unsigned.signed(office.officer_key(by))
    content = json.dumps(envelope.document(), sort_keys=True).encode("ascii")
    digest = Envelope("", content).digest
    return office.say(act, number, by, {"reason": reason, "notice": digest}, {digest: content})
