"""Cases as documents: what `case show` prints and the API answers."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from brightline.assembly.office import View
from brightline.authority.case import Case, Draft
from brightline.authority.orders import Ordered
from brightline.permit.notation import written
from brightline.storage.record.records import words_of
from brightline.storage.sql import schema
from brightline.storage.sql.database import restored

Document = dict[str, Any]


def case_document(case: Case, at: datetime) -> Document:
    """The case as it stands."""
    return {
        "number": case.number,
        "state": case.state.value,
        "title": case.title,
        "applicant": case.applicant,
        "affiliates": list(case.affiliates),
        "manifest": case.manifest,
        "line": case.line,
        "line_digest": case.line_digest,
        "base": case.base,
        "filed": written(case.filed),
        "moved": written(case.moved),
        "due": _moment(case.due),
        "decided": _moment(case.decided),
        "clearance": case.clearance,
        "report": case.report,
        "questions": list(case.questions),
        "conflicts": sorted(case.conflicts),
        "draft": None if case.draft is None else _draft(case.draft),
        "permits": [
            {
                "digest": issued.draft.permit,
                "published": written(issued.published),
                "effective": written(issued.effective),
                "force": case.force(issued.draft.permit, at).value,
                **_draft(issued.draft),
            }
            for issued in case.issued
        ],
        "appeals": [
            {"against": one.against, "grounds": one.grounds, "at": written(one.at), "outcome": one.outcome}
            for one in case.appeals
        ],
        "access": {part.value: access.value for part, access in case.access(at).items()},
    }


def _draft(draft: Draft) -> Document:
    return {
        "permit": draft.permit,
        "by": draft.by,
        "irreversible": draft.one_way,
        "decided_access": {part.value: access.value for part, access in draft.access.items()},
        "expires": _moment(draft.expires),
        "hearing_until": _moment(draft.hearing_until),
        "votes": [
            {"holder": vote.holder, "vote": "for" if vote.dissent is None else "against", "dissent": vote.dissent}
            for vote in draft.votes
        ],
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else written(at)


def case_rows(view: View, applicant: str | None = None) -> list[Document]:
    """All cases, or those of one applicant, a row each."""
    table = schema.cases
    wanted = select(table).order_by(table.c.number)
    if applicant is not None:
        wanted = wanted.where(table.c.applicant == applicant)
    return [
        {
            "number": row.number,
            "state": row.state,
            "applicant": row.applicant,
            "title": row.title,
            "manifest": row.manifest,
            "moved": written(restored(row.moved)),
        }
        for row in view.connection.execute(wanted)
    ]


def case_record(view: View, number: int, at: datetime) -> Document:
    """The case with every word that was said in it."""
    document = case_document(view.case(number), at)
    said = [
        {"at": written(word.at), "act": word.act, "by": word.by, "charter": word.charter, "body": dict(word.body)}
        for word in words_of(view.connection, number)
    ]
    return {**document, "record": said}


def case_lines(record: Document) -> list[str]:
    """For a person."""
    access = ", ".join(f"{part} {word}" for part, word in record["access"].items())
    lines = [
        f"case {record['number']}: {record['title']} by {record['applicant']}: {record['state']}",
        f"release   {record['manifest']}",
        f"line      {record['line']}",
        f"grants    {access}",
    ]
    lines += [f"permit    {one['digest']}: {one['force']}; effective {one['effective']}" for one in record["permits"]]
    for draft in filter(None, [record["draft"]]):
        lines += [f"draft     {', '.join(f'{part} {word}' for part, word in draft['decided_access'].items())}"]
        lines += [f"vote      {vote['holder']} {vote['vote']} {vote['dissent'] or ''}" for vote in draft["votes"]]
    return [*lines, *(f"{said['at']}  {said['act']:<9} {said['by']}" for said in record["record"])]


def order_document(ordered: Ordered, at: datetime) -> Document:
    """An order, and whether it runs."""
    order = ordered.order
    return {
        "number": order.number,
        "digest": ordered.digest,
        "manifest": order.manifest,
        "components": [part.value for part in order.components],
        "callers": order.callers,
        "reason": order.reason,
        "from": written(order.begins),
        "until": _moment(order.until),
        "lifted": _moment(ordered.lifted),
        "runs": ordered.runs(at),
    }
