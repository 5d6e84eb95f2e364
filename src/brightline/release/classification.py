"""Which component a file belongs to, by a table of rules that is data (kinds.toml)."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase, translate
from typing import Any

from brightline.release.component import Component


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table. Empty `formats` or no `paths` match everything; `fixed`: no declaration overrides it."""

    component: Component
    formats: frozenset[str]
    paths: re.Pattern[str] | None  # all of its globs in one: a table has 80, and a release 10,000 files
    max_bytes: int | None
    fixed: bool
    why: str

    def takes(self, path: str, found: str, size: int) -> bool:
        if self.formats and found not in self.formats:
            return False
        if self.max_bytes is not None and size > self.max_bytes:
            return False
        return self.paths is None or self.paths.match(path) is not None


@dataclass(frozen=True, slots=True)
class Kinds:
    """The table, in the order in which its rules are asked."""

    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Classified:
    """`why` is the rule's reason, and `own` the component that the table says, `fixed` or not.

    `ignored_override` says that a declaration wanted something else and was not believed.
    """

    component: Component
    why: str
    own: Component
    fixed: bool = False
    ignored_override: bool = False


UNCLASSIFIED = "no rule takes it: what cannot be classified counts as weights"


def load_kinds(text: str) -> Kinds:
    """Read kinds.toml. Raises ValueError or KeyError where our own table is wrong."""
    return Kinds(tuple(_rule(row) for row in tomllib.loads(text)["rule"]))


def _rule(row: Mapping[str, Any]) -> Rule:
    return Rule(
        component=Component(row["component"]),
        formats=frozenset(row.get("formats", ())),
        paths=re.compile("|".join(map(translate, row["paths"]))) if row.get("paths") else None,
        max_bytes=row.get("max_bytes"),
        fixed=row.get("fixed", False),
        why=row["why"],
    )


def classify(path: str, found: str, size: int, kinds: Kinds, overrides: Mapping[str, Component]) -> Classified:
    """The component of a file whose content has the format `found`; `overrides` are globs of the declaration."""
    lowered = path.lower()
    rule = next((rule for rule in kinds.rules if rule.takes(lowered, found, size)), None)
    wanted = next((kind for pattern, kind in overrides.items() if fnmatchcase(path, pattern)), None)
    own, why, fixed = (
        (rule.component, rule.why, rule.fixed) if rule is not None else (Component.WEIGHTS, UNCLASSIFIED, False)
    )
    if wanted is None or wanted is own:
        return Classified(own, why, own, fixed)
    if fixed or wanted is Component.DOCUMENTATION:  # which is always open: no line would be asked
        return Classified(own, why, own, fixed, ignored_override=True)
    return Classified(wanted, "the declaration says so", own)
