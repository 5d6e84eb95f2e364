"""What the API needs of an office, and how a refusal reaches a caller. The office itself is joined on in assembly."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

Document = dict[str, Any]

STATUS = {
    404: ("NO-CASE", "NO-PERMIT", "NO-ORDER", "NO-ENTRY", "NO-TOKEN", "NO-TILE"),
    403: ("ROLE", "CONFLICT", "SEPARATION", "PARTY", "OTHER-HAND", "STRANGER"),
    422: ("ILLEGIBLE", "INPUT", "SIGNATURE", "GROUNDS", "NO-ACT", "PAST"),
}


class Declined(Exception):
    """A refusal on its way to the caller: RFC 9457 turns it into problem details."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code

    @property
    def status(self) -> int:
        """409 where the act does not fit the state of things."""
        return next((status for status, codes in STATUS.items() if self.code in codes), 409)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: for whom a good token speaks, and what it may."""

    token: str  # its id, never its secret
    holder: str
    scopes: frozenset[str]


class Service(Protocol):
    """Every method raises Declined. Documents are as docs/reference/api.md shows them."""

    def caller(self, secret: str) -> Caller | None: ...

    def office(self) -> Document: ...

    def charters(self) -> Document: ...

    def cases(self, applicant: str | None) -> list[Document]: ...

    def case(self, number: int, applicant: str | None) -> Document: ...

    def file(self, upload: Path, applicant: str, terms: Mapping[str, Any]) -> Document: ...

    def act(self, act: str, number: int, by: str, body: Mapping[str, Any], applicant: str | None) -> Document: ...

    def examine(self, number: int, by: str) -> Document: ...

    def progress(self, number: int, applicant: str | None) -> Document: ...

    def cancel(self, number: int) -> Document: ...

    def draft(self, number: int) -> Document: ...

    def report(self, number: int, applicant: str | None) -> Document: ...

    def permits(self) -> list[Document]: ...

    def permit(self, digest: str) -> Document: ...

    def proof(self, digest: str) -> str: ...

    def orders(self) -> list[Document]: ...

    def order(self, by: str, body: Mapping[str, Any]) -> Document: ...

    def lift(self, number: int, by: str, reason: str) -> Document: ...

    def exposures(self, number: int) -> Document: ...

    def checkpoint(self) -> str: ...

    def tile(self, path: str) -> bytes: ...

    def prove(self, entry: int) -> str: ...

    def witness(self, request: str) -> tuple[int, str]: ...

    def tokens(self) -> list[Document]: ...

    def create_token(self, body: Mapping[str, Any]) -> Document: ...

    def revoke_token(self, identity: str) -> Document: ...

    def sign_in(self, person: str) -> Document: ...

    def upload_place(self) -> Path: ...
