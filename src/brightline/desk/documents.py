"""The shapes of questions and answers: the API's schema is made from these."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(min_length=1, max_length=4000, pattern=r"\S")]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x20\x7f]+$")]
Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
ComponentName = Literal["source", "software", "data", "weights", "documentation"]
AccessName = Literal["open", "gated", "vetted", "api", "withheld"]
Accesses = dict[ComponentName, AccessName]


class Strict(BaseModel):
    """A question with a key that nobody knows is refused, never half understood."""

    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """RFC 9457. `code` is documented in docs/reference/refusals.md."""

    type: str
    title: str
    status: int
    detail: str
    code: str


class OfficeAnswer(BaseModel):
    office: str
    charter: int
    verifier_key: str
    size: int


class ChartersAnswer(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    schema_: str = Field(alias="schema")
    versions: list[dict[str, Any]]


class CaseRow(BaseModel):
    number: int
    state: str
    applicant: str
    title: str
    manifest: str
    moved: str


class CasesAnswer(BaseModel):
    cases: list[CaseRow]


class VoteAnswer(BaseModel):
    holder: str
    vote: Literal["for", "against"]
    dissent: str | None


class DraftAnswer(BaseModel):
    permit: str
    by: str
    irreversible: bool
    decided_access: Accesses
    expires: str | None
    hearing_until: str | None
    votes: list[VoteAnswer]


class IssuedAnswer(DraftAnswer):
    digest: str
    published: str
    effective: str
    force: str


class AppealAnswer(BaseModel):
    against: str
    grounds: str
    at: str
    outcome: str | None


class WordAnswer(BaseModel):
    at: str
    act: str
    by: str
    charter: int
    body: dict[str, Any]


class CaseAnswer(BaseModel):
    number: int
    state: str
    title: str
    applicant: str
    affiliates: list[str]
    manifest: str
    line: str
    line_digest: str
    base: str | None
    filed: str
    moved: str
    due: str | None
    decided: str | None
    clearance: str | None
    report: str | None
    questions: list[str]
    conflicts: list[str]
    draft: DraftAnswer | None
    permits: list[IssuedAnswer]
    appeals: list[AppealAnswer]
    access: Accesses
    record: list[WordAnswer]


class ProgressAnswer(BaseModel):
    job: str
    status: str
    done: int
    total: int


class CancelAnswer(BaseModel):
    case: int
    cancelled: bool


class PayloadAnswer(BaseModel):
    """What an approver signs: DSSE's payload and its type. The signature is over PAE(type, payload)."""

    permit: str
    payloadType: str  # noqa: N815 - DSSE's own name
    payload: str


class PermitRow(BaseModel):
    digest: str
    case: int
    manifest: str
    force: str


class PermitsAnswer(BaseModel):
    permits: list[PermitRow]


class OrderAnswer(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    number: int
    digest: str
    manifest: str
    components: list[ComponentName]
    callers: str
    reason: str
    from_: str = Field(alias="from")
    until: str | None
    lifted: str | None
    runs: bool


class OrdersAnswer(BaseModel):
    orders: list[OrderAnswer]


class ToldAnswer(BaseModel):
    caller: str
    contact: str
    first: str
    last: str
    files: list[tuple[str, str]]


class ExposureAnswer(BaseModel):
    case: int
    tell: list[ToldAnswer]
    unnamed: int


class TokenRow(BaseModel):
    id: str
    name: str
    holder: str
    scopes: list[str]
    good: bool
    expires: str | None


class TokensAnswer(BaseModel):
    tokens: list[TokenRow]


class SecretAnswer(BaseModel):
    """The token itself is shown here, once."""

    id: str
    token: str
    holder: str
    scopes: list[str]
    expires: str | None


class Revoked(BaseModel):
    id: str
    revoked: bool


class Nothing(Strict):
    pass


class Reason(Strict):
    reason: Text


class Conflict(Strict):
    person: Name
    text: Text


class Question(Strict):
    question: Text


class Answer(Strict):
    answer: Text


class Grounds(Strict):
    grounds: Text


class Drafting(Strict):
    """`narrower` closes components further than the line does."""

    effective: datetime | None = None
    expires: datetime | None = None
    narrower: dict[Literal["source", "software", "data", "weights"], AccessName] = {}


class Response(Strict):
    text: Text
    waive: bool = False


class Signing(Strict):
    """A signature made elsewhere over what GET .../draft answers; or over a dissent."""

    keyid: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    signature: Annotated[str, Field(max_length=400, pattern=r"^[A-Za-z0-9+/]+=*$")]
    dissent: Text | None = None


class Appealing(Strict):
    against: Literal["decision", "tier", "delay"]
    grounds: Text


class Ruling(Strict):
    outcome: Literal["upheld", "dismissed"]
    text: Text


class Ordering(Strict):
    """`callers` is `everybody` or an expression such as `country in {X}`."""

    manifest: Digest
    components: Annotated[list[ComponentName], Field(min_length=1, max_length=5)]
    callers: Annotated[str, Field(min_length=1, max_length=2000)] = "everybody"
    reason: Text
    until: datetime | None = None


class TokenWanted(Strict):
    name: Name
    holder: Name
    scopes: Annotated[list[Name], Field(min_length=1, max_length=20)]
    days: Annotated[int, Field(ge=1, le=366)] = 30
