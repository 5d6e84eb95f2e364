"""Searching the catalogue, by the plan that its conditions call for.

A condition that few rows meet is gathered, and what it gathers is sorted; conditions that many rows meet are tested along
the index of the sort, where a page is soon full. Along the index no more than a bounded number of rows is looked at before
that plan is given up for the other. Pages follow each other by key: where the last one ended, and not how many there were.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import Connection, Row, TextClause, text

from brightline.release.repository import Kind
from brightline.storage import catalogue

FEW = 1_500  # rows that are gathered rather than looked for along an index
STEPS = 3_000  # rows that are looked at along an index before its plan is given up
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
    """One place, and what its rows must meet: texts of SQL with their values."""

    connection: Connection
    asked: Asked
    place: int
    values: dict[str, Any]
    tests: list[str]
    words: list[str] = field(default_factory=list)
    gathered: list[tuple[int, str]] = field(default_factory=list)  # how many rows, and by which condition

    @property
    def lite(self) -> bool:
        return self.connection.dialect.name == "sqlite"


def search(connection: Connection, asked: Asked, audience: Audience) -> list[Row[Any]]:
    """One row more than a page has, where there are more. Everybody sees each repository at most once."""
    if any(set(word) - LETTERS for word in asked.words):
        return []
    found = [row for plan in _plans(connection, asked, audience) for row in _found(plan)]
    found.sort(key=lambda row: (row.key, row.repo), reverse=True)
    return found[: asked.limit + 1]


def _plans(connection: Connection, asked: Asked, audience: Audience) -> list[Plan]:
    """Strangers see what is public. Besides, owners see what is their own, examiners everything, and some were let in."""
    public, other = (catalogue.place(asked.kind, public=one) for one in (True, False))

    def plan(place: int, *tests: str, **values: Any) -> Plan:
        return Plan(connection, asked, place, {"now": audience.now, **values}, list(tests))

    if audience.examiner:
        return [plan(public, "s.inside"), plan(other, "s.inside")]
    if audience.account is None:
        return [plan(public, "s.decided")]
    who = {"who": audience.account}
    found = [plan(public, "s.decided", "s.owner <> :who", **who)]
    if asked.namespace in (None, audience.account):
        found += [_own(plan(place, "s.inside", "s.owner = :who", **who)) for place in (public, other)]
    if audience.named:
        among = ", ".join(map(str, audience.named))
        found.append(plan(other, "s.decided", "s.owner <> :who", f"s.repo IN ({among})", **who))
        found[-1].gathered.append((len(audience.named), f"SELECT id FROM shown WHERE repo IN ({among})"))  # noqa: S608 - numbers
    return found


def _own(plan: Plan) -> Plan:
    """Repositories of one's own name: that is who owns them."""
    _by_namespace(plan, "who")
    return plan


def _by_namespace(plan: Plan, name: str) -> None:
    plan.tests.append(f"s.namespace = :{name}")
    said = f"SELECT id FROM shown WHERE place = {plan.place} AND namespace = :{name}"  # noqa: S608 - a number and a name of ours
    plan.gathered.append((_count(plan, said), said))


def _count(plan: Plan, said: str) -> int:
    """As far as it matters."""
    bounded = _text(f"SELECT count(*) FROM ({said} LIMIT {FEW + 1}) AS some")  # noqa: S608 - no value is in it
    return int(plan.connection.execute(bounded, plan.values).scalar_one())


def _found(plan: Plan) -> Sequence[Row[Any]]:
    asked = plan.asked
    if not _with_labels(plan):
        return []
    if asked.namespace is not None:
        plan.values["namespace"] = asked.namespace
        _by_namespace(plan, "namespace")
    for number, word in enumerate(asked.words):
        _with_word(plan, f"word{number}", word)
    if asked.after is not None:
        plan.values |= {"key": asked.after[0], "repo": asked.after[1]}
    return _chosen(plan)


def _with_labels(plan: Plan) -> bool:
    """Whether any row has them all."""
    if not plan.asked.labels:
        return True
    known = catalogue.label_counts(plan.connection, plan.place, list(plan.asked.labels))
    if len(known) < len(set(plan.asked.labels)):
        return False
    for number, count in known.values():
        plan.tests.append(_within(plan, f",{number},", "s.labels", f"label{number}"))
        plan.gathered.append((count, f"SELECT row AS id FROM labelled WHERE label = {number}"))  # noqa: S608 - a number
    return all(count for _, count in known.values())


def _within(plan: Plan, piece: str, whole: str, name: str) -> str:
    plan.values[name] = piece
    return f"{'instr' if plan.lite else 'strpos'}({whole}, :{name}) > 0"


