"""A line under reading: TOML in, the line or every problem with it out."""

import hashlib
import json
import tomllib
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from brightline.decision.access import Access
from brightline.decision.expression import Expression, Misread, parse
from brightline.decision.inference import IllTyped, check_criterion, check_tier, compared_unit
from brightline.decision.line import REQUIREMENTS, Assumption, Criterion, Crooked, Line, Problem, Tier
from brightline.decision.units import ONE, Unit, UnitUnknown
from brightline.decision.vocabulary import VOCABULARY
from brightline.release.component import JUDGED, Component
from brightline.release.quantity import Provenance

TEXTS = ("id", "version", "title", "summary", "status", "jurisdiction", "disclaimer")
SIZE = 1 << 20  # characters


def parse_line(text: str) -> Line:
    """The line in a TOML text. Raises Crooked with every problem that was found."""
    line, problems = draw(text)
    if line is None or problems:
        raise Crooked(problems)
    return line


def check(text: str) -> tuple[Problem, ...]:
    """What is wrong with a line's text; nothing where it can be judged by."""
    return draw(text)[1]


def draw(text: str) -> tuple[Line | None, tuple[Problem, ...]]:
    """The line, or None where the text is no TOML; and all problems. A line with problems is not to be judged by."""
    if len(text) > SIZE:
        return None, (Problem("the text", None, f"a line has at most {SIZE} characters"),)
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as fault:  # a number of 5,000 digits is a ValueError alone
        return None, (Problem("the text", None, f"this is no TOML: {fault}"),)
    draft = _Draft(text)
    line = _line(document, draft)
    return line, tuple(draft.problems)


class _Draft:
    """Notes problems with the row at which their table starts."""

    def __init__(self, text: str) -> None:
        self.problems: list[Problem] = []
        self._rows = text.splitlines()

    def note(self, where: str, message: str) -> None:
        self.problems.append(Problem(where, self._row(where), message))

    def _row(self, where: str) -> int | None:
        parts = where.partition(", ")[0].split(".")
        table = ".".join(parts[:2])
        headers = (f"[{table}]", f'[{parts[0]}."{".".join(parts[1:2])}"]')
        for number, row in enumerate(self._rows, 1):
            stripped = row.strip()
            if stripped.startswith(headers):
                return number
            if parts[0] == "tiers" and stripped.replace(" ", "") == f'id="{".".join(parts[1:2])}"':
                return number
        return None


class _Table:
    """One table of the TOML. What is missing or wrong is noted, and something harmless stands in for it."""

    def __init__(self, content: Any, where: str, draft: _Draft) -> None:
        self.where, self._draft = where, draft
        self._content: Mapping[str, Any] = content if isinstance(content, dict) else {}
        self._asked: set[str] = set()
        if not isinstance(content, dict):
            draft.note(where, "a table is expected")

    def note(self, key: str, message: str) -> None:
        self._draft.note(f"{self.where}.{key}" if self.where else key, message)

    def get(self, key: str) -> Any:
        self._asked.add(key)
        return self._content.get(key)

    def finish(self) -> None:
        for key in sorted(set(self._content) - self._asked):
            self.note(key, f"this key is unknown; known here are {', '.join(sorted(self._asked))}")

    def text(self, key: str, fallback: str | None = None) -> str:
        value = self.get(key)
        if isinstance(value, str) and (value.strip() or fallback is not None):
            return value
        if value is not None or fallback is None:
            self.note(key, "a text is required")
        return fallback or ""

    def texts(self, key: str, fallback: tuple[str, ...] = ()) -> tuple[str, ...]:
        value = self.get(key)
        if value is None:
            return fallback
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.note(key, "a list of texts is expected")
            return fallback
        return tuple(value)

    def day(self, key: str) -> date | None:
        value = self.get(key)
        if value is not None and (not isinstance(value, date) or isinstance(value, datetime)):
            self.note(key, "a day is written 2026-11-23, without quotes")
            return None
        return value

    def number(self, key: str) -> float:
        value = self.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e300:
            self.note(key, "a finite number is required")
            return 0.0
        return float(value)

    def unit(self, key: str) -> Unit:
        try:
            return Unit.parse(self.text(key))
        except UnitUnknown as fault:
            self.note(key, str(fault))
            return ONE

    def expression(self, check: Callable[[Expression], Any]) -> Expression | None:
        """What stands under `when`, read and checked."""
        try:
            expression = parse(self.text("when"))
            check(expression)
        except Misread as fault:
            self.note(f"when, column {fault.column + 1}", str(fault))
        except IllTyped as fault:
            self.note("when", str(fault))
        else:
            return expression
        return None

    def tables(self, key: str) -> Mapping[str, Any]:
        value = self.get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.note(key, "a table is expected")
            return {}
        return value

    def within(self, key: str) -> "_Table":
        """The table under a key; an empty one where it is absent."""
        return _Table(self.tables(key), f"{self.where}.{key}", self._draft)


