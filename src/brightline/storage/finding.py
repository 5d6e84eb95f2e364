"""Finding the rows of one place that meet what is asked, by the plan that costs least.

A condition that few rows meet is gathered, and what it gathers is sorted; conditions that many rows meet are tested along
the index of the sort, where a page is soon full. Along the index no more than a bounded number of rows is looked at before
that plan is given up for the other. Pages follow each other by key: where the last one ended, and not how many there were.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, TextClause, text

from brightline.release.repository import Kind
from brightline.storage import catalogue
from brightline.storage.sampling import GRAM, Sample, Samples

RARE = 300  # rows of one label up to which nothing else is intersected with it: the rest is tested of each
SMALL = 1_000  # rows of a place that are walked along without a thought
AHEAD, SURPRISE = 1.5, 500  # times as many rows as it seems, and so many more, are no surprise
UNKNOWN = 1 << 40  # more rows than there are
LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-._/")  # of names


@dataclass(frozen=True, slots=True)
class Cost:
    """In microseconds: of a row that is looked at along an index, of one that is gathered, and of one that the index of names
    and labels has of a condition, when several are intersected.
    """

    step: float
    row: float
    entry: float


COSTS = {"sqlite": Cost(0.28, 2.3, 0.05), "postgresql": Cost(0.4, 4, 0.03)}
Sort = Literal["downloads", "modified", "created"]
Key = tuple[int, int]
EVERYTHING = frozenset({catalogue.GATED, catalogue.FREE})  # each row has one of these labels


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list is asked for. `words` and `labels` are in small letters; `after` is where the last page ended."""

    kind: Kind
    words: Sequence[str] = ()
    labels: Sequence[str] = ()
    namespace: str | None = None
    sort: Sort = "modified"
    limit: int = 100
    after: Key | None = None


class Found(NamedTuple):
    """A row as it is told, after what it is sorted by. Of a page of them each column is read: a tuple's are near."""

    key: int
    repo: int
    namespace: str
    name: str
    private: bool
    gated: str
    disabled: bool
    sha: str | None
    sdk: str
    created: int
    modified: int
    downloads: int
    card: str | None  # as JSON


@dataclass(frozen=True, slots=True)
class Term:
    """What the index of names and labels is asked, and a sample: a part of a name, or a label. `most` is how many rows have
    it at the most.
    """

    said: str
    part: str | int
    most: int = UNKNOWN


@dataclass(frozen=True, slots=True)
class Way:
    """How a page is likely to be found soonest. Of these terms rows are gathered, or they are looked for along the sort.
    Chance may have it otherwise: more rows than `rows`, or steps than `steps`, and the other way is taken.
    """

    terms: Sequence[Term]
    gathers: bool
    rows: int
    steps: int


@dataclass(slots=True)
class Plan:
    """One place, and what its rows must meet: what the index of names and labels answers for (`terms`, and the same of a row
    as `words` and `labels`), and besides, of columns that the indices of sorts have (`narrow`) and of others (`wide`).
    """

    connection: Connection
    asked: Asked
    place: int
    values: dict[str, Any]
    narrow: list[str]
    number: int = 0  # among the plans of one question
    wide: list[str] = field(default_factory=list)
    terms: list[Term] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    ids: list[int] = field(default_factory=list)  # of the labels
    size: int = 0  # rows of the place, where that was asked for
    due: int = 0  # rows that are looked for still: one more than a page has
    after: Key | None = None

    def __post_init__(self) -> None:
        self.due = self.asked.limit + 1
        self._begin_after(self.asked.after)
        for at, word in enumerate(self.asked.words):
            self._word(f"word{at}", word)

    def _begin_after(self, key: Key | None) -> None:
        self.after = key
        self.values |= {} if key is None else {"key": key[0], "repo": key[1]}

    def go_on(self, rows: Sequence[Found]) -> None:
        """These are found, in their order: what is looked for from now on comes after them."""
        if rows:
            self.due -= len(rows)
            self._begin_after((rows[-1].key, rows[-1].repo))

    def _word(self, name: str, word: str) -> None:
        self.values[name] = word
        test = f"{'instr' if self.lite else 'strpos'}(s.words, :{name}) > 0"
        (self.narrow if len(word) < GRAM else self.words).append(test)
        if len(word) >= GRAM and self.lite:  # letters in their order would be looked for one place after the other
            starts = [*range(0, len(word) - GRAM, GRAM), len(word) - GRAM]
            self.terms += [Term(f'"{part}"', part) for part in dict.fromkeys(word[at : at + GRAM] for at in starts)]
        elif len(word) >= GRAM:
            self.values[f"{name}_like"] = f"%{word.replace('_', chr(92) + '_')}%"
            self.terms.append(Term(f"words LIKE :{name}_like", word))

    def label(self, label: int, count: int) -> None:
        self.ids.append(label)
        if self.lite:
            name = f"label{self.number}_{len(self.ids)}"
            self.values[name] = f",{label},"
            self.labels.append(f"instr(s.labels, :{name}) > 0")
            self.terms.append(Term(f'"{catalogue.sign(label)}"', label, count))
        else:
            self.labels.append(f"s.labels @> ARRAY[{label}]")
            self.terms.append(Term(f"labels @> ARRAY[{label}]", label, count))

    @property
    def lite(self) -> bool:
        return self.dialect == "sqlite"

    @property
    def dialect(self) -> str:
        return self.connection.dialect.name

    @property
    def most(self) -> int:
        """So many rows can meet all of it, and no more."""
        return min((term.most for term in self.terms), default=UNKNOWN)


