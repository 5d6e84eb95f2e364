"""The office as the API sees it: every refusal is a Declined, every answer a document."""

import json
import tempfile
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import delete, insert, select

from brightline.assembly import deciding, describing, examination, export, exposing, filing, ordering, record
from brightline.assembly.lines import shipped
from brightline.assembly.office import Office, View
from brightline.assembly.refusal import Refused
from brightline.decision.access import Access
from brightline.desk.service import Caller, Declined, Document
from brightline.permit.charter import Role, chain_document
from brightline.permit.envelope import STATEMENT_TYPE
from brightline.permit.notation import Illegible, written
from brightline.permit.order import Effect
from brightline.proof.note import NoteKey, read_checkpoint
from brightline.proof.tile import read_path
from brightline.proof.verification import log_key
from brightline.proof.witness import answer, read_request
from brightline.release.component import Component
from brightline.reports.document import inspection_document
from brightline.storage.accounts import tokens
from brightline.storage.sql import schema
from brightline.storage.sql.database import writing

_Answer = TypeVar("_Answer")
EFFECTS = {
    "suspend": Effect.SUSPENDED,
    "resume": Effect.RESUMED,
    "recall": Effect.RECALLED,
    "withdraw": Effect.WITHDRAWN,
}
SESSION = timedelta(hours=12)  # of a token that a sign-in gives


