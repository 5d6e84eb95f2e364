"""A JSON object read with care: every wrong or missing value is one sentence that says where."""

import math
import re
import sys
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from brightline.release.quantity import Interval


class Record:
    """One JSON object under reading. A wrong or missing value is noted among `problems`, and a harmless one stands in for it."""

    def __init__(self, content: Any, where: str, problems: list[str]) -> None:
        self._content: Mapping[str, Any] = content if isinstance(content, dict) else {}
        self._where, self._problems, self._asked = where, problems, {"schema"}
        if not isinstance(content, dict):
            problems.append(f"{where}: an object is expected, not {type(content).__name__}")

    def note(self, key: str, sentence: str) -> None:
        self._problems.append(f"{self._where}.{key}: {sentence}")

    def finish(self) -> None:
        for key in sorted(set(self._content) - self._asked):
            self.note(key, f"this key is unknown; known are {', '.join(sorted(self._asked))}")

    def _get(self, key: str) -> Any:
        self._asked.add(key)
        return self._content.get(key)

    def text(self, key: str) -> str | None:
        value = self._get(key)
        if value is not None and not (isinstance(value, str) and value.strip()):
            self.note(key, "a text is expected")
            return None
        return value

    def required(self, key: str) -> str:
        value = self.text(key)
        if value is None and self._content.get(key) is None:
            self.note(key, "this is required")
        return value or ""

    def choice(self, key: str, options: Collection[str], fallback: str | None = None) -> str:
        value = self.required(key) if fallback is None else self.text(key) or fallback
        if value and value not in options:
            self.note(key, f"{value!r} is none of {', '.join(options)}")
        return value

    def number(self, key: str, low: float = -math.inf, high: float = math.inf) -> float | None:
        value = self._get(key)
        return None if value is None else self._bounded(key, value, low, high)

    def _bounded(self, key: str, value: Any, low: float, high: float) -> float | None:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            bounds = (
                ""
                if low == -math.inf
                else f" of at least {low:g}"
                if high == math.inf
                else f" from {low:g} to {high:g}"
            )
            self.note(key, f"a number{bounds} is expected")
            return None
        return min(float(value), 1.7e308) if abs(value) <= sys.float_info.max else None

    def count(self, key: str) -> int | None:
        value = self._get(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
            self.note(key, "a whole number of at least 0 is expected")
            return None
        return value

    def day(self, key: str) -> date:
        value = self.required(key)
        try:
            return date.fromisoformat(value) if value else date.min
        except ValueError:
            self.note(key, f"a day is written 2026-11-23, not {value!r}")
            return date.min

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.note(key, "a list of texts is expected")
            return ()
        return tuple(value)

    def interval(self, key: str, low: float, high: float) -> Interval:
        """Two numbers; null for an end without a bound."""
        value = self._get(key)
        if not isinstance(value, list) or len(value) != 2:
            self.note(key, "two numbers are required, [low, high]; null for an end without a bound")
            return Interval(low, high)
        ends = [
            bound if end is None else self._bounded(key, end, low, high)
            for end, bound in zip(value, (low, high), strict=True)
        ]
        if ends[0] is None or ends[1] is None:
            return Interval(low, high)
        if ends[0] > ends[1]:
            self.note(key, f"it runs from a lower to a higher number, not from {ends[0]:g} to {ends[1]:g}")
            return Interval(low, high)
        return Interval(ends[0], ends[1])

    def digest(self, key: str) -> str | None:
        value = self.text(key)
        if value is not None and not re.fullmatch(r"sha256:[0-9a-f]{64}", value):
            self.note(key, "a digest is written sha256: and 64 hex digits")
        return value

    def within(self, key: str) -> "Record":
        """The object under a key; an empty one where it is absent."""
        value = self._get(key)
        return Record({} if value is None else value, f"{self._where}.{key}", self._problems)

    def has(self, key: str) -> bool:
        self._asked.add(key)
        return self._content.get(key) is not None