def find(plans: Sequence[Plan], samples: Samples) -> list[Found]:
    """A page of each, in no order. What is rare is asked for at once, wherever it is."""
    rare = [plan for plan in plans if plan.most <= RARE]
    found = [*_rare(rare)] if rare else []
    return found + [row for plan in plans if plan.most > RARE for row in _found(plan, samples)]


def _found(plan: Plan, samples: Samples) -> Sequence[Found]:
    if not plan.terms or plan.size <= SMALL:
        return _along(plan, None)
    chosen = way(plan, samples.of(plan.connection, plan.place, plan.size, plan.values["now"]))
    found = _gather(plan, chosen.terms, chosen.rows) if chosen.gathers else None
    if found is not None:
        return found
    found = _along(plan, chosen.steps)
    plan.go_on(found)
    return [*found, *(_gather(plan, chosen.terms) or ())] if plan.due else found


def way(plan: Plan, sample: Sample) -> Way:
    """By what each would cost, if the place is as its sample."""
    cost, terms, gathered, reading, met = COSTS[plan.dialect], list[Term](), float(UNKNOWN), 0.0, sample.all
    for many, term in sorted(((_many(term, sample), term) for term in plan.terms), key=lambda one: one[0]):
        both = met & sample.having(term.part)
        left = min(gathered, many, sample.rows(both) if terms else many)
        if many * cost.entry < (gathered - left) * cost.row:
            terms, met, gathered, reading = [*terms, term], both, left, reading + many * cost.entry
    said: Sequence[str | int] = (*plan.asked.words, *plan.ids)
    for part in said:
        met &= sample.having(part)
    walk = cost.step * plan.due * plan.size / min(sample.rows(met), gathered)
    gather, rows = reading + gathered * cost.row, _rounded(AHEAD * gathered + SURPRISE)
    return Way(terms, gather <= walk, rows, _rounded((reading + rows * cost.row) / cost.step))


def _rounded(number: float) -> int:
    """Up to a power of two: what databases are asked is kept ready, as long as it is the same."""
    return 1 << int(number).bit_length()


def _many(term: Term, sample: Sample) -> float:
    return term.most if term.most < UNKNOWN else sample.rows(sample.having(term.part))


_SEEN = ", ".join(f"s.{name}" for name in catalogue.SEEN)
_COLUMNS = ", ".join({"card": "c.content AS card"}.get(name, f"s.{name}") for name in Found._fields[1:])


def _rare(plans: Sequence[Plan]) -> Sequence[Found]:
    """All places in one question: what has the rarest label is little, and the rest is tested of each."""
    values, parts = dict[str, Any](), list[str]()
    for number, plan in enumerate(plans):
        rarest = [min(plan.terms, key=lambda term: term.most)]
        parts.append(_rows(plan, _matched(plan, rarest, f"terms{number}")))
        values |= plan.values | {f"terms{number}": _all(rarest)}
    return _read(plans[0], values, _page(plans[0], " UNION ALL ".join(parts)))


def _gather(plan: Plan, terms: Sequence[Term], most: int | None = None) -> Sequence[Found] | None:
    """What the index of names and labels has, sorted. None where that is more rows than `most`: SQLite says so at once."""
    values, matched = plan.values | {"terms": _all(terms)}, _matched(plan, terms, "terms")
    if most is None or not plan.lite:
        return _read(plan, values, _page(plan, _rows(plan, matched)))
    page = _page(plan, _rows(plan, f"few WHERE (SELECT hits FROM size) <= {most}"))
    found = plan.connection.execute(
        _text(
            f"WITH few AS MATERIALIZED (SELECT id FROM {matched} LIMIT {most + 1}), "
            f"size AS MATERIALIZED (SELECT count(*) AS hits FROM few), page AS ({page}) "
            f"SELECT page.key, {_COLUMNS}, size.hits FROM size LEFT JOIN page ON size.hits > 0 LEFT JOIN shown AS s "
            "ON s.id = page.id LEFT JOIN cards AS c ON c.id = s.card"
        ),
        values,
    ).all()
    return None if found[0].hits > most else [Found._make(row[:-1]) for row in found if row.repo is not None]


