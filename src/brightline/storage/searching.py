"""Searching the catalogue, by the plan that its conditions call for.

A condition that few rows meet is gathered, and what it gathers is sorted; conditions that many rows meet are tested along
the index of the sort, where a page is soon full. Along the index no more than a bounded number of rows is looked at before
that plan is given up for the other. Pages follow each other by key: where the last one ended, and not how many there were.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import Connection, Row, TextClause, select, text

from brightline.release.repository import Kind
from brightline.storage import catalogue

RARE = 300  # rows of one label up to which nothing else is intersected with it: the rest is tested of each
SPAN = {
    "sqlite": 500,
    "postgresql": 1_000,
}  # rows that are gathered rather than looked for, times the root of a page's length
STEPS = {"sqlite": 6_000, "postgresql": 1_500}  # rows that are looked at along an index before its plan is given up
LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-._/")  # of names
GRAM = 3  # letters that the indices of names are of
Sort = Literal["downloads", "modified", "created"]
Key = tuple[int, int]


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


@dataclass(frozen=True, slots=True)
class Audience:
    """Who asks, at which second. `account` is None for nobody in particular; `named` are repositories that it was let into."""

    now: int
    account: str | None = None
    examiner: bool = False
    named: Sequence[int] = ()


@dataclass(slots=True)
class Plan:
    """One place, and what its rows must meet: what the index of names and labels answers for (`terms`, and the same as
    `tested` of a row), and besides (`tests`). At the most `most` rows can meet all of it.
    """

    connection: Connection
    asked: Asked
    place: int
    values: dict[str, Any]
    tests: list[str]
    terms: list[str] = field(default_factory=list)
    tested: list[str] = field(default_factory=list)
    most: int = 1 << 40
    rarest: str = ""  # the term of the label that fewest rows have

    @property
    def dialect(self) -> str:
        return self.connection.dialect.name

    @property
    def lite(self) -> bool:
        return self.dialect == "sqlite"

    @property
    def few(self) -> int:
        """Where both plans take about the same time: one looks at few rows, the other at as many as there are to a page."""
        return int(SPAN[self.dialect] * self.asked.limit**0.5)


def search(connection: Connection, asked: Asked, audience: Audience) -> list[Row[Any]]:
    """One row more than a page has, where there are more. Everybody sees each repository at most once."""
    if any(set(word) - LETTERS for word in asked.words):
        return []
    found = [row for plan in _plans(connection, asked, audience) for row in _found(plan)]
    found.sort(key=lambda row: (row.key, row.repo), reverse=True)
    return found[: asked.limit + 1]


def _plans(connection: Connection, asked: Asked, audience: Audience) -> Iterator[Plan]:
    """One for each place where anything may be found; what its labels are is asked for all of them at once."""
    looked = list(_places(asked, audience))
    wanted = {label for one in looked for label in _labels(asked, {*one.authors, *one.without})}
    known = catalogue.label_counts(connection, {one.place for one in looked}, wanted) if wanted else {}
    for one in looked:
        plan = Plan(connection, asked, one.place, {"now": audience.now, "who": audience.account}, list(one.tests))
        if _labelled(plan, one.authors, known):
            for account in one.without:
                _without(plan, *known.get((one.place, _author(account)), (0, 0)))
            yield plan


@dataclass(frozen=True, slots=True)
class _Place:
    """Where is looked, whose repositories, what else must be true of a row, and whose repositories are looked for elsewhere."""

    place: int
    authors: Collection[str]
    tests: Sequence[str]
    without: Collection[str] = ()


def _places(asked: Asked, audience: Audience) -> Iterator[_Place]:
    """Strangers see what is public. Besides, owners see what is their own, examiners everything, and some were let in."""
    public, other = (catalogue.place(asked.kind, public=one) for one in (True, False))
    author = [] if asked.namespace is None else [asked.namespace]
    if audience.examiner:
        yield from (_Place(place, author, ["s.inside"]) for place in (public, other))
    elif audience.account is None:
        yield _Place(public, author, ["s.decided"])
    else:
        yield _Place(public, author, ["s.decided"], [audience.account])
        own = {*author, audience.account}
        yield from (_Place(place, own, ["s.inside", "s.owner = :who"]) for place in (public, other))
        if audience.named:
            among = ", ".join(map(str, audience.named))
            yield _Place(other, author, ["s.decided", "s.owner <> :who", f"s.repo IN ({among})"])


def _labels(asked: Asked, authors: Iterable[str]) -> set[str]:
    return {*asked.labels, *map(_author, authors)}


def _author(name: str) -> str:
    return catalogue.spelled(f"{catalogue.OWN}author:{name}")


def _without(plan: Plan, label: int, count: int) -> None:
    """The account's own. A few are named: the index that sorts what was gathered knows repositories, and no owners."""
    if plan.lite and count <= RARE:
        plan.values["own"] = f'"{catalogue.sign(label)}"'
        own = f"SELECT rowid FROM found_{plan.place} WHERE found_{plan.place} MATCH :own"
        plan.tests += [f"s.repo NOT IN (SELECT repo FROM shown WHERE id IN ({own}) AND owner = :who)"] if count else []
    else:
        plan.tests.append("s.owner <> :who")


