"""What inspection saw, how grave it is, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """`block` stops a release, `review` needs a person, `info` is for the record."""

    INFO = "info"
    REVIEW = "review"
    BLOCK = "block"

    @property
    def rank(self) -> int:
        return _ORDER.index(self)


_ORDER = list(Severity)


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that inspection can find. The reference page of rules is made from these.

    `identity` is FAMILY-NOUN in capitals ("PICKLE-CALL"), stable for ever; `title` names the defect; `why` says what it
    could do to whoever loads the file; `remedy` what the release's owner should do; `example` shows the smallest case in
    words; `source` is the CVE, issue, specification section or paper it comes from.
    """

    identity: str
    severity: Severity
    title: str
    why: str
    remedy: str
    example: str
    source: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule met at one place. `path` is the file in the release; inside an archive: `outer.zip!/inner.pkl`."""

    rule: Rule
    path: str
    message: str
    offset: int | None = None

    @property
    def severity(self) -> Severity:
        return self.rule.severity
