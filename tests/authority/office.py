"""An office in memory: real keys, a real charter, real documents and signatures. Only the clock is ours to turn."""

import hashlib
import json
from base64 import b64encode
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from brightline.authority.procedure import perform
from brightline.authority.records import Refusal
from brightline.authority.verdicts import dissent
from brightline.decision.access import Access
from brightline.permit.charter import Charter, Holder, Role, read_charter
from brightline.permit.envelope import STATEMENT_TYPE, Envelope
from brightline.permit.order import Effect, Notice
from brightline.permit.permit import Permit
from brightline.permit.word import Word
from brightline.release.component import JUDGED, Component
from brightline.release.manifest import File, Manifest
from brightline.storage.record.keys import PrivateKey, private_key

if TYPE_CHECKING:
    from brightline.authority.case import Case

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
OPEN, GATED, WITHHELD = Access.OPEN, Access.GATED, Access.WITHHELD
CLOSED = dict.fromkeys(JUDGED, WITHHELD) | {Component.DOCUMENTATION: OPEN}

OFFICER, DEPUTY, EXAMINER, APPEALS, LOG = "olga", "dirk", "erik", "anna", "log"
APPROVERS = ("ada", "bea", "carl")
APPLICANT, AFFILIATE = "acme", "acme-labs"
LINE = "sha256:" + "1" * 64


@cache
def pen(name: str) -> PrivateKey:
    """The key of a person: always the same one."""
    return private_key(Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest()))


def holder(name: str, *roles: Role, affiliations: tuple[str, ...] = ()) -> Holder:
    return Holder(frozenset(roles), (pen(name).public,), affiliations)


def holders() -> dict[str, Holder]:
    return {
        OFFICER: holder(OFFICER, Role.OFFICER),
        DEPUTY: holder(DEPUTY, Role.OFFICER),
        EXAMINER: holder(EXAMINER, Role.EXAMINER),
        APPEALS: holder(APPEALS, Role.APPEALS),
        LOG: holder(LOG, Role.LOG),
        **{name: holder(name, Role.APPROVER) for name in APPROVERS},
    }


FIGURES = {
    "reversible": 1, "irreversible": 2, "witnesses": 0, "delay": 86_400, "freshness": 3_600,
    "hearing_days": 14, "appeal_days": 30, "review_days": 90,
}  # fmt: skip


def charter(version: int = 1, more: dict[str, Holder] | None = None, **figures: int) -> Charter:
    """`more` adds holders, or replaces those of the same name. Read back from its bytes: only a sound one comes out."""
    made = Charter(
        office="example.org/office",
        version=version,
        issued=NOON - DAY,
        holders=holders() | (more or {}),
        **(FIGURES | figures),
    )
    return read_charter(made.envelope().payload)


def manifest(weights: str = "a") -> Manifest:
    """A release with a file of every component kind; its weights are all one letter."""
    names = {
        "README.md": Component.DOCUMENTATION,
        "train.py": Component.SOURCE,
        "config.json": Component.SOFTWARE,
        "data.jsonl": Component.DATA,
        "model.safetensors": Component.WEIGHTS,
    }
    contents = {path: (weights if kind is Component.WEIGHTS else path).encode() for path, kind in names.items()}
    return Manifest(
        tuple(
            File(path, len(contents[path]), hashlib.sha256(contents[path]).hexdigest(), names[path]) for path in names
        )
    )


@dataclass
class Archive:
    """Charters by version and documents by digest: the Records of the acts."""

    charters: dict[int, Charter]
    documents: dict[str, bytes] = field(default_factory=dict)

    def charter(self, version: int) -> Charter:
        return self.charters[version]

    def document(self, digest: str) -> bytes | None:
        return self.documents.get(digest)

    def keep(self, content: bytes) -> str:
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        self.documents[digest] = content
        return digest