def _line(document: dict[str, Any], draft: _Draft) -> Line:
    top = _Table(document, "", draft)
    texts = {key: top.text(key) for key in TEXTS}
    assumptions = {
        name: _assumption(name, _Table(content, f"assumptions.{name}", draft))
        for name, content in top.tables("assumptions").items()
    }
    units: dict[str, Unit | None] = {name: term.unit for name, term in VOCABULARY.items()}
    units |= {name: assumption.unit for name, assumption in assumptions.items()}
    criteria = {
        identity: _criterion(identity, _Table(content, f"criteria.{identity}", draft), units)
        for identity, content in top.tables("criteria").items()
    }
    tiers = _tiers(top, criteria, draft)
    top.finish()
    sound = {identity: criterion for identity, criterion in criteria.items() if criterion is not None}
    return Line(
        identity=texts["id"],
        version=texts["version"],
        title=texts["title"],
        summary=texts["summary"],
        status=texts["status"],
        jurisdiction=texts["jurisdiction"],
        disclaimer=texts["disclaimer"],
        assumptions=assumptions,
        criteria=sound,
        tiers=tiers,
        digest=_digest(document),
    )


def _digest(document: Mapping[str, Any]) -> str:
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)
    return "sha256:" + hashlib.sha256(canonical.encode("ascii")).hexdigest()


def _assumption(name: str, table: _Table) -> Assumption:
    if name in VOCABULARY:
        table.note("value", f"{name} is a fact of the release; an assumption never stands in for a fact")
    assumption = Assumption(name, table.number("value"), table.unit("unit"), table.text("why"), table.text("source"))
    table.finish()
    return assumption


def _criterion(identity: str, table: _Table, units: Mapping[str, Unit | None]) -> Criterion | None:
    wanted: dict[str, Unit] = {}
    when = table.expression(lambda expression: wanted.update(check_criterion(expression, units)))
    criterion = Criterion(
        identity=identity,
        title=table.text("title"),
        text=str(table.get("when")),
        when=when if when is not None else parse("parameters"),
        unit=compared_unit(when, units) if when is not None else ONE,
        wanted=wanted,
        accepts=_accepts(table),
        requires=_requires(table),
        source=table.text("source"),
        register=table.text("register", ""),
        status=table.text("status"),
        in_force_from=table.day("in_force_from"),
        in_force_until=table.day("in_force_until"),
        question=table.text("question", ""),
        obligations=table.texts("obligations"),
    )
    if criterion.in_force_from and criterion.in_force_until and criterion.in_force_until < criterion.in_force_from:
        table.note("in_force_until", "it lies before in_force_from")
    table.finish()
    return criterion if when is not None else None


def _accepts(table: _Table) -> frozenset[Provenance]:
    known = {provenance.value: provenance for provenance in Provenance}
    named = table.texts("accepts")
    if not named:
        table.note("accepts", f"at least one of {', '.join(known)} is required")
    for stranger in [name for name in named if name not in known]:
        table.note("accepts", f"{stranger!r} is none of {', '.join(known)}")
    return frozenset(known[name] for name in named if name in known)


def _requires(table: _Table) -> dict[str, str]:
    wanted = table.tables("requires")
    for key, value in wanted.items():
        if key not in REQUIREMENTS or not isinstance(value, str):
            table.note("requires", f"texts for {', '.join(REQUIREMENTS)} can be required of evidence, not {key}")
    return {key: str(value) for key, value in wanted.items()}


def _tiers(top: _Table, criteria: Collection[str], draft: _Draft) -> tuple[Tier, ...]:
    content = top.get("tiers")
    if not isinstance(content, list) or not content:
        top.note("tiers", "at least one tier is required, written [[tiers]]")
        return ()
    tiers = []
    for position, item in enumerate(content):
        name = item.get("id") if isinstance(item, dict) else None
        table = _Table(item, f"tiers.{name or position}", draft)
        tiers.append(_tier(table, criteria, last=position == len(content) - 1))
    identities = [tier.identity for tier in tiers]
    for twice in sorted({identity for identity in identities if identities.count(identity) > 1}):
        draft.note(f"tiers.{twice}", "this id stands twice")
    _monotone(tiers, draft)
    return tuple(tiers)


def _tier(table: _Table, criteria: Collection[str], *, last: bool) -> Tier:
    when = None
    if last and table.get("when") is not None:
        table.note("when", "the last tier holds what no other tier holds: it has no `when`")
    if not last:
        when = table.expression(lambda expression: check_tier(expression, criteria))
    tier = Tier(
        identity=table.text("id"),
        title=table.text("title"),
        text="" if last else str(table.get("when")),
        when=when,
        access=_access(table),
        obligations=table.texts("obligations"),
        conditions=table.texts("conditions"),
        review_after=table.text("review_after", "") or None,
    )
    table.finish()
    return tier


def _access(table: _Table) -> dict[Component, Access]:
    words = table.within("access")
    access = {}
    for component in JUDGED:
        word = words.text(component.value)
        if word and word not in list(Access):
            words.note(component.value, f"{word!r} is none of {', '.join(Access)}")
        access[component] = Access(word) if word in list(Access) else Access.WITHHELD
    words.finish()
    return access


def _monotone(tiers: list[Tier], draft: _Draft) -> None:
    """A severer tier that were more open would let doubt about it be permission (Law 2)."""
    for severe, mild in pairwise(tiers):
        for component in JUDGED:
            if severe.access[component].rank < mild.access[component].rank:
                draft.note(
                    f"tiers.{severe.identity}.access.{component}",
                    f"{severe.access[component]} is more open than {mild.access[component]} in the milder tier {mild.identity}",
                )
