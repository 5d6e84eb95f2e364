"""Orders: effective at once, heard afterwards. Whom one bars is an expression over what is known of the caller."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from brightline.authority.acts import said
from brightline.authority.records import Records, Refusal
from brightline.decision.determination import Verdict
from brightline.decision.expression import Comparison, Expression, Junction, Membership, Misread, Negation, parse
from brightline.decision.interpretation import Known, verdict
from brightline.permit.charter import Role
from brightline.permit.envelope import STATEMENT_TYPE, Envelope, parse_envelope
from brightline.permit.notation import Illegible
from brightline.permit.order import EVERYBODY, Order, read_lifting, read_order
from brightline.permit.statement import digest_of
from brightline.permit.word import Word
from brightline.release.component import Component


@dataclass(frozen=True, slots=True)
class Ordered:
    """An order, its digest, and when it was lifted."""

    order: Order
    digest: str
    lifted: datetime | None = None

    def runs(self, at: datetime) -> bool:
        return self.order.runs(at) and (self.lifted is None or at < self.lifted)

    def bars(self, component: Component, caller: Mapping[str, str], at: datetime) -> bool:
        """An attribute that the caller does not show counts against the caller (Law 2)."""
        if component not in self.order.components or not self.runs(at):
            return False
        if self.order.callers == EVERYBODY:
            return True
        known = Known(facts={name: (value,) for name, value in caller.items()})
        return verdict(read_callers(self.order.callers), known) is not Verdict.NOT_MET


def as_ordered(content: bytes, lifted: datetime | None) -> Ordered:
    """A signed order. Raises Illegible where it cannot be read."""
    envelope = parse_envelope(content, STATEMENT_TYPE, "the order")
    return Ordered(read_order(envelope.payload), envelope.digest, lifted)


def read_callers(text: str) -> Expression:
    """`country in {X, Y} and not organisation in {Z}`. Raises Illegible."""
    try:
        expression = parse(text)
    except Misread as trouble:
        raise Illegible(f"callers: {trouble} (column {trouble.column + 1})") from None
    if not _categorical(expression):
        raise Illegible("callers: an expression like `country in {X, Y}`, joined by and, or, not")
    return expression


def _categorical(expression: Expression) -> bool:
    match expression:
        case Membership():
            return True
        case Negation():
            return _categorical(expression.operand)
        case Junction():
            return all(_categorical(operand) for operand in expression.operands)
        case Comparison() | _:
            return False


def issue(word: Word, records: Records) -> Ordered | Refusal:
    """An officer's signed order is in effect from the moment the log holds it."""
    envelope = _signed(word, records, "order")
    if isinstance(envelope, Refusal):
        return envelope
    order = read_order(envelope.payload)
    if order.callers != EVERYBODY:
        read_callers(order.callers)
    if order.until is not None and order.until <= word.at:
        return Refusal("PAST", "the order would end before it begins.")
    return Ordered(order, envelope.digest)


def lift(ordered: Ordered, word: Word, records: Records) -> Ordered | Refusal:
    """What the order barred is as it was before it."""
    envelope = _signed(word, records, "lifting")
    if isinstance(envelope, Refusal):
        return envelope
    if read_lifting(envelope.payload).order != ordered.digest:
        return Refusal("OTHER-ORDER", f"the lifting is not of order {ordered.order.number}.")
    if ordered.lifted is not None:
        return Refusal("STATE", f"order {ordered.order.number} was lifted already.")
    return Ordered(ordered.order, ordered.digest, word.at)


def _signed(word: Word, records: Records, what: str) -> Envelope | Refusal:
    content = records.document(digest_of(said(word, what)))
    if content is None:
        return Refusal("NO-DOCUMENT", f"the {what} is not among the documents.")
    envelope = parse_envelope(content, STATEMENT_TYPE, f"the {what}")
    charter = records.charter(word.charter)
    if word.by not in charter.signed_by(envelope, Role.OFFICER):
        return Refusal("SIGNATURE", f"the {what} is not signed by {word.by} as an officer.")
    return envelope
