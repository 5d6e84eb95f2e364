"""The catalogue: what lists show of each repository, to whom, and from which moment to which.

A row holds for its span of time alone, so that what time changes needs nobody who changes it. Rows are written by the
transaction that changes what is shown (storage.repositories.revealing), and by nothing else.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Dialect,
    Index,
    Integer,
    String,
    Table,
    Text,
    TextClause,
    TypeDecorator,
    UniqueConstraint,
    delete,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.types import TypeEngine

from brightline.release.card import Card
from brightline.release.repository import Kind, RepoName
from brightline.storage.sql.shelves import LONG, METADATA

_MIXER = 2_654_435_761  # 2^32 by the golden ratio: numbers that follow each other come to lie far apart
EVER = 253_402_300_799  # the last second of the year 9999
PLACES = range(6)  # for each kind one that strangers see, and one that they do not
KINDS = list(Kind)


class Labels(TypeDecorator[list[int]]):
    """Ids: an array where there are arrays, else numbers with a comma around each, among which one is found as a text."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else ARRAY(Integer))

    def process_bind_param(self, value: list[int] | None, dialect: Dialect) -> Any:
        return f",{','.join(map(str, value or ()))}," if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> list[int]:
        return [int(one) for one in value.split(",") if one] if dialect.name == "sqlite" else value


CHANCE = f"(id * {_MIXER} & 4294967295)"  # a number below 2^32 that tells nothing of its row
DRAWN = 1 << 28  # below it is one row in 16: those that samples are drawn from
_SOME = f"{CHANCE} < {DRAWN}"
SEEN = ("id", "since", "until", "inside", "decided", "words", "signature")  # of a row, in the index of each sort


cards = Table(  # what the card of a revision says, by the revision's listing
    "cards",
    METADATA,
    Column("id", LONG, primary_key=True, autoincrement=True),
    Column("listing", String(64), nullable=False, unique=True),
    Column("content", Text, nullable=False),  # release.card.Card, as JSON
)

