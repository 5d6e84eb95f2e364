"""Patterns of a .gitignore, in time that is bounded whatever they say.

Where a pattern becomes one regular expression, six stars of somebody's keep it busy for minutes, and every other request waits. Here
each part of a path is matched by itself, by fnmatch, which tries no star twice.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import translate

LINES, LENGTH = 1_000, 200  # that are read, and letters of one
_SPACES = re.compile(r"(?<!\\) +$")
_SPELLED = re.compile(r"\\(.)|\[\^")  # where fnmatch writes it otherwise


@dataclass(frozen=True, slots=True)
class Pattern:
    """`parts` stand for folders and at last for a file or a folder; None for any number of folders."""

    parts: tuple[re.Pattern[str] | None, ...]
    negated: bool
    folder: bool  # and no file

    def ends(self, path: Sequence[str]) -> set[int]:
        """After how many parts of a path it has said all that it says."""
        at, last = {0}, len(self.parts) - 1
        for number, part in enumerate(self.parts):
            if part is None:
                at = set(range(min(at) + (number == last), len(path) + 1)) if at else at
            else:
                at = {one + 1 for one in at if one < len(path) and part.match(path[one])}
        return at - {len(path)} if self.folder else at


def read_pattern(line: str) -> Pattern | None:
    """None for what says nothing: a comment, and what git knows as no pattern."""
    text = _SPACES.sub("", line)
    negated = text.startswith("!")
    parts = text[negated:].removesuffix("/").split("/")
    if len(parts) > 1 and not parts[0]:
        del parts[0]
    elif len(parts) == 1:
        parts.insert(0, "**")
    if len(text) > LENGTH or text.startswith("#") or not all(map(_whole, parts)):
        return None
    return Pattern(tuple(map(_part, parts)), negated, text.endswith("/"))


def _whole(part: str) -> bool:
    """Neither empty nor broken off."""
    return bool(part) and (len(part) - len(part.rstrip("\\"))) % 2 == 0


def _part(text: str) -> re.Pattern[str] | None:
    return None if len(text) > 1 and not text.strip("*") else re.compile(translate(_SPELLED.sub(_spelled, text)))


def _spelled(found: re.Match[str]) -> str:
    letter = found[1]
    return "[!" if letter is None else f"[{letter}]" if letter in "*?[" else letter


def matching(patterns: str) -> Callable[[str], bool]:
    """As git reads a .gitignore: the last pattern about a file or a folder counts, and nothing is saved out of an ignored folder."""
    known = [one for line in patterns.splitlines()[:LINES] if (one := read_pattern(line)) is not None]

    def match(path: str) -> bool:
        parts, said = path.split("/"), dict[int, bool]()
        for one in known:
            said |= dict.fromkeys(one.ends(parts), not one.negated)
        return any(said.values())

    return match
