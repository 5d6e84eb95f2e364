"""A standing: the log's signed word that a permit is in force as of a moment. It carries freshness to where no network is."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from brightline.permit.envelope import Envelope
from brightline.permit.notation import Illegible, moment, natural, only, take, texts, written
from brightline.permit.order import only_subject
from brightline.permit.statement import STANDING, read_statement, statement


class Force(StrEnum):
    WAITING = "waiting"  # published; its delay is running
    IN_FORCE = "in force"
    SUSPENDED = "suspended"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    RECALLED = "recalled"


@dataclass(frozen=True, slots=True)
class Standing:
    """Of one permit, as the log knew it when it had `size` entries."""

    permit: str  # digest
    force: Force
    orders: tuple[str, ...]  # those that run against the release, a sentence each
    as_of: datetime
    size: int

    def envelope(self) -> Envelope:
        """Unsigned; the log's key signs it."""
        predicate = {
            "force": self.force.value,
            "orders": list(self.orders),
            "as_of": written(self.as_of),
            "size": self.size,
        }
        return statement(STANDING, [("permit", self.permit.removeprefix("sha256:"))], predicate)


def read_standing(payload: bytes) -> Standing:
    """Raises Illegible."""
    subjects, predicate = read_statement(payload, STANDING)
    only(predicate, "force", "orders", "as_of", "size")
    word = take(predicate, "force", str)
    if word not in list(Force):
        raise Illegible(f"a permit's standing is one of {', '.join(Force)}")
    permit = only_subject(subjects, "permit")
    return Standing(
        permit, Force(word), texts(predicate, "orders"), moment(predicate, "as_of"), natural(predicate, "size")
    )