shown = Table(
    "shown",
    METADATA,
    Column("id", LONG, primary_key=True, autoincrement=True),
    Column("repo", LONG, nullable=False, index=True),
    Column("place", Integer, nullable=False),
    Column("inside", Boolean, nullable=False),  # the owner and examiners are shown this
    Column("decided", Boolean, nullable=False),  # strangers are, where the repository is public
    Column("since", BigInteger, nullable=False),  # seconds since 1970, as all moments here
    Column("until", BigInteger, nullable=False),
    Column("namespace", String(96), nullable=False),
    Column("name", String(96), nullable=False),
    Column("words", String(200), nullable=False),  # both in small letters: what is searched
    Column("owner", String(200), nullable=False),
    Column("private", Boolean, nullable=False),
    Column("gated", String(10), nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("sha", String(40)),
    Column("sdk", String(20), nullable=False),
    Column("card", LONG),
    Column("labels", Labels, nullable=False),
    Column("signature", BigInteger, nullable=False),  # of the labels, see below
    Column("created", BigInteger, nullable=False),
    Column("modified", BigInteger, nullable=False),
    Column("downloads", BigInteger, nullable=False),
    # whoever walks along a sort reads rows in the index alone, but for those that are likely to be shown
    Index("shown_by_downloads", "place", "downloads", "repo", *SEEN),
    Index("shown_by_modified", "place", "modified", "repo", *SEEN),
    Index("shown_by_created", "place", "created", "repo", *SEEN),
    Index("shown_by_chance", "place", text(CHANCE), sqlite_where=text(_SOME), postgresql_where=text(_SOME)),
)

labels = Table(  # tags, in small letters, with how many rows of a place have them
    "labels",
    METADATA,
    Column("id", LONG, primary_key=True, autoincrement=True),
    Column("place", Integer, nullable=False),
    Column("name", String(160), nullable=False),
    Column("count", BigInteger, nullable=False),
    UniqueConstraint("place", "name", name="one_label"),
    Index("labels_by_count", "place", "count"),
)

TABLES = (cards, shown, labels)
OWN = "\x1f"  # before labels of ours: no tag of a card has a letter that cannot be printed
GATED, FREE = f"{OWN}gated", f"{OWN}free"
_FACTS = (
    "namespace",
    "name",
    "owner",
    "private",
    "gated",
    "disabled",
    "sha",
    "sdk",
    "created",
    "modified",
    "downloads",
)


@dataclass(frozen=True, slots=True)
class Row:
    """What some are shown of a repository for a while. `listing` is the sha256 of the revision's, whose card it is."""

    kind: Kind
    inside: bool
    decided: bool
    since: int
    until: int
    namespace: str
    name: str
    owner: str
    hidden: bool  # the repository is private
    private: bool  # or looks so, to whom it is shown
    gated: str
    disabled: bool
    sha: str | None
    listing: str | None
    sdk: str
    created: int
    modified: int
    downloads: int

    @property
    def place(self) -> int:
        return place(self.kind, public=self.decided and not self.hidden)


def place(kind: Kind, *, public: bool) -> int:
    return KINDS.index(kind) * 2 + (not public)


def keep_card(connection: Connection, listing: str, card: Card) -> None:
    """Once: the same listing has the same card."""
    if connection.execute(select(cards.c.id).where(cards.c.listing == listing)).first() is None:
        connection.execute(insert(cards).values(listing=listing, content=json.dumps(asdict(card))))


def read_card(connection: Connection, listing: str) -> Card:
    """An empty one where none was kept."""
    content = connection.execute(select(cards.c.content).where(cards.c.listing == listing)).scalar()
    return Card() if content is None else card_of(content)


def card_of(content: str) -> Card:
    found: dict[str, Any] = json.loads(content)
    for key in ("tags", "models", "datasets"):
        found[key] = tuple(found[key])
    return Card(**found)


def labels_of(name: RepoName, card: Card, gated: str) -> list[str]:
    """By which lists are filtered."""
    own = [GATED if gated else FREE, f"{OWN}author:{name.namespace}"]
    own += [f"{OWN}{what}:{word}" for what, word in (("task", card.task), ("library", card.library)) if word]
    if name.kind is Kind.SPACE:
        own += [f"{OWN}{what}:{word}" for what in ("models", "datasets") for word in getattr(card, what)]
        own += [f"{OWN}linked"] if card.models or card.datasets else []
    return list(dict.fromkeys(map(spelled, (*card.tags, *own))))


def spelled(label: str) -> str:
    return label.casefold()[:160]


def replace_rows(connection: Connection, repo: int, rows: Sequence[Row]) -> None:
    """All that lists show of a repository from now on."""
    _take_out(connection, repo)
    for row in rows:
        _put_in(connection, repo, row)


def _take_out(connection: Connection, repo: int) -> None:
    for row in connection.execute(select(shown).where(shown.c.repo == repo)).all():
        connection.execute(update(labels).where(labels.c.id.in_(row.labels)).values(count=labels.c.count - 1))
        _index(connection, row.place, row.id, indexed(row.words, row.labels), taken=True)
        connection.execute(delete(shown).where(shown.c.id == row.id))


def _put_in(connection: Connection, repo: int, row: Row) -> None:
    name = RepoName(row.kind, row.namespace, row.name)
    wanted = select(cards).where(cards.c.listing == row.listing)
    kept = None if row.listing is None else connection.execute(wanted).first()
    card = Card() if kept is None else card_of(kept.content)
    ids = _label_ids(connection, row.place, labels_of(name, card, row.gated))
    values = {name: getattr(row, name) for name in (*_FACTS, "inside", "decided", "since", "until", "place")}
    values |= {"repo": repo, "words": str(name).lower(), "card": None if kept is None else kept.id, "labels": ids}
    values["signature"] = signature(ids)
    made = connection.execute(insert(shown).values(**values).returning(shown.c.id)).scalar_one()
    connection.execute(update(labels).where(labels.c.id.in_(ids)).values(count=labels.c.count + 1))
    _index(connection, row.place, made, indexed(values["words"], ids))


def _label_ids(connection: Connection, where: int, names: Iterable[str]) -> list[int]:
    """Made where they are new. The caller is the only writer."""
    wanted = list(names)
    known = label_counts(connection, [where], wanted)
    fresh = [{"place": where, "name": name, "count": 0} for name in wanted if (where, name) not in known]
    if fresh:
        connection.execute(insert(labels), fresh)
        known = label_counts(connection, [where], wanted)
    return sorted(known[where, name][0] for name in wanted)


def label_counts(
    connection: Connection, places: Iterable[int], names: Iterable[str]
) -> Mapping[tuple[int, str], tuple[int, int]]:
    """Place and name -> id and count, of those that some row has or had."""
    values = {f"name{at}": name for at, name in enumerate(names)}
    rows = connection.execute(_counted(tuple(sorted(places)), len(values)), values) if values else ()
    return {(place, name): (number, count) for place, name, number, count in rows}


@lru_cache(2_048)
def _counted(places: tuple[int, ...], names: int) -> TextClause:
    """Every list asks this: a statement that is made anew takes longer than its answer."""
    said = ", ".join(f":name{at}" for at in range(names))
    return text(
        f"SELECT place, name, id, count FROM labels WHERE place IN ({', '.join(map(str, places))}) AND name IN ({said})"  # noqa: S608 - numbers
    )


def _index(connection: Connection, where: int, row: int, words: str, *, taken: bool = False) -> None:
    """SQLite's own index of three letters each; PostgreSQL keeps one by itself."""
    if connection.dialect.name != "sqlite":
        return
    if taken:
        said = f"INSERT INTO found_{where}(found_{where}, rowid, words) VALUES ('delete', :row, :words)"  # noqa: S608 - a number
    else:
        said = f"INSERT INTO found_{where}(rowid, words) VALUES (:row, :words)"  # noqa: S608 - a number
    connection.execute(text(said), {"row": row, "words": words})


def indexed(words: str, ids: Iterable[int]) -> str:
    """Names and labels in one index, which answers for any of them together."""
    return f"{words} {' '.join(map(sign, ids))}"


def sign(label: int) -> str:
    """Three letters for a label: each from an alphabet of its own, so that no other three in a row are taken for them."""
    return "".join(chr(first + (label >> shift & 0xFFF)) for first, shift in ((0x4E00, 0), (0x6000, 12), (0x7200, 24)))


def signature(ids: Iterable[int]) -> int:
    """Two of 63 bits for each label. A row that lacks one of the bits of a label lacks the label; one that has both may have it.
    An index has room for this, and none for as many labels as a card may have.
    """
    bits = 0
    for label in ids:
        mixed = label * _MIXER & 0xFFFFFFFF
        bits |= 1 << mixed % 63 | 1 << mixed // 63 % 63
    return bits


def count_downloads(connection: Connection, repo: int, count: int) -> None:
    connection.execute(update(shown).where(shown.c.repo == repo).values(downloads=shown.c.downloads + count))
