"""A few rows of each place, in memory: in them is counted how many rows meet several conditions together.

That says which plan is likely to cost least, and nothing else: what is shown is always read. So a sample may be old.
"""

from bisect import bisect
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate

from sqlalchemy import Connection, text

from brightline.storage.lists.catalogue import CHANCE, DRAWN

ROWS = 3_000  # of a sample: one in so many is told from none
LASTS = 600  # seconds
GROWTH = 2  # times as many rows in a place ask for a new sample at once
GRAM = 3  # letters that the indices of names are of
KNOWN = 4_096  # parts of which is remembered who has them, at a bit for each row of the sample


class Sample:
    """Of a place of `size` rows, drawn in the second `taken`: names in small letters, and labels with a comma around each.
    Several of its rows are a number that has a bit for each of them.
    """

    def __init__(self, size: int, taken: int, rows: Sequence[tuple[str, str]]) -> None:
        self.size, self.taken, self.count, self.all = size, taken, len(rows), (1 << len(rows)) - 1
        self._names, self._labels = _joined([name for name, _ in rows]), _joined([labels for _, labels in rows])
        self.having = lru_cache(KNOWN)(self._having)

    def _having(self, part: str | int) -> int:
        """Who has these letters in its name, or this label."""
        part, (looked, ends) = (part, self._names) if isinstance(part, str) else (f",{part},", self._labels)
        found, at = 0, looked.find(part)
        while at >= 0:
            row = bisect(ends, at)
            found |= 1 << row
            at = looked.find(part, ends[row])
        return found

    def rows(self, met: int) -> float:
        """How many rows of the place are like these. None in a sample may be some in the place."""
        return self.size * (met.bit_count() + 0.5) / (self.count + 1)

    def serves(self, size: int, now: int) -> bool:
        return abs(now - self.taken) < LASTS and self.size <= size * GROWTH and size <= self.size * GROWTH


class Samples:
    """Of one database, as long as they serve."""

    def __init__(self) -> None:
        self._drawn: dict[int, Sample] = {}

    def of(self, connection: Connection, place: int, size: int, now: int) -> Sample:
        kept = self._drawn.get(place)
        if kept is None or not kept.serves(size, now):
            kept = self._drawn[place] = Sample(size, now, _draw(connection, place, size))
        return kept


def _joined(texts: Sequence[str]) -> tuple[str, list[int]]:
    """One text, which is looked through sooner than many are, and where each ends in it."""
    return "".join(f"{one}\n" for one in texts), list(accumulate(len(one) + 1 for one in texts))


def _draw(connection: Connection, place: int, size: int) -> list[tuple[str, str]]:
    """Rows by chance: a part of those that have an index."""
    below = min(DRAWN, (1 << 32) * ROWS // max(size, 1))
    labels = "labels" if connection.dialect.name == "sqlite" else "concat(',', array_to_string(labels, ','), ',')"
    said = f"SELECT words, {labels} FROM shown WHERE place = {place} AND {CHANCE} < {DRAWN} AND {CHANCE} < {below}"  # noqa: S608 - numbers
    return [(words, own) for words, own in connection.execute(text(said))]