def _labelled(plan: Plan, authors: Iterable[str], known: Mapping[tuple[int, str], tuple[int, int]]) -> bool:
    """Whether any row has all labels. Names of authors are told apart as they are written, labels are not."""
    for at, name in enumerate(authors):
        plan.tests.append(f"s.namespace = :author{at}")
        plan.values[f"author{at}"] = name
    wanted = [known.get((plan.place, name), (0, 0)) for name in _labels(plan.asked, authors)]
    for number, count in wanted:
        _sought(plan, number, count)
    return plan.most > 0


def _sought(plan: Plan, label: int, count: int) -> None:
    if plan.lite:
        plan.tested.append(f"instr(s.labels, ',{label},') > 0")
        term = f'"{catalogue.sign(label)}"'
    else:
        plan.tested.append(f"s.labels @> ARRAY[{label}]")
        term = f"labels @> ARRAY[{label}]"
    plan.terms.append(term)
    if count < plan.most:
        plan.most, plan.rarest = count, term


def _found(plan: Plan) -> Sequence[Row[Any]]:
    for at, word in enumerate(plan.asked.words):
        _worded(plan, f"word{at}", word)
    if plan.asked.after is not None:
        plan.values |= {"key": plan.asked.after[0], "repo": plan.asked.after[1]}
    if not plan.terms:
        return _along(plan, None)
    if plan.most <= RARE:
        plan.terms, plan.tests = [plan.rarest], [*plan.tests, *plan.tested]
    unknown = plan.lite and len(plan.terms) + len(plan.asked.words) > 1  # SQLite says at once how many meet all of it
    found = _gather(plan, plan.few) if unknown or plan.most <= plan.few else None
    if found is not None:
        return found
    along = _along(plan, STEPS[plan.dialect])
    return along if len(along) > plan.asked.limit else _gather(plan, None) or []


def _worded(plan: Plan, name: str, word: str) -> None:
    plan.values[name] = word
    test = f"{'instr' if plan.lite else 'strpos'}(s.words, :{name}) > 0"
    (plan.tests if len(word) < GRAM else plan.tested).append(test)
    if len(word) >= GRAM and plan.lite:
        plan.terms.append(f'"{word}"')
    elif len(word) >= GRAM:
        plan.values[f"{name}_like"] = f"%{word.replace('_', chr(92) + '_')}%"
        plan.terms.append(f"words LIKE :{name}_like")


_COLUMNS = (
    "s.repo, s.since, s.until, s.namespace, s.name, s.private, s.gated, s.disabled, s.sha, s.sdk, s.created, s.modified, "
    "s.downloads, c.content AS card"
)


