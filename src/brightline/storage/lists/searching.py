"""Searching the catalogue: who is shown rows of which places."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from brightline.release.repository import Kind
from brightline.storage.lists import catalogue, finding
from brightline.storage.lists.finding import Found
from brightline.storage.lists.planning import EVERYTHING, LETTERS, UNKNOWN, Asked, Plan
from brightline.storage.lists.sampling import GRAM, Samples


@dataclass(frozen=True, slots=True)
class Audience:
    """Who asks, at which second. `account` is None for nobody in particular; `named` are repositories that it was let into."""

    now: int
    account: str | None = None
    examiner: bool = False
    named: Sequence[int] = ()


def search(connection: Connection, asked: Asked, audience: Audience, samples: Samples) -> list[Found]:
    """One row more than a page has, where there are more. Everybody sees each repository at most once."""
    if any(set(word) - LETTERS for word in asked.words):
        return []
    found = finding.find(list(_plans(connection, asked, audience)), samples)
    found.sort(key=lambda row: (row.key, row.repo), reverse=True)
    return found[: asked.limit + 1]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where is looked, at whose repositories, and what else must be true of a row."""

    place: int
    authors: Collection[str]
    narrow: Sequence[str]
    wide: Sequence[str] = ()


def _places(asked: Asked, audience: Audience) -> Iterator[_Place]:
    """Strangers see what is public. Besides, owners see what is their own, examiners everything, and some were let in."""
    public, other = (catalogue.place(asked.kind, public=one) for one in (True, False))
    author = [] if asked.namespace is None else [asked.namespace]
    if audience.examiner:
        yield from (_Place(place, author, ["s.inside"]) for place in (public, other))
    elif audience.account is None:
        yield _Place(public, author, ["s.decided"])
    else:
        yield _Place(public, author, ["s.decided"], ["s.owner <> :who"])
        own = {*author, audience.account}
        yield from (
            _Place(place, own, ["s.inside"], ["s.owner = :who", "s.namespace = :who"]) for place in (public, other)
        )
        if audience.named:
            among = ", ".join(map(str, audience.named))
            yield _Place(other, author, ["s.decided", f"s.repo IN ({among})"], ["s.owner <> :who"])


def _plans(connection: Connection, asked: Asked, audience: Audience) -> Iterator[Plan]:
    """One for each place where anything may be found; what its labels are is asked for all of them at once."""
    looked = list(_places(asked, audience))
    wanted = {label for one in looked for label in _labels(asked, one.authors)}
    counted = bool(wanted) or any(len(word) >= GRAM for word in asked.words)
    known = catalogue.label_counts(connection, {one.place for one in looked}, wanted | EVERYTHING) if counted else {}
    for number, one in enumerate(looked):
        values = {"now": audience.now, "who": audience.account, "author": (asked.namespace or "").lower()}
        plan = Plan(connection, asked, one.place, values, list(one.narrow), number, list(one.wide))
        plan.size = _size(known, one.place) if counted else UNKNOWN
        if asked.namespace is not None:  # in any spelling; its label may be another's, which began so
            plan.wide.append("lower(s.namespace) = :author")
        for label in _labels(asked, one.authors):
            plan.label(*known.get((one.place, label), (0, 0)))
        if plan.most and plan.size:
            yield plan


def _size(known: Mapping[tuple[int, str], tuple[int, int]], place: int) -> int:
    return sum(known.get((place, label), (0, 0))[1] for label in EVERYTHING)


def _labels(asked: Asked, authors: Iterable[str]) -> set[str]:
    return {*asked.labels, *map(_author, authors)}


def _author(name: str) -> str:
    return catalogue.spelled(f"{catalogue.OWN}author:{name}")


def lead(connection: Connection, kind: Kind, now: int, most: int, samples: Samples) -> list[str]:
    """The labels that most rows have that strangers see. One that no row shows now is not told."""
    where, table = catalogue.place(kind, public=True), catalogue.labels.c
    size = _size(catalogue.label_counts(connection, [where], EVERYTHING), where)
    wanted = select(table.id, table.name, table.count).where(table.place == where, table.count > 0)
    wanted = wanted.order_by(table.count.desc(), table.name).limit(most)

    def alive(label: int, count: int) -> bool:
        plan = Plan(connection, Asked(kind, limit=1), where, {"now": now}, ["s.decided"], size=size)
        plan.label(label, count)
        return bool(finding.find([plan], samples))

    return [name for number, name, count in connection.execute(wanted).all() if alive(number, count)]
