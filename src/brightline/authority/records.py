"""What acts look up, what bounds them, and why one was refused."""

from dataclasses import dataclass
from typing import Protocol

from brightline.permit.charter import Charter

CLOCK = "clock"  # speaks where time alone acts
TEXT = 4_000  # characters of a text in a word; longer ones are documents, named by digest
NAME, TITLE = 200, 400  # characters of an applicant's name, and of a title
ITEMS = 8  # texts in one list: a word fits an entry of the log


@dataclass(frozen=True, slots=True)
class Refusal:
    """An act that did not happen. `code` is documented in docs/reference/refusals.md; the sentence says what to do."""

    code: str
    sentence: str


class Records(Protocol):
    """What acts look up: charters by version, and documents (permits, notices, orders) by digest."""

    def charter(self, version: int) -> Charter: ...

    def document(self, digest: str) -> bytes | None: ...