class Office:
    """One case, from its first word on. `say` hands back the refusal, or None where the word stands."""

    def __init__(self, first: Charter | None = None, applicant: str = APPLICANT) -> None:
        self.records = Archive({1: first or charter()})
        self.applicant = applicant
        self.affiliates: tuple[str, ...] = (AFFILIATE,)
        self.manifest = manifest()
        self.at = NOON
        self.case: Case | None = None
        self.words: list[Word] = []

    @property
    def charter(self) -> Charter:
        return self.records.charters[max(self.records.charters)]

    def rotate(self, more: dict[str, Holder] | None = None, **figures: int) -> None:
        """A new version of the charter, in force from now on."""
        version = self.charter.version + 1
        self.records.charters[version] = charter(version, more, **figures)

    def wait(self, span: timedelta) -> None:
        self.at += span

    def word(self, act: str, by: str, body: dict[str, Any]) -> Word:
        return Word(act, 1, self.at, by, self.charter.version, body)

    def hear(self, word: Word) -> Refusal | None:
        after = perform(self.case, word, self.records)
        if isinstance(after, Refusal):
            return after
        self.case = after
        self.words.append(word)
        return None

    def say(self, act: str, by: str, **body: Any) -> Refusal | None:
        return self.hear(self.word(act, by, body))

    def do(self, act: str, by: str, **body: Any) -> None:
        """What has to stand."""
        refusal = self.say(act, by, **body)
        assert refusal is None, f"{act}: {refusal}"

    def access(self, after: timedelta = timedelta()) -> dict[Component, Access]:
        return self.case.access(self.at + after)

    def file(self, **changed: Any) -> None:
        body = {
            "applicant": self.applicant,
            "affiliates": list(self.affiliates),
            "title": "Small Model",
            "manifest": self.manifest.digest,
            "line": "lessig 1",
            "line_digest": LINE,
            "base": None,
        }
        self.do("file", self.applicant, **(body | changed))

    def accept(self) -> None:
        self.do("accept", OFFICER, missing=[])

    def examination(self, clearance: str = "pass") -> dict[str, str]:
        report = self.records.keep(b"a report: " + clearance.encode())
        return {"report": report, "manifest": self.manifest.digest, "clearance": clearance}

    def examine(self, clearance: str = "pass") -> None:
        self.do("examine", EXAMINER, **self.examination(clearance))

    def permit(self, access: dict[Component, Access] | None = None, **changed: Any) -> Permit:
        """One that fits the case: everything open, unless `access` closes a component. The line allows exactly that."""
        given = dict.fromkeys(Component, OPEN) | (access or {})
        made = Permit(
            case=1, title="Small Model", applicant=self.applicant, affiliates=self.affiliates, manifest=self.manifest,
            access=given, determination=determination(given), conditions=(), fails_if=(), charter=self.charter.version,
            issued=self.at, effective=self.at, review=None, expires=None, base=self.case.base,
            supersedes=self.case.issued[-1].draft.permit if self.case.issued else None,
        )  # fmt: skip
        return replace(made, **changed)

    def keep(self, permit: Permit) -> str:
        return self.records.keep(permit.envelope().payload)

    def draft(self, access: dict[Component, Access] | None = None, **changed: Any) -> None:
        self.do("draft", OFFICER, permit=self.keep(self.permit(access, **changed)))

    def vote(self, name: str, reasons: str | None = None) -> dict[str, str]:
        """A real signature on the draft as it stands, or on the reasons against it."""
        drafted = self.case.draft.permit
        if reasons is None:
            return ballot(name, Envelope(STATEMENT_TYPE, self.records.documents[drafted]))
        return ballot(name, dissent(drafted, reasons)) | {"dissent": reasons}

    def sign(self, *names: str) -> None:
        for name in names:
            self.do("sign", name, **self.vote(name))

    def waive(self) -> None:
        self.do("respond", self.applicant, text="Nothing to add.", waive=True)

    def decide(self) -> None:
        self.do("decide", OFFICER)

    def publish(self) -> None:
        self.do("publish", OFFICER, permit=self.case.draft.permit)

    def notice(self, effect: Effect, signer: str = OFFICER, reason: str = "It has to be.") -> dict[str, str]:
        """A real notice on the last permit, kept among the documents; and the body of the act that stands on it."""
        made = Notice(self.case.issued[-1].draft.permit, effect, reason, self.at)
        return {"reason": reason, "notice": self.records.keep(content(made.envelope().signed(pen(signer))))}

    def suspend(self) -> None:
        self.do("suspend", OFFICER, **self.notice(Effect.SUSPENDED))

    def resume(self) -> None:
        self.do("resume", OFFICER, **self.notice(Effect.RESUMED))

    def recall(self) -> None:
        self.do("recall", OFFICER, **self.notice(Effect.RECALLED))


def determination(access: dict[Component, Access], line: str = LINE) -> dict[str, Any]:
    return {"line_digest": line, "access": {part.value: given.value for part, given in access.items()}}


def ballot(name: str, envelope: Envelope) -> dict[str, str]:
    signature = b64encode(pen(name).sign(envelope.encoding())).decode("ascii")
    return {"keyid": pen(name).keyid, "signature": signature}


def content(envelope: Envelope) -> bytes:
    return json.dumps(envelope.document()).encode("ascii")


def filed(office: Office | None = None, **changed: Any) -> Office:
    office = office or Office()
    office.file(**changed)
    return office


def reviewed(office: Office | None = None, clearance: str = "pass", **changed: Any) -> Office:
    """Filed, accepted and examined."""
    office = filed(office, **changed)
    office.accept()
    office.examine(clearance)
    return office


def drafted(office: Office | None = None, access: dict[Component, Access] | None = None, **changed: Any) -> Office:
    office = reviewed(office)
    office.draft(access, **changed)
    return office


def decided(office: Office | None = None, access: dict[Component, Access] | None = None, **changed: Any) -> Office:
    """Signed by two, the hearing waived where there is one, and decided."""
    office = drafted(office, access, **changed)
    conclude(office)
    return office


def conclude(office: Office) -> None:
    office.sign("ada", "bea")
    if office.case.draft.hearing_until is not None:
        office.waive()
    office.decide()


def published(office: Office | None = None, access: dict[Component, Access] | None = None, **changed: Any) -> Office:
    office = decided(office, access, **changed)
    office.publish()
    return office


def in_force(office: Office | None = None, access: dict[Component, Access] | None = None, **changed: Any) -> Office:
    """Published, and the delay is over."""
    office = published(office, access, **changed)
    office.wait(timedelta(seconds=office.charter.delay))
    return office
