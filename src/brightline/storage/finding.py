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

RARE = 300  # rows of one label up to which nothing else is intersected with it: the rest is tested of each
# Times the root of a page's length: rows that are gathered rather than looked for, and rows that are looked at along an
# index before its plan is given up.
SPAN = {"sqlite": 400, "postgresql": 200}
STEPS = {"sqlite": 1_000, "postgresql": 2_500}
PROBE = 8  # the part of those steps that says whether all of them will do, where no count is known
SAMPLE = 4_000  # rows of the sort that say how many a short word is in
WEIGHT = {"sqlite": 4, "postgresql": 8}  # what a row that is gathered costs, in rows that are looked at along an index
AHEAD = 1.5  # times as far as it seems: chance is uneven
COMMON = 8  # SQLite leaves out of its intersections what one row of so many has: that many numbers take long to read
UNKNOWN = 1 << 40  # more rows than there are
LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-._/")  # of names
GRAM = 3  # letters that the indices of names are of
Sort = Literal["downloads", "modified", "created"]
Key = tuple[int, int]
EVERYTHING = (catalogue.GATED, catalogue.FREE)  # each row has one of these labels


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
    """What the index of names and labels is asked. `most` is how many rows it has of it at the most."""

    said: str
    most: int = UNKNOWN


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
            self.terms.append(Term(" AND ".join(f'"{word[at : at + GRAM]}"' for at in starts)))
        elif len(word) >= GRAM:
            self.values[f"{name}_like"] = f"%{word.replace('_', chr(92) + '_')}%"
            self.terms.append(Term(f"words LIKE :{name}_like"))

    def label(self, label: int, count: int) -> None:
        self.ids.append(label)
        if self.lite:
            self.labels.append(f"instr(s.labels, ',{label},') > 0")
            self.terms.append(Term(f'"{catalogue.sign(label)}"', count))
        else:
            self.labels.append(f"s.labels @> ARRAY[{label}]")
            self.terms.append(Term(f"labels @> ARRAY[{label}]", count))

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

    @property
    def short(self) -> bool:
        """Whether a word has too few letters for the index of names."""
        return any(len(word) < GRAM for word in self.asked.words)

    def of_a_page(self, rows: Mapping[str, int]) -> int:
        """What grows with the root of a page's length: with more rows to a page, one looks at more, and gathers as many."""
        return int(rows[self.dialect] * self.asked.limit**0.5)


def find(plans: Sequence[Plan]) -> list[Found]:
    """A page of each, in no order. What is rare is asked for at once, wherever it is."""
    rare = [plan for plan in plans if plan.most <= RARE]
    found = [*_rare(rare)] if rare else []
    return found + [row for plan in plans if plan.most > RARE for row in _found(plan)]


def _found(plan: Plan) -> Sequence[Found]:
    if not plan.terms:
        return _along(plan, None)
    few, known = plan.of_a_page(SPAN), len(plan.terms) + len(plan.asked.words) == 1
    if plan.most <= few:
        return _gather(plan)
    found = _few(plan, few) if plan.lite and not known else None
    return _walk(plan, known=known) if found is None else found


def _walk(plan: Plan, *, known: bool) -> Sequence[Found]:
    """Along the sort, as long as that is not worse than to gather everything: what was found so far says how far it is."""
    most, found, walked = plan.of_a_page(STEPS), list[Found](), 0
    steps = most if known or plan.lite else most // PROBE
    if plan.short:
        steps, most = _sampled(plan)
    ahead = steps
    while ahead <= most:
        rows = _along(plan, steps)
        plan.go_on(rows)
        found, walked = [*found, *rows], walked + steps
        if not plan.due:
            return found
        ahead = int(AHEAD * plan.due * walked / (len(found) or 0.5))
        steps = max(ahead, walked)  # short ones would be many
    return [*found, *_gather(plan)]


def _sampled(plan: Plan) -> tuple[int, int]:
    """How far to walk, and what is too far, where a short word is among what is asked: no index knows of it, so that what is
    gathered may be far more than what is found.
    """
    found = f"count(CASE WHEN {_said(plan.narrow)} THEN 1 END)"
    said = f"SELECT count(*) AS gathered, {found} AS found FROM ({_some(plan, SAMPLE)}) AS s WHERE {_said(_index_tests(plan))}"
    row = plan.connection.execute(_text(said), plan.values).one()
    walk = AHEAD * plan.due * SAMPLE / (row.found or 0.5)
    return int(walk), int(min(plan.size * row.gathered / SAMPLE, plan.most) * WEIGHT[plan.dialect])


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


def _gather(plan: Plan) -> Sequence[Found]:
    """What the index of names and labels has, sorted."""
    rows = _rows(plan, _matched(plan, plan.terms, "terms"))
    return _read(plan, plan.values | {"terms": _all(plan.terms)}, _page(plan, rows))


def _few(plan: Plan, most: int) -> Sequence[Found] | None:
    """The same on SQLite, and None where more than `most` rows are to be sorted: that it says at once."""
    seldom = [term for term in plan.terms if term.most * COMMON <= plan.size or term.most == UNKNOWN]
    terms = seldom or [min(plan.terms, key=lambda term: term.most)]
    rows = _rows(plan, f"few WHERE (SELECT hits FROM size) <= {most}")
    found = plan.connection.execute(
        _text(
            f"WITH few AS MATERIALIZED (SELECT id FROM {_matched(plan, terms, 'terms')} LIMIT {most + 1}), "
            f"size AS MATERIALIZED (SELECT count(*) AS hits FROM few), page AS ({_page(plan, rows)}) "
            f"SELECT page.key, {_COLUMNS}, size.hits FROM size LEFT JOIN page ON size.hits > 0 LEFT JOIN shown AS s "
            "ON s.id = page.id LEFT JOIN cards AS c ON c.id = s.card"
        ),
        plan.values | {"terms": _all(terms)},
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
    tests, columns = [*_index_tests(plan), *plan.narrow], f"s.id, s.repo, s.{plan.asked.sort} AS key"
    if steps is None and not plan.lite:
        page = f"SELECT {columns} FROM shown AS s WHERE {_said([*tests, *_following(plan)])} {_order(plan)}"
    else:  # SQLite forgets the order of a part that has no end
        page = f"SELECT {columns} FROM ({_some(plan, -1 if steps is None else steps)}) AS s WHERE {_said(tests)}"
    return _read(plan, plan.values, page, [*plan.wide, *plan.labels])


def _some(plan: Plan, steps: int) -> str:
    where = _said([f"s.place = {plan.place}", *_following(plan)])
    return f"SELECT s.place, s.repo, s.{plan.asked.sort}, {_SEEN} FROM shown AS s WHERE {where} {_order(plan)} LIMIT {steps}"


def _index_tests(plan: Plan) -> list[str]:
    """What the index of names and labels would say of a row, as far as the index of its sort can say it."""
    bits = catalogue.signature(plan.ids)
    return [_alive(plan), *([f"(s.signature & {bits}) = {bits}"] if bits else []), *plan.words]


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
