"""A few rows of each place, in memory: in them is counted how many rows meet several conditions together.

That says which plan is likely to cost least, and nothing else: what is shown is always read. So a sample may be old.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from sqlalchemy import Connection, text

from brightline.storage.catalogue import CHANCE, DRAWN

ROWS = 3_000  # of a sample: one in so many is told from none
LASTS = 600  # seconds
GROWTH = 2  # times as many rows in a place ask for a new sample at once
GRAM = 3  # letters that the indices of names are of


class Sample:
    """Of a place of `size` rows, drawn in the second `taken`. Rows have a name in small letters, and labels."""

    def __init__(self, size: int, taken: int, rows: Sequence[tuple[str, Iterable[int]]]) -> None:
        self.size, self.taken, self.all = size, taken, frozenset(range(len(rows)))
        self._names, self._met = [name for name, _ in rows], defaultdict[str | int, set[int]](set)
        for number, (name, labels) in enumerate(rows):
            for at in range(len(name) - GRAM + 1):
                self._met[name[at : at + GRAM]].add(number)
            for label in labels:
                self._met[label].add(number)

    def having(self, part: str | int) -> AbstractSet[int]:
        """Who has these letters in its name, or this label."""
        if isinstance(part, int) or len(part) == GRAM:
            return self._met.get(part, frozenset())
        among: AbstractSet[int] = self.all
        for at in range(len(part) - GRAM + 1):
            among &= self.having(part[at : at + GRAM])
        return {number for number in among if part in self._names[number]}

    def rows(self, met: AbstractSet[int]) -> float:
        """How many rows of the place are like these. None in a sample may be some in the place."""
        return self.size * (len(met) + 0.5) / (len(self._names) + 1)

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


def _draw(connection: Connection, place: int, size: int) -> list[tuple[str, Iterable[int]]]:
    """Rows by chance: a part of those that have an index."""
    below = min(DRAWN, (1 << 32) * ROWS // max(size, 1))
    labels = "labels" if connection.dialect.name == "sqlite" else "array_to_string(labels, ',')"
    said = f"SELECT words, {labels} FROM shown WHERE place = {place} AND {CHANCE} < {DRAWN} AND {CHANCE} < {below}"  # noqa: S608 - numbers
    return [(words, map(int, own.strip(",").split(","))) for words, own in connection.execute(text(said))]
