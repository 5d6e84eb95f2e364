"""All that is on record about a release's bytes, in one question: the words of its cases, the documents they stand on, its orders.

The ways to the database and back take longer than the answers. What is not among the documents, a draft that was never published or a
notice, is looked up where it is asked for: nothing is taken for missing because it was not brought along.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    DateTime,
    Integer,
    Select,
    String,
    bindparam,
    cast,
    literal_column,
    null,
    select,
    union_all,
)
from sqlalchemy.sql.selectable import CompoundSelect

from brightline.permit.word import Word, read_word
from brightline.storage.sql import schema
from brightline.storage.sql.database import restored

_WORD, _PERMIT, _ORDER = range(3)


@dataclass(frozen=True, slots=True)
class Issued:
    """An order as it is kept: its digest, its signed content, and when it was lifted."""

    digest: str
    content: bytes
    lifted: datetime | None


@dataclass(frozen=True, slots=True)
class Casebook:
    """Cases by number, each with its words in the order of the log; documents by digest; orders in the order of their numbers."""

    cases: Mapping[int, Sequence[Word]]
    documents: Mapping[str, bytes]
    orders: Sequence[Issued]


def read_casebook(connection: Connection, manifest: str) -> Casebook:
    """Of one release. A case without a word is among them as well: whoever replays it finds that the log is broken."""
    cases, documents, orders = dict[int, list[Word]](), dict[str, bytes](), list[Issued]()
    for row in sorted(connection.execute(_EVERYTHING, {"manifest": manifest}), key=_place):
        content = b"" if row.content is None else bytes(row.content)
        if row.what == _PERMIT:
            documents[row.digest] = content
        elif row.what == _ORDER:
            orders.append(Issued(row.digest, content, None if row.lifted is None else restored(row.lifted)))
        else:
            cases.setdefault(row.number, []).extend([read_word(content)] if content else [])
    return Casebook(cases, documents, orders)


def _place(row: Any) -> tuple[int, int, int]:
    """A case without a word has no entry either."""
    return row.what, row.number, row.entry or 0


def _everything() -> CompoundSelect[Any]:
    cases, entries, permits, orders, documents = (
        schema.cases,
        schema.entries,
        schema.permits,
        schema.orders,
        schema.documents,
    )
    words = cases.outerjoin(entries, entries.c.case == cases.c.number)
    drawn = permits.join(documents, documents.c.digest == permits.c.digest)
    issued = orders.outerjoin(documents, documents.c.digest == orders.c.digest)
    some = _rows(_WORD, cases.c.number, entries.c.number, cases.c.manifest, None, entries.c.entry)
    permit = _rows(_PERMIT, permits.c.number, permits.c.number, permits.c.digest, None, documents.c.content)
    order = _rows(_ORDER, orders.c.number, orders.c.number, orders.c.digest, orders.c.lifted, documents.c.content)
    return union_all(
        some.select_from(words).where(cases.c.manifest == _MANIFEST),
        permit.select_from(drawn).where(permits.c.manifest == _MANIFEST),
        order.select_from(issued).where(orders.c.manifest == _MANIFEST),
    )


def _rows(what: int, *columns: Any) -> Select[Any]:
    """Each sort has the same columns: its number, the entry's, a digest, a moment, and bytes."""
    given = [cast(null(), DateTime) if one is None else one for one in columns]
    return select(
        literal_column(str(what), Integer).label("what"),
        *(one.label(name) for one, name in zip(given, _COLUMNS, strict=True)),
    )


_COLUMNS = ("number", "entry", "digest", "lifted", "content")
_MANIFEST: BindParameter[str] = bindparam("manifest", type_=String())
_EVERYTHING = _everything()
