"""How signed things are written and read: canonical JSON out, strict JSON in, moments in UTC to the second."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Any, TypeVar

SIZE = 64 << 20  # bytes of one signed document: a manifest of 100,000 files fits
LAST = 9_000  # a year, behind which delays and windows would lead out of the calendar
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT([01]\d|2[0-3]):\d\d:\d\dZ", re.ASCII)
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")  # how a half letter is escaped; two of them may be a whole one
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
_Kind = TypeVar("_Kind")


class Illegible(ValueError):
    """The bytes are not what they should be. The sentence says what, and where."""


def canonical(document: Any) -> bytes:
    """JSON with sorted keys, no spaces and ASCII escapes: the same content always gives the same bytes."""
    return _ENCODER.encode(document).encode("ascii")


def read_object(content: bytes, what: str) -> dict[str, Any]:
    """A JSON object without repeated keys or numbers that are none. Raises Illegible."""
    if len(content) > SIZE:
        raise Illegible(f"{what} is longer than {SIZE} bytes")
    try:
        document = _DECODER.decode(content.decode("utf-8"))
    except (ValueError, RecursionError) as trouble:
        raise Illegible(f"{what} is no JSON that can be relied on: {trouble}"[:300]) from None
    if not isinstance(document, dict):
        raise Illegible(f"{what} is no JSON object")
    if _HALF.search(content) is not None:
        _check_letters(document, what)
    return document


def _check_letters(document: dict[str, Any], what: str) -> None:
    """Half a letter (a lone surrogate) can be escaped, and neither printed nor hashed as a text."""
    try:
        json.dumps(document, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise Illegible(f"{what} holds half a letter, a lone surrogate") from None


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _finite(text: str) -> float:
    value = float(text)
    return value if isfinite(value) else _constant(text)


def _constant(word: str) -> Any:
    raise ValueError(f"{word} is no number")


_DECODER = json.JSONDecoder(object_pairs_hook=_distinct, parse_constant=_constant, parse_float=_finite)


def take(document: Mapping[str, Any], key: str, kind: type[_Kind]) -> _Kind:
    """The value under a key, of exactly this kind. Raises Illegible."""
    value = document.get(key)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise Illegible(f"{key} should be {_NAMES.get(kind, kind.__name__)}, not {type(value).__name__}")
    return value


_NAMES: dict[type, str] = {
    str: "a text",
    int: "a whole number",
    dict: "an object",
    list: "a list",
    bool: "true or false",
}


def texts(document: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """A list of texts. Raises Illegible."""
    values = take(document, key, list)
    if not all(isinstance(value, str) for value in values):
        raise Illegible(f"{key} should hold texts only")
    return tuple(values)


def natural(document: Mapping[str, Any], key: str, least: int = 0) -> int:
    """A whole number from `least` to 2^53. Raises Illegible."""
    value = take(document, key, int)
    if not least <= value <= 1 << 53:
        raise Illegible(f"{key} is {value}, and should be at least {least}")
    return value


def only(document: Mapping[str, Any], *known: str) -> None:
    """No other key than these: what is signed must be understood. Raises Illegible."""
    if not document.keys() <= set(known):
        strange = min(document.keys() - set(known))
        raise Illegible(f"{strange[:80]!r} is not known here")


def written(at: datetime) -> str:
    """2026-11-23T22:56:09Z."""
    return at.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def read_moment(text: str) -> datetime:
    """Raises Illegible."""
    try:
        found = datetime.fromisoformat(text) if _MOMENT.fullmatch(text) is not None else None
    except ValueError:
        found = None
    if found is None or found.year > LAST:
        raise Illegible(f"{text[:40]!r} is no moment; one is written 2026-11-23T22:56:09Z")
    return found


def moment(document: Mapping[str, Any], key: str) -> datetime:
    """Raises Illegible."""
    return read_moment(take(document, key, str))


def moment_or_none(document: Mapping[str, Any], key: str) -> datetime | None:
    """Null is none; what is not said at all is not. Raises Illegible."""
    return None if document.get(key, "") is None else moment(document, key)
