"""What was said, read back: the log's entries as words and cases, the documents they speak of, and the charters they stand under."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select

from brightline.authority.case import Case
from brightline.authority.procedure import replay
from brightline.permit.charter import Charter, prove_chain
from brightline.permit.envelope import CHARTER_TYPE, Envelope, read_envelope
from brightline.permit.notation import read_object
from brightline.permit.word import Word, read_word
from brightline.storage.sql import schema

MANY = 500  # words about no case, after which nobody asks what each of them was about


def load_charters(connection: Connection) -> tuple[list[Envelope], list[Charter]]:
    """Every version, proven anew from the first."""
    rows = connection.execute(select(schema.charters.c.envelope).order_by(schema.charters.c.version)).scalars()
    envelopes = [read_envelope(read_object(row.encode(), "the charter"), CHARTER_TYPE) for row in rows]
    return envelopes, prove_chain(envelopes)


def read_document(connection: Connection, digest: str) -> bytes | None:
    found = connection.execute(select(schema.documents.c.content).where(schema.documents.c.digest == digest)).scalar()
    return None if found is None else bytes(found)


def words_of(connection: Connection, number: int) -> Iterator[Word]:
    table = schema.entries.c
    rows = connection.execute(select(table.entry).where(table.case == number).order_by(table.number)).scalars()
    return (read_word(bytes(row)) for row in rows)


def manifests_since(connection: Connection, since: int, size: int) -> set[str] | None:
    """The manifests that the log's entries from one size to the next are about; None where that may be any."""
    table, cases, orders = schema.entries.c, schema.cases.c, schema.orders.c
    new = (table.number >= since) & (table.number < size)
    own = select(cases.manifest).join_from(schema.entries, schema.cases, table.case == cases.number).where(new)
    found = set(connection.execute(own.distinct()).scalars())
    others = connection.execute(select(table.entry).where(new, table.case == 0).limit(MANY)).scalars().all()
    words = [read_word(bytes(entry)) for entry in others]
    if len(words) == MANY or any(word.act not in ("order", "lift", "vet") for word in words):
        return None
    numbers = [word.body["number"] for word in words if word.act != "vet"]
    return found | set(connection.execute(select(orders.manifest).where(orders.number.in_(numbers))).scalars())


def load_case(connection: Connection, number: int, records: Any) -> Case | None:
    """The case, as the log's entries say. Raises ValueError where they say what was never allowed."""
    return replay(words_of(connection, number), records)
