"""Reading what the applicant says: brightline.toml, a file given with --declare, a model card's front matter."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any

from brightline.release.component import JUDGED, Component
from brightline.release.declaration import Declaration
from brightline.release.figures import NoFigure, figure
from brightline.release.quantity import Interval

SIZE = 256 << 10
MODALITIES = ("text", "code", "speech", "image", "video", "audio", "embedding", "classification", "other")
ACCESSES = ("open", "gated", "vetted", "api", "withheld")

# table -> key -> field of Declaration; all of these are figures
FIGURES = {
    "model": {"parameters": "parameters", "active_parameters": "active_parameters", "base_compute": "base_compute"},
    "training": {
        "tokens": "training_tokens", "compute": "training_compute", "device_hours": "device_hours",
        "device_peak": "device_peak", "utilisation": "utilisation", "cost": "training_cost",
    },
    "finetune": {"compute": "finetune_compute", "cost": "finetune_cost"},
    "developer": {"revenue": "developer_revenue", "eu_business_users": "eu_business_users"},
}  # fmt: skip
OTHERS: dict[str, tuple[str, ...] | None] = {
    "": ("title",),
    "model": ("base_model", "modalities"),
    "training": ("synthetic_data", "data_sources"),
    "licences": (*(kind.value for kind in Component),),
    "access": tuple(kind.value for kind in JUDGED),
    "components": None,
}


class Undeclared(ValueError):
    """A declaration that cannot be read. The sentence says where and what to write."""


def parse_declaration(text: str, where: str) -> Declaration:
    """Read TOML. Raises Undeclared."""
    if len(text) > SIZE:
        raise Undeclared(f"{where} is longer than {SIZE} bytes: a declaration is a page, not a book")
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as trouble:  # a number of 5,000 digits is a ValueError alone
        raise Undeclared(f"{where} is no TOML: {trouble}") from None
    return read_document(document, where)


def read_document(document: Mapping[str, Any], where: str) -> Declaration:
    values: dict[str, Any] = {"origin": where}
    for table, content in document.items():
        if table == "title":
            values["title"] = _text(content, where, "title")
        elif table in FIGURES or table in OTHERS:
            if not isinstance(content, dict):
                raise Undeclared(f"{where}: [{table}] must be a table")
            for key, value in content.items():
                _entry(table, key, value, values, where)
        else:
            raise Undeclared(f"{where}: there is no [{table}].{_meant(table, [*FIGURES, *OTHERS])}")
    share = values.get("utilisation")
    if isinstance(share, Interval) and share.high > 1:
        raise Undeclared(f"{where}: [training] utilisation is a share between 0 and 1, not {share.high:g}")
    return Declaration(**values)


def _entry(table: str, key: str, value: Any, values: dict[str, Any], where: str) -> None:
    place = f"{where}: [{table}] {key}"
    if key in FIGURES.get(table, {}):
        try:
            values[FIGURES[table][key]] = figure(value)
        except NoFigure as trouble:
            raise Undeclared(f"{place}: {trouble}") from None
        return
    known = OTHERS.get(table, ())
    if known is not None and key not in known:
        raise Undeclared(f"{place} is not known.{_meant(key, [*FIGURES.get(table, {}), *known])}")
    _other(table, key, value, values, place)


def _other(table: str, key: str, value: Any, values: dict[str, Any], place: str) -> None:
    if table == "components":
        values.setdefault("components", {})[key] = Component(_one_of(value, [*Component], place))
    elif table == "licences":
        values.setdefault("licences", {})[key] = _text(value, place, "")
    elif table == "access":
        values.setdefault("intended_access", {})[Component(key)] = _one_of(value, ACCESSES, place)
    elif key == "synthetic_data":
        if not isinstance(value, bool):
            raise Undeclared(f"{place}: write true or false")
        values[key] = value
    elif key == "modalities":
        values[key] = tuple(_one_of(item, MODALITIES, place) for item in _texts(value, place))
    elif key == "data_sources":
        values[key] = _texts(value, place)
    else:
        values[key] = _text(value, place, "")


def _one_of(value: Any, allowed: Sequence[str], place: str) -> str:
    if value not in allowed:
        raise Undeclared(f"{place}: {value!r:.40} is none of {', '.join(allowed)}")
    return str(value)


def _text(value: Any, place: str, key: str) -> str:
    if not isinstance(value, str) or len(value) > 1000:
        raise Undeclared(f"{place}{' ' + key if key else ''}: write a text in quotes")
    return value


def _texts(value: Any, place: str) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > 1000:
        raise Undeclared(f"{place}: write a list of texts in quotes")
    return tuple(_text(item, place, "") for item in value)


def _meant(word: str, known: list[str]) -> str:
    close = get_close_matches(word, known, 1)
    return f" Did you mean {close[0]}?" if close else f" Known are {', '.join(filter(None, known))}."


@dataclass(frozen=True, slots=True)
class Merged:
    """All that was declared, and where it contradicts itself (sentences)."""

    declaration: Declaration
    conflicts: tuple[str, ...]


def merge(declarations: Sequence[Declaration]) -> Merged:
    """The first is the most authoritative. Figures that agree are narrowed, figures that contradict are spanned: doubt is not permission."""
    if not declarations:
        return Merged(Declaration(), ())
    values = {item.name: getattr(declarations[0], item.name) for item in fields(Declaration)}
    conflicts: list[str] = []
    for other in declarations[1:]:
        for item in fields(Declaration):
            mine, theirs = values[item.name], getattr(other, item.name)
            if isinstance(mine, Interval) and isinstance(theirs, Interval) and mine.meet(theirs) is None:
                conflicts.append(f"{item.name}: {values['origin']} and {other.origin} contradict one another")
            values[item.name] = _join(item.name, mine, theirs)
    return Merged(Declaration(**values), tuple(conflicts))


def _join(name: str, mine: Any, theirs: Any) -> Any:
    if name == "origin":
        return f"{mine}, {theirs}"
    if isinstance(mine, Interval) and isinstance(theirs, Interval):
        return mine.meet(theirs) or mine.hull(theirs)
    if isinstance(mine, Mapping) and isinstance(theirs, Mapping):
        return {**theirs, **mine}
    return theirs if mine in (None, ()) else mine
