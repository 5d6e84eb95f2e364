"""Issuing and lifting orders, and finding those that run."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from brightline.assembly.office import Office, View
from brightline.authority import orders
from brightline.authority.orders import Ordered, as_ordered
from brightline.authority.records import Records, Refusal
from brightline.permit.envelope import Envelope
from brightline.permit.notation import Illegible
from brightline.permit.order import Lifting, Order
from brightline.permit.word import Word
from brightline.release.component import Component
from brightline.storage.ledger import Turn
from brightline.storage.repositories import revealing
from brightline.storage.sql import schema
from brightline.storage.sql.database import restored, stored


def orders_on(view: View, manifest: str | None = None) -> list[Ordered]:
    """All orders, or those against one release, in the order in which they were issued."""
    wanted = select(schema.orders).order_by(schema.orders.c.number)
    if manifest is not None:
        wanted = wanted.where(schema.orders.c.manifest == manifest)
    return [_ordered(view, row) for row in view.connection.execute(wanted)]


def _ordered(records: Records, row: Any) -> Ordered:
    lifted = None if row.lifted is None else restored(row.lifted)
    return as_ordered(records.document(row.digest) or b"", lifted)


def issue_order(
    office: Office, manifest: str, components: tuple[Component, ...], callers: str, reason: str, until: datetime | None
) -> Ordered:
    """In effect when this returns. Raises Refused."""
    by = office.officer()
    key = office.officer_key(by)

    def act(turn: Turn) -> Ordered | Refusal:
        order = Order(turn.next_order(), manifest, components, callers, reason, turn.at, until)
        content = _content(order.envelope().signed(key))
        digest = _digest(content)
        turn.documents[digest] = content
        word = Word("order", 0, turn.at, by, turn.newest.version, {"order": digest, "number": order.number})
        try:
            ordered = orders.issue(word, turn)
        except Illegible as trouble:
            ordered = Refusal("ILLEGIBLE", f"{trouble}.")
        if isinstance(ordered, Refusal):
            turn.documents.clear()
            turn.new_orders = 0
            return ordered
        turn.words.append(word)
        row = {"number": order.number, "digest": digest, "manifest": manifest, "by": by}
        turn.rows.append((insert(schema.orders), row))
        revealing.refresh_ordered(turn.connection, manifest)
        return ordered

    ordered: Ordered = office.perform(act)
    return ordered


def lift_order(office: Office, number: int, reason: str) -> Ordered:
    """Raises Refused."""
    by = office.officer()
    key = office.officer_key(by)

    def act(turn: Turn) -> Ordered | Refusal:
        row = turn.connection.execute(select(schema.orders).where(schema.orders.c.number == number)).first()
        if row is None:
            return Refusal("NO-ORDER", f"there is no order {number}. `brightline order list` shows all.")
        if any((word.act, word.body.get("number")) == ("lift", number) for word in turn.unwritten):
            return Refusal("STATE", f"order {number} was lifted already.")
        ordered = _ordered(turn, row)
        content = _content(Lifting(number, ordered.digest, reason, turn.at).envelope().signed(key))
        digest = _digest(content)
        turn.documents[digest] = content
        word = Word("lift", 0, turn.at, by, turn.newest.version, {"lifting": digest, "number": number})
        lifted = orders.lift(ordered, word, turn)
        if isinstance(lifted, Refusal):
            turn.documents.clear()
            return lifted
        turn.words.append(word)
        change = update(schema.orders).where(schema.orders.c.number == number).values(lifted=stored(turn.at))
        turn.rows.append((change, {}))
        revealing.refresh_ordered(turn.connection, row.manifest)
        return lifted

    lifted: Ordered = office.perform(act)
    return lifted


def _content(envelope: Envelope) -> bytes:
    return json.dumps(envelope.document(), sort_keys=True).encode("ascii")


def _digest(content: bytes) -> str:
    return Envelope("", content).digest
