"""A word: one act of the office, as the log holds it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from brightline.permit.notation import Illegible, canonical, moment, natural, only, read_object, take, written

SCHEMA = "brightline/word/v1"


@dataclass(frozen=True)
class Word:
    """Who did what to which case, when, under which version of the charter. Case 0 is the office itself."""

    act: str
    case: int
    at: datetime
    by: str
    charter: int
    body: Mapping[str, Any] = field(default_factory=dict)

    def entry(self) -> bytes:
        """The bytes that the log holds."""
        return self._entry

    @cached_property
    def _entry(self) -> bytes:
        return canonical(
            {
                "schema": SCHEMA,
                "act": self.act,
                "case": self.case,
                "at": written(self.at),
                "by": self.by,
                "charter": self.charter,
                "body": dict(self.body),
            }
        )


def read_word(entry: bytes) -> Word:
    """Raises Illegible."""
    document = read_object(entry, "the entry")
    if document.get("schema") != SCHEMA:
        raise Illegible(f"the entry is of {str(document.get('schema'))[:60]!r}; this brightline reads {SCHEMA}")
    only(document, "schema", "act", "case", "at", "by", "charter", "body")
    return Word(
        take(document, "act", str),
        natural(document, "case"),
        moment(document, "at"),
        take(document, "by", str),
        natural(document, "charter", 1),
        take(document, "body", dict),
    )
