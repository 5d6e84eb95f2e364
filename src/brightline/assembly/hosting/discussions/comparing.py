"""Two texts as git shows what was changed; comparing them ends, whoever made them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import Match, SequenceMatcher
from io import StringIO
from itertools import accumulate

TEXTS, LEAST = 4 << 20, 8 << 10  # bytes of all texts of one diff; what the shortest counts for, since each is fetched
STEPS = 4_000_000  # pairs of equal lines that are looked at: a second or two
AROUND = 3  # lines that are shown beside those that were changed
CUT = "\\ No newline at end of file\n"


@dataclass(slots=True)
class Budget:
    """What is left for one diff of many files: without it, one proposal of repeated lines takes hours."""

    texts: int = TEXTS
    steps: int = STEPS

    def reads(self, size: int) -> bool:
        """Whether another text fits."""
        self.texts -= max(size, LEAST)
        return self.texts >= 0


class _Matcher(SequenceMatcher[str]):
    """What the budget does not reach counts as changed: the diff is longer than it could be, and as true."""

    def __init__(self, then: Sequence[str], now: Sequence[str], budget: Budget) -> None:
        super().__init__(None, then, now)
        self._budget = budget
        places = self.b2j  # type: ignore[attr-defined]  # of each line; it is documented, and typeshed has none of it
        self._steps = list(accumulate((1 + len(places.get(line, ())) for line in then), initial=0))

    def find_longest_match(self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None) -> Match:
        self._budget.steps -= self._steps[ahi if ahi is not None else -1] - self._steps[alo]
        return super().find_longest_match(alo, alo if self._budget.steps < 0 else ahi, blo, bhi)


def compare(then: str, now: str, names: tuple[str, str], budget: Budget) -> Iterator[str]:
    """Lines of a unified diff; none where both are the same."""
    before, after = list(StringIO(then, newline="\n")), list(StringIO(now, newline="\n"))
    groups = _Matcher(before, after, budget).get_grouped_opcodes(AROUND)
    for number, group in enumerate(groups):
        if number == 0:
            yield f"--- {names[0]}\n+++ {names[1]}\n"
        yield f"@@ -{_span(group[0][1], group[-1][2])} +{_span(group[0][3], group[-1][4])} @@\n"
        for tag, start, end, first, last in group:
            if tag == "equal":
                yield from _marked(" ", before[start:end])
            else:
                yield from _marked("-", before[start:end])
                yield from _marked("+", after[first:last])


def _span(start: int, end: int) -> str:
    """As diff says it: lines are counted from 1, and none lie behind the one before them."""
    length = end - start
    return f"{start + 1 if length else start}" if length == 1 else f"{start + 1 if length else start},{length}"


def _marked(mark: str, lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        yield f"{mark}{line}" if line.endswith("\n") else f"{mark}{line}\n{CUT}"