def _gather(plan: Plan, most: int | None) -> Sequence[Row[Any]] | None:
    """What the index of names and labels has, sorted. None where it has more than `most`."""
    sort, bound = plan.asked.sort, "" if most is None else f"LIMIT {most + 1}"
    if plan.lite:
        plan.values["terms"] = " AND ".join(plan.terms)
        few = f"SELECT rowid AS id FROM found_{plan.place} WHERE found_{plan.place} MATCH :terms {bound}"
        source = "few CROSS JOIN shown AS s INDEXED BY shown_keys WHERE s.id = few.id AND"
    else:
        columns = f"id, repo, place, since, until, inside, decided, namespace, owner, words, {sort}"
        columns += ", labels" if plan.most <= RARE else ""
        few = f"SELECT {columns} FROM shown WHERE place = {plan.place} AND {' AND '.join(plan.terms)} {bound}"
        source = "few AS s WHERE"
    tests = [_alive(plan), *plan.tests, *_following(plan)]
    tests += [] if most is None else [f"(SELECT hits FROM size) <= {most}"]
    found = plan.connection.execute(
        _text(
            f"WITH few AS MATERIALIZED ({few}), size AS MATERIALIZED (SELECT count(*) AS hits FROM few), page AS (SELECT s.id, "
            f"s.{sort} AS key FROM {source} {' AND '.join(tests)} ORDER BY s.{sort} DESC, s.repo DESC LIMIT {plan.asked.limit + 1}) "
            f"SELECT size.hits, page.key, {_COLUMNS} FROM size LEFT JOIN page ON size.hits > 0 LEFT JOIN shown AS s ON s.id = page.id "
            "LEFT JOIN cards AS c ON c.id = s.card"
        ),
        plan.values,
    ).all()
    if most is not None and found[0].hits > most:
        return None
    return [row for row in found if row.repo is not None]


def _along(plan: Plan, steps: int | None) -> Sequence[Row[Any]]:
    """The rows in their order, as long as the page is not full; `steps` of them at the most."""
    sort, where = plan.asked.sort, " AND ".join([f"s.place = {plan.place}", *_following(plan)])
    order, tests = f"ORDER BY s.{sort} DESC, s.repo DESC", " AND ".join([_alive(plan), *plan.tests, *plan.tested])
    if steps is None:
        page = f"SELECT s.id, s.{sort} AS key FROM shown AS s WHERE {where} AND {tests} {order}"
    else:
        some = f"SELECT * FROM shown AS s WHERE {where} {order} LIMIT {steps}"
        page = f"SELECT s.id, s.{sort} AS key FROM ({some}) AS s WHERE {tests} {'' if plan.lite else order}"
    return plan.connection.execute(
        _text(
            f"SELECT page.key, {_COLUMNS} FROM ({page} LIMIT {plan.asked.limit + 1}) AS page LEFT JOIN shown AS s ON s.id = page.id "
            "LEFT JOIN cards AS c ON c.id = s.card"
        ),
        plan.values,
    ).all()


def _alive(plan: Plan) -> str:
    return f"s.place = {plan.place} AND s.since <= :now AND s.until > :now"


def _following(plan: Plan) -> list[str]:
    return [] if plan.asked.after is None else [f"(s.{plan.asked.sort}, s.repo) < (:key, :repo)"]


@lru_cache(2_048)
def _text(said: str) -> TextClause:
    return text(said)


def lead(connection: Connection, kind: Kind, now: int, most: int) -> list[str]:
    """The labels that most rows have that strangers see. One that no row shows now is not told."""
    where, table = catalogue.place(kind, public=True), catalogue.labels.c
    wanted = select(table.id, table.name, table.count).where(table.place == where, table.count > 0)
    wanted = wanted.order_by(table.count.desc(), table.name).limit(most)
    rows = connection.execute(wanted).all()
    return [name for number, name, count in rows if _alive_with(connection, where, number, count, now)]


def _alive_with(connection: Connection, where: int, label: int, count: int, now: int) -> bool:
    """Whether any row has it that strangers see by now."""
    plan = Plan(connection, Asked(Kind.MODEL, limit=1), where, {"now": now}, ["s.decided"])
    _sought(plan, label, count)
    return bool(_found(plan))