class OfficeService:
    """One office; methods are those of desk.service.Service."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def _ask(self, question: Callable[[View], _Answer]) -> _Answer:
        answer: _Answer = self._declining(lambda: self._office.read(question))
        return answer

    def _declining(self, work: Callable[[], _Answer]) -> _Answer:
        try:
            return work()
        except Refused as refusal:
            raise Declined(refusal.code, str(refusal)) from None
        except Illegible as trouble:
            raise Declined("ILLEGIBLE", f"{trouble}.") from None
        except OverflowError:
            raise Declined("INPUT", "a moment or a number leads out of the calendar.") from None

    def caller(self, secret: str) -> Caller | None:
        with self._office.engine.begin() as connection:
            token = tokens.find_token(connection, secret, self._office.clock())
        return None if token is None else Caller(token.identity, token.holder, token.scopes)

    def office(self) -> Document:
        def ask(view: View) -> Document:
            size = view.log.checkpoint().size
            key = log_key(view.newest).text()
            return {"office": view.newest.office, "charter": view.newest.version, "verifier_key": key, "size": size}

        return self._ask(ask)

    def charters(self) -> Document:
        return self._ask(lambda view: chain_document(view.envelopes))

    def cases(self, applicant: str | None) -> list[Document]:
        return self._ask(lambda view: describing.case_rows(view, applicant))

    def case(self, number: int, applicant: str | None) -> Document:
        return self._ask(lambda view: self._seen(view, number, applicant))

    def _seen(self, view: View, number: int, applicant: str | None) -> Document:
        """Somebody else's case is as if there were none."""
        document = describing.case_record(view, number, self._office.clock())
        if applicant is not None and document["applicant"] != applicant:
            raise Refused(f"there is no case {number}.", "NO-CASE")
        return document

    def file(self, upload: Path, applicant: str, terms: Mapping[str, Any]) -> Document:
        def work() -> Document:
            if applicant in self._office.charter.holders:
                raise Refused(f"{applicant} holds an office here, and files nothing.", "ROLE")
            if terms["line"] not in shipped():
                raise Refused(f"there is no line {terms['line']!r}; there are {', '.join(shipped())}.", "INPUT")
            if terms["base"] is not None:
                self._office.read(lambda view: _base(view, terms["base"], applicant))
            wanted = filing.Filing(
                str(upload),
                applicant,
                tuple(terms["affiliates"]),
                line=terms["line"],
                base=terms["base"],
                title=terms["title"],
            )
            case = filing.file_release(self._office, wanted)
            return self.case(case.number, None)

        return self._declining(work)

    def act(self, act: str, number: int, by: str, body: Mapping[str, Any], applicant: str | None) -> Document:
        self.case(number, applicant)
        self._declining(lambda: self._act(act, number, by, dict(body)))
        return self.case(number, None)

    def _act(self, act: str, number: int, by: str, body: dict[str, Any]) -> None:
        office = self._office
        case = office.read(lambda view: view.case(number))
        if by not in office.charter.holders and by != case.applicant:
            raise Refused(f"there is no case {number}.", "NO-CASE")
        if act == "accept":
            office.say(act, number, by, {"missing": office.read(lambda view: filing.missing(view, number))})
        elif act == "draft":
            deciding.draft_case(office, number, by, _wanted(body))
        elif act == "publish":
            deciding.publish_case(office, number, by)
        elif act in EFFECTS and (act != "withdraw" or by != case.applicant):
            deciding.notice_case(office, number, act, EFFECTS[act], by, body["reason"])
        else:
            office.say(act, number, by, body)

    def examine(self, number: int, by: str) -> Document:
        def work() -> Document:
            if not self._office.charter.holds(by, Role.EXAMINER):
                raise Refused(f"{by} is no examiner.", "ROLE")
            examination.begin(number, by)
            return self._progress(number)

        return self._declining(work)

    def progress(self, number: int, applicant: str | None) -> Document:
        self.case(number, applicant)
        return self._declining(lambda: self._progress(number))

    def _progress(self, number: int) -> Document:
        now = examination.progress(self._office, number)
        if now is None:
            raise Refused(f"no examination of case {number} was begun.", "NO-ENTRY")
        return {"job": now.job, "status": now.status, "done": now.done, "total": now.total}

    def cancel(self, number: int) -> Document:
        self.case(number, None)
        return {"case": number, "cancelled": self._declining(lambda: examination.cancel(number))}

    def draft(self, number: int) -> Document:
        def ask(view: View) -> Document:
            case = view.case(number)
            content = None if case.draft is None else view.document(case.draft.permit)
            if case.draft is None or content is None:
                raise Refused(f"case {number} is {case.state}; there is no draft to sign.", "STATE")
            payload = b64encode(content).decode("ascii")
            return {"permit": case.draft.permit, "payloadType": STATEMENT_TYPE, "payload": payload}

        return self._ask(ask)

    def report(self, number: int, applicant: str | None) -> Document:
        digest = self.case(number, applicant)["report"]
        content = None if digest is None else self._ask(lambda view: view.document(digest))
        if content is None:
            raise Declined("NO-ENTRY", f"case {number} was not examined yet.")
        return inspection_document(examination.read_report(content))

    def permits(self) -> list[Document]:
        def ask(view: View) -> list[Document]:
            rows = view.connection.execute(select(schema.permits).order_by(schema.permits.c.number)).all()
            at = self._office.clock()
            return [
                {
                    "digest": row.digest,
                    "case": row.case,
                    "manifest": row.manifest,
                    "force": view.case(row.case).force(row.digest, at).value,
                }
                for row in rows
            ]

        return self._ask(ask)

    def permit(self, digest: str) -> Document:
        found: Document = json.loads(self._declining(lambda: export.export_permit(self._office, digest)).permit)
        return found

    def proof(self, digest: str) -> str:
        return self._declining(lambda: export.export_permit(self._office, digest)).proof

    def orders(self) -> list[Document]:
        at = self._office.clock()
        return self._ask(lambda view: [describing.order_document(one, at) for one in ordering.orders_on(view)])

    def order(self, by: str, body: Mapping[str, Any]) -> Document:
        parts = tuple(Component(word) for word in dict.fromkeys(body["components"]))
        until = _moment(body.get("until"))

        def work() -> Document:
            self._officer(by)
            ordered = ordering.issue_order(
                self._office, body["manifest"], parts, body["callers"], body["reason"], until
            )
            return describing.order_document(ordered, self._office.clock())

        return self._declining(work)

    def lift(self, number: int, by: str, reason: str) -> Document:
        def work() -> Document:
            self._officer(by)
            return describing.order_document(ordering.lift_order(self._office, number, reason), self._office.clock())

        return self._declining(work)

    def _officer(self, by: str) -> None:
        if by != self._office.officer():
            raise Refused(f"{by} is not the officer whose key signs here.", "ROLE")

    def exposures(self, number: int) -> Document:
        def ask(view: View) -> Document:
            told, unnamed = exposing.told_of(view, view.case(number).manifest)
            rows = [
                {
                    "caller": one.caller,
                    "contact": one.contact,
                    "first": written(one.first),
                    "last": written(one.last),
                    "files": [list(pair) for pair in one.files],
                }
                for one in told
            ]
            return {"case": number, "tell": rows, "unnamed": unnamed}

        return self._ask(ask)

    def checkpoint(self) -> str:
        return self._ask(lambda view: view.log.checkpoint().note())

    def tile(self, path: str) -> bytes:
        try:
            tile = read_path(path)
        except Illegible as trouble:
            raise Declined("NO-TILE", f"{trouble}.") from None
        content = self._ask(lambda view: view.log.tile(tile))
        if content is None:
            raise Declined("NO-TILE", f"the log is not long enough for {path}.")
        return content

    def prove(self, entry: int) -> str:
        return self._ask(lambda view: record.prove_entry(view, entry))

    def witness(self, request: str) -> tuple[int, str]:
        """Cosign for the logs that office.toml names. The answer is remembered before it is given."""
        office = self._office
        try:
            asked = read_request(request)
        except Illegible as trouble:
            return 400, f"{trouble}\n"
        logs = self._declining(office.witnessed)
        if not logs:
            return 404, "this office witnesses no logs: name their keys in office.toml\n"
        signer = self._declining(lambda: office.key("witness"))
        key = NoteKey(office.charter.office, signer.public, witness=True)
        table = schema.cosigned
        with writing(office.engine) as connection:
            wanted = select(table.c.checkpoint).where(table.c.origin == asked.checkpoint.origin)
            last = connection.execute(wanted).scalar()
            said = answer(asked, None if last is None else read_checkpoint(last), logs, signer, key, office.clock())
            if said.kept is not None:
                connection.execute(delete(table).where(table.c.origin == said.kept.origin))
                connection.execute(insert(table).values(origin=said.kept.origin, checkpoint=said.kept.note()))
        return said.status, said.body

    def tokens(self) -> list[Document]:
        at = self._office.clock()
        with self._office.engine.begin() as connection:
            return [_token_row(token, at) for token in tokens.list_tokens(connection)]

    def create_token(self, body: Mapping[str, Any]) -> Document:
        strange = sorted(set(body["scopes"]) - set(tokens.SCOPES))
        if strange:
            raise Declined("INPUT", f"{strange[0]!r} is no scope; there are {', '.join(tokens.SCOPES)}.")
        return self._token(body["name"], body["holder"], frozenset(body["scopes"]), timedelta(days=body["days"]))

    def _token(self, name: str, holder: str, scopes: frozenset[str], lasting: timedelta) -> Document:
        at = self._office.clock()
        with self._office.engine.begin() as connection:
            secret, token = tokens.create_token(connection, name, holder, scopes, at, at + lasting)
        row = _token_row(token, at)
        return {"id": row["id"], "token": secret, "holder": holder, "scopes": row["scopes"], "expires": row["expires"]}

    def revoke_token(self, identity: str) -> Document:
        with self._office.engine.begin() as connection:
            if not tokens.revoke_token(connection, identity, self._office.clock()):
                raise Declined("NO-TOKEN", f"there is no token {identity} that could be revoked.")
        return {"id": identity, "revoked": True}

    def sign_in(self, person: str) -> Document:
        provider = self._office.settings.oidc
        scopes = frozenset(provider.scopes) & set(tokens.SCOPES) if provider is not None else frozenset()
        return self._token("sign-in", person, scopes, SESSION)

    def upload_place(self) -> Path:
        incoming = self._office.settings.folder / "incoming"
        incoming.mkdir(exist_ok=True)
        return Path(tempfile.mkdtemp(dir=incoming))


def _base(view: View, number: int, applicant: str) -> None:
    """The base of a derivative is the applicant's own case, or one that everybody knows of."""
    case = view.case(number)
    if case.applicant != applicant and not case.issued:
        raise Refused(f"there is no case {number}.", "NO-CASE")


def _token_row(token: tokens.Token, at: datetime) -> Document:
    return {
        "id": token.identity,
        "name": token.name,
        "holder": token.holder,
        "scopes": sorted(token.scopes),
        "good": token.good(at),
        "expires": None if token.expires is None else written(token.expires),
    }


def _moment(text: Any) -> datetime | None:
    """As pydantic wrote it; without a zone it is UTC."""
    if text is None:
        return None
    found = datetime.fromisoformat(text)
    return (found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)).replace(microsecond=0)


def _wanted(body: Mapping[str, Any]) -> deciding.Wanted:
    narrower = {Component(part): Access(access) for part, access in body.get("narrower", {}).items()}
    return deciding.Wanted((), _moment(body.get("effective")), _moment(body.get("expires")), narrower)
