"""Words that narrow: an order (this release, these callers, from now, until), its lifting, and notices on a permit."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from brightline.permit.envelope import Envelope
from brightline.permit.notation import Illegible, moment, moment_or_none, natural, only, take, texts, written
from brightline.permit.statement import LIFTING, NOTICE, ORDER, digest_of, read_statement, statement
from brightline.release.component import Component

EVERYBODY = "everybody"


@dataclass(frozen=True, slots=True)
class Order:
    """Bars callers from components of a release, at once. `callers` is an expression over their attributes.

    An attribute that a caller does not show counts as barred: doubt is not permission (Law 2).
    """

    number: int
    manifest: str  # digest of the release
    components: tuple[Component, ...]
    callers: str  # `country in {X}`, or EVERYBODY
    reason: str
    begins: datetime
    until: datetime | None

    def envelope(self) -> Envelope:
        """Unsigned."""
        predicate = {
            "number": self.number,
            "components": [component.value for component in self.components],
            "callers": self.callers,
            "reason": self.reason,
            "from": written(self.begins),
            "until": None if self.until is None else written(self.until),
        }
        return statement(ORDER, [("manifest", self.manifest.removeprefix("sha256:"))], predicate)

    def runs(self, at: datetime) -> bool:
        return self.begins <= at and (self.until is None or at < self.until)


def read_order(payload: bytes) -> Order:
    """Raises Illegible."""
    subjects, predicate = read_statement(payload, ORDER)
    only(predicate, "number", "components", "callers", "reason", "from", "until")
    words = texts(predicate, "components")
    if not words or len(set(words)) < len(words) or not set(words) <= set(Component):
        raise Illegible(f"an order names components, each once, out of {', '.join(Component)}")
    return Order(
        number=natural(predicate, "number", 1),
        manifest=only_subject(subjects, "manifest"),
        components=tuple(Component(word) for word in words),
        callers=take(predicate, "callers", str),
        reason=take(predicate, "reason", str),
        begins=moment(predicate, "from"),
        until=moment_or_none(predicate, "until"),
    )


class Effect(StrEnum):
    """What a notice does to a permit. Only `resumed` gives back, and only what the permit gave."""

    SUSPENDED = "suspended"
    RESUMED = "resumed"
    WITHDRAWN = "withdrawn"
    RECALLED = "recalled"


@dataclass(frozen=True, slots=True)
class Notice:
    """A revocation, for a while or for good; a recall also asks those who have the bytes to delete them."""

    permit: str  # digest
    effect: Effect
    reason: str
    at: datetime

    def envelope(self) -> Envelope:
        """Unsigned."""
        predicate = {"effect": self.effect.value, "reason": self.reason, "at": written(self.at)}
        return statement(NOTICE, [("permit", self.permit.removeprefix("sha256:"))], predicate)


def read_notice(payload: bytes) -> Notice:
    """Raises Illegible."""
    subjects, predicate = read_statement(payload, NOTICE)
    only(predicate, "effect", "reason", "at")
    word = take(predicate, "effect", str)
    if word not in list(Effect):
        raise Illegible(f"a notice has one of the effects {', '.join(Effect)}")
    return Notice(
        only_subject(subjects, "permit"), Effect(word), take(predicate, "reason", str), moment(predicate, "at")
    )


@dataclass(frozen=True, slots=True)
class Lifting:
    """The end of an order."""

    number: int
    order: str  # digest of the order
    reason: str
    at: datetime

    def envelope(self) -> Envelope:
        """Unsigned."""
        predicate = {"number": self.number, "reason": self.reason, "at": written(self.at)}
        return statement(LIFTING, [("order", self.order.removeprefix("sha256:"))], predicate)


def read_lifting(payload: bytes) -> Lifting:
    """Raises Illegible."""
    subjects, predicate = read_statement(payload, LIFTING)
    only(predicate, "number", "reason", "at")
    reason: Any = take(predicate, "reason", str)
    return Lifting(natural(predicate, "number", 1), only_subject(subjects, "order"), reason, moment(predicate, "at"))


def only_subject(subjects: list[tuple[str, str]], name: str) -> str:
    if len(subjects) != 1 or subjects[0][0] != name:
        raise Illegible(f"exactly one subject is expected here, the {name}")
    return digest_of("sha256:" + subjects[0][1])