def _matched(plan: Plan, terms: Sequence[Term], name: str) -> str:
    """What the index of names and labels has of these: ids on SQLite, which asks by a parameter; else rows."""
    if plan.lite:
        return f"(SELECT rowid AS id FROM found_{plan.place} WHERE found_{plan.place} MATCH :{name})"
    return f"(SELECT * FROM shown WHERE place = {plan.place} AND {_all(terms)} OFFSET 0)"


def _all(terms: Iterable[Term]) -> str:
    return " AND ".join(term.said for term in terms)


def _rows(plan: Plan, matched: str) -> str:
    """Of what was matched, the rows that pass every test."""
    tests = [_alive(plan), *plan.narrow, *plan.words, *plan.wide, *plan.labels, *_following(plan)]
    if plan.lite:  # not joined: SQLite would read all of the table first, for a filter of what is in it
        matched, tests = "shown", [f"s.id IN (SELECT id FROM {matched})", *tests]
    return f"SELECT s.id, s.repo, s.{plan.asked.sort} AS key FROM {matched} AS s{' NOT INDEXED' if plan.lite else ''} WHERE {_said(tests)}"


def _along(plan: Plan, steps: int | None) -> Sequence[Found]:
    """The rows in their order, as long as the page is not full; `steps` of them at the most. What the index of the sort says
    of a row is asked first, and the row itself only of those that are left.
    """
    bits, moments = catalogue.signature(plan.ids), "s.since <= :now AND s.until > :now"
    signed = ["(s.signature & :bits) = :bits"] if bits else []
    tests = [*plan.words, *signed, *plan.narrow, moments]  # those that most rows fail come first
    key, where = f"s.repo, s.{plan.asked.sort} AS key", [f"s.place = {plan.place}", *_following(plan)]
    if plan.lite:  # a case ends with the first test that fails; and the order of a part that has no end is forgotten
        tested = f"SELECT CASE WHEN {_said(tests)} THEN s.id END AS id, {key} FROM shown AS s WHERE {_said(where)}"
        page = f"SELECT * FROM ({tested} {_order(plan)} LIMIT {-1 if steps is None else steps}) AS s WHERE s.id IS NOT NULL"
    elif steps is None:
        page = f"SELECT s.id, {key} FROM shown AS s WHERE {_said([*where, *tests])} {_order(plan)}"
    else:  # PostgreSQL has a notion of what passes a test, and none of what is no null
        some = f"SELECT {key}, {_SEEN} FROM shown AS s WHERE {_said(where)} {_order(plan)} LIMIT {steps}"
        page = f"SELECT s.id, s.repo, s.key FROM ({some}) AS s WHERE {_said(tests)}"
    return _read(plan, plan.values | {"bits": bits}, page, [*plan.wide, *plan.labels])


def _read(plan: Plan, values: Mapping[str, Any], page: str, tests: Iterable[str] = ()) -> Sequence[Found]:
    """All that is told of the rows of a page, which come in order. A row that fails one of the tests is not of it."""
    order = "" if plan.lite else "ORDER BY page.key DESC, page.repo DESC"
    said = (
        f"SELECT page.key, {_COLUMNS} FROM ({page}) AS page CROSS JOIN shown AS s LEFT JOIN cards AS c ON c.id = s.card "
        f"WHERE {_said(['s.id = page.id', *tests])} {order} LIMIT {plan.due}"
    )
    return [*map(Found._make, plan.connection.execute(_text(said), values))]


def _page(plan: Plan, rows: str) -> str:
    return f"SELECT * FROM ({rows}) AS s ORDER BY s.key DESC, s.repo DESC LIMIT {plan.due}"


def _order(plan: Plan) -> str:
    return f"ORDER BY s.{plan.asked.sort} DESC, s.repo DESC"


def _alive(plan: Plan) -> str:
    return f"s.place = {plan.place} AND s.since <= :now AND s.until > :now"


def _following(plan: Plan) -> list[str]:
    return [] if plan.after is None else [f"(s.{plan.asked.sort}, s.repo) < (:key, :repo)"]


def _said(tests: Iterable[str]) -> str:
    return " AND ".join(tests)


@lru_cache(2_048)
def _text(said: str) -> TextClause:
    return text(said)
