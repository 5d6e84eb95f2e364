"""Which plan is likely to cost least, by what a sample of the place has of the conditions."""

from collections.abc import Sequence
from dataclasses import dataclass

from brightline.storage.lists.planning import UNKNOWN, Plan, Term
from brightline.storage.lists.sampling import Sample

AHEAD, SURPRISE = 1.5, 500  # times as many rows as it seems, and so many more, are no surprise


@dataclass(frozen=True, slots=True)
class Cost:
    """In microseconds: of a row that is looked at along an index, of one that is gathered, and of one that the index of names
    and labels has of a condition, when several are intersected.
    """

    step: float
    row: float
    entry: float


COSTS = {"sqlite": Cost(0.28, 2.3, 0.05), "postgresql": Cost(0.4, 4, 0.03)}


@dataclass(frozen=True, slots=True)
class Way:
    """How a page is likely to be found soonest. Of these terms rows are gathered, or they are looked for along the sort.
    Chance may have it otherwise: more rows than `rows`, or steps than `steps`, and the other way is taken.
    """

    terms: Sequence[Term]
    gathers: bool
    rows: int
    steps: int


def way(plan: Plan, sample: Sample) -> Way:
    """By what each would cost, if the place is as its sample."""
    cost, terms, gathered, reading, met = COSTS[plan.dialect], list[Term](), float(UNKNOWN), 0.0, sample.all
    for many, term in sorted(((_many(term, sample), term) for term in plan.terms), key=lambda one: one[0]):
        both = met & sample.having(term.part)
        left = min(gathered, many, sample.rows(both) if terms else many)
        if many * cost.entry < (gathered - left) * cost.row:
            terms, met, gathered, reading = [*terms, term], both, left, reading + many * cost.entry
    said: Sequence[str | int] = (*plan.asked.words, *plan.ids)
    for part in said:
        met &= sample.having(part)
    walk = cost.step * plan.due * plan.size / min(sample.rows(met), gathered)
    gather, rows = reading + gathered * cost.row, _rounded(AHEAD * gathered + SURPRISE)
    return Way(terms, gather <= walk, rows, _rounded((reading + rows * cost.row) / cost.step))


def _rounded(number: float) -> int:
    """Up to a power of two: what databases are asked is kept ready, as long as it is the same."""
    return 1 << int(number).bit_length()


def _many(term: Term, sample: Sample) -> float:
    return term.most if term.most < UNKNOWN else sample.rows(sample.having(term.part))