def _with_word(plan: Plan, name: str, word: str) -> None:
    plan.tests.append(_within(plan, word, "s.words", name))
    if len(word) < GRAM:
        return
    plan.words.append(name)
    if plan.lite:
        plan.values[f"{name}_grams"] = f'"{word}"'
        said = f"SELECT rowid AS id FROM names_{plan.place} WHERE names_{plan.place} MATCH :{name}_grams"  # noqa: S608
        plan.gathered.append((_count(plan, said), said))
    else:
        plan.values[f"{name}_like"] = f"%{word.replace('_', chr(92) + '_')}%"


def _chosen(plan: Plan) -> Sequence[Row[Any]]:
    fewest = min(plan.gathered, default=None)
    if fewest is not None and fewest[0] <= FEW:
        return _gather(plan, fewest[1])
    wanted = plan.asked.limit + 1
    along = _along(plan, STEPS)
    if len(along) == wanted:
        return along
    if not plan.lite and plan.words:
        likes = " AND ".join(f"words LIKE :{name}_like" for name in plan.words)
        return _gather(plan, f"SELECT id FROM shown WHERE place = {plan.place} AND {likes}")  # noqa: S608 - a number and names
    return _along(plan, None) if fewest is None else _gather(plan, fewest[1])


_COLUMNS = (
    "s.repo, s.since, s.until, s.namespace, s.name, s.private, s.gated, s.disabled, s.sha, s.sdk, s.created, s.modified, "
    "s.downloads, c.content AS card"
)


def _gather(plan: Plan, said: str) -> Sequence[Row[Any]]:
    """What the condition gathers is met by the others, and sorted."""
    asked, join = plan.asked, "CROSS JOIN" if plan.lite else "JOIN"
    on = "WHERE s.id = few.id AND" if plan.lite else "ON s.id = few.id WHERE"
    tests = " AND ".join([_alive(plan), *plan.tests, *_following(plan)])
    page = (
        f"SELECT s.id, s.{asked.sort} AS key FROM ({said}) AS few {join} shown AS s {on} {tests} "  # noqa: S608 - no value
        f"ORDER BY s.{asked.sort} DESC, s.repo DESC LIMIT {asked.limit + 1}"
    )
    return _page(plan, page)


def _along(plan: Plan, steps: int | None) -> Sequence[Row[Any]]:
    """The rows in their order, as long as the page is not full; `steps` of them at the most."""
    asked = plan.asked
    order, tests = f"ORDER BY s.{asked.sort} DESC, s.repo DESC", " AND ".join([_alive(plan), *plan.tests])
    where = " AND ".join([f"s.place = {plan.place}", *_following(plan)])
    if steps is None:
        said = f"SELECT s.id, s.{asked.sort} AS key FROM shown AS s WHERE {where} AND {tests} {order}"  # noqa: S608 - no value
    else:
        said = f"SELECT s.id, s.{asked.sort} AS key FROM (SELECT * FROM shown AS s WHERE {where} {order} LIMIT {steps}) AS s WHERE {tests} {order}"  # noqa: S608
    return _page(plan, f"{said} LIMIT {asked.limit + 1}")


def _alive(plan: Plan) -> str:
    return f"s.place = {plan.place} AND s.since <= :now AND s.until > :now"


def _following(plan: Plan) -> list[str]:
    return [] if plan.asked.after is None else [f"(s.{plan.asked.sort}, s.repo) < (:key, :repo)"]


def _page(plan: Plan, said: str) -> Sequence[Row[Any]]:
    """The columns of the few rows that are shown."""
    join = "CROSS JOIN" if plan.lite else "JOIN"
    on = ("", "WHERE s.id = page.id") if plan.lite else ("ON s.id = page.id", "")
    whole = f"SELECT page.key, {_COLUMNS} FROM ({said}) AS page {join} shown AS s {on[0]} LEFT JOIN cards AS c ON c.id = s.card {on[1]}"  # noqa: S608
    return plan.connection.execute(_text(whole), plan.values).all()


@lru_cache(2_048)
def _text(said: str) -> TextClause:
    return text(said)


def lead(connection: Connection, kind: Kind, now: int, most: int) -> list[str]:
    """The labels that most rows have that strangers see, by name. One that no row shows now is not told."""
    where = catalogue.place(kind, public=True)
    alive = "EXISTS (SELECT 1 FROM labelled AS l JOIN shown AS s ON s.id = l.row WHERE l.label = labels.id AND s.since <= :now AND s.until > :now)"
    said = f"SELECT name FROM labels WHERE place = {where} AND count > 0 AND {alive} ORDER BY count DESC, name LIMIT {most}"  # noqa: S608
    return sorted(connection.execute(_text(said), {"now": now}).scalars())
