"""Finding the rows of one place that meet what is asked, by the plan that costs least.

A condition that few rows meet is gathered, and what it gathers is sorted; conditions that many rows meet are tested along
the index of the sort, where a page is soon full. Which it is a sample of the place says beforehand (storage.lists.weighing); where it
was wrong, the other plan is taken. Pages follow each other by key: where the last one ended, and not how many there were.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import TextClause, text

from brightline.storage.lists import catalogue
from brightline.storage.lists.planning import Plan, Term
from brightline.storage.lists.sampling import Samples
from brightline.storage.lists.weighing import way
from brightline.storage.sql.database import planned_anew

RARE = 300  # rows of one label up to which nothing else is intersected with it: the rest is tested of each
SMALL = 1_000  # rows of a place that are walked along without a thought


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


def find(plans: Sequence[Plan], samples: Samples) -> list[Found]:
    """A page of each, in no order. What is rare is asked for at once, wherever it is."""
    for plan in plans[:1]:
        planned_anew(plan.connection)
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
