"""A sample counts as a look at each of its rows would, and is drawn anew when it is old or its place is another one."""

from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, text
from tests.offices import Clock

from brightline.assembly.office import Office
from brightline.release.repository import Kind
from brightline.storage.lists.catalogue import CHANCE, DRAWN, shown
from brightline.storage.lists.planning import Asked, Plan
from brightline.storage.lists.sampling import GROWTH, LASTS, Sample, Samples
from brightline.storage.lists.weighing import COSTS, way

names = st.text("ab-/", max_size=12)
rows = st.lists(st.tuples(names, st.lists(st.integers(1, 5), max_size=3, unique=True)), max_size=20)
Rows = Sequence[tuple[str, Sequence[int]]]


def sample_of(size: int, some: Rows) -> Sample:
    return Sample(size, 0, [(name, f",{','.join(map(str, labels))},") for name, labels in some])


def bits(each: Iterable[bool]) -> int:
    return sum(1 << number for number, one in enumerate(each) if one)


@given(rows, st.text("ab-/", min_size=1, max_size=5), st.integers(1, 6))
def test_it_counts_who_has_a_part_of_a_name_and_a_label(some: Rows, part: str, label: int) -> None:
    sample = sample_of(1_000, some)
    assert sample.having(part) == bits(part in name for name, _ in some)
    assert sample.having(label) == bits(label in labels for _, labels in some)


@given(rows, rows)
def test_more_rows_of_a_sample_are_more_rows_of_the_place(some: Rows, more: Rows) -> None:
    sample = sample_of(9_000, [*some, *more])
    few, many = (1 << len(some)) - 1, sample.all
    assert 0 < sample.rows(few) <= sample.rows(many) < 9_000
    assert (sample.rows(few) < sample.rows(many)) == bool(more)


def put(office: Office, count: int) -> None:
    """Rows of one place, in order."""
    fixed = dict.fromkeys(("namespace", "name", "words", "owner", "gated", "sdk"), "abc")
    flags = dict.fromkeys(("inside", "decided", "private", "disabled"), False)
    moments = dict.fromkeys(("since", "until", "created", "modified", "downloads", "signature"), 0)
    made = {**fixed, **flags, **moments, "place": 3, "labels": [7]}
    with office.engine.begin() as connection:
        connection.execute(insert(shown), [{**made, "repo": number} for number in range(count)])


def test_one_row_in_sixteen_is_drawn_by_chance_and_by_its_index(office: Office) -> None:
    put(office, 4_000)
    with office.engine.begin() as connection:
        sample = Samples().of(connection, 3, 4_000, 0)
        other = Samples().of(connection, 2, 0, 0)
        if connection.dialect.name == "sqlite":
            said = f"EXPLAIN QUERY PLAN SELECT words FROM shown WHERE place = 3 AND {CHANCE} < {DRAWN} AND {CHANCE} < 9"  # noqa: S608 - numbers
            assert "shown_by_chance (place=? AND <expr><?)" in str(connection.execute(text(said)).all())
    assert 240 <= sample.count <= 260
    assert sample.having(7) == sample.having("abc") == sample.all
    assert other.all == other.count == 0


@pytest.mark.parametrize(
    ("size", "later", "kept"),
    [
        (1_000, LASTS - 1, True),
        (1_000, LASTS, False),
        (1_000, -LASTS, False),
        (1_000 * GROWTH, 0, True),
        (1_000 * GROWTH + 1, 0, False),
        (1_000 // GROWTH - 1, 0, False),
    ],
)
def test_a_sample_serves_as_long_as_its_place_is_much_the_same(
    office: Office, size: int, later: int, kept: bool
) -> None:
    samples, began = Samples(), int(Clock()().timestamp())
    with office.engine.begin() as connection:
        first = samples.of(connection, 0, 1_000, began)
        assert (samples.of(connection, 0, size, began + later) is first) == kept


LABELS = {1: 20_000, 2: 90_000, 3: 400}  # and how many of 100,000 rows have each


def a_sample() -> Sample:
    """Labels by chance alone, as they lie among rows: 1 of every fifth, 2 of nearly all, 3 of one in 250."""
    return sample_of(100_000, [("acme/one", [1][n % 5 :] + [2][n % 10 == 9 :] + [3][n % 250 :]) for n in range(3_000)])


def plan(office: Office, labels: Sequence[int], limit: int = 100) -> Plan:
    with office.engine.connect() as connection:
        made = Plan(connection, Asked(Kind.MODEL, limit=limit), 0, {"now": 0}, [], size=100_000)
        for label in labels:
            made.label(label, LABELS[label])
        return made


def test_what_nearly_all_have_is_walked_along_and_never_intersected(office: Office) -> None:
    chosen = way(plan(office, [2, 1]), a_sample())
    assert not chosen.gathers
    assert len(chosen.terms) == 1
    assert 20_000 <= chosen.rows <= 65_536


def test_what_few_have_is_gathered(office: Office) -> None:
    chosen = way(plan(office, [2, 3]), a_sample())
    assert chosen.gathers
    assert [term.part for term in chosen.terms] == [3]


def test_what_none_of_a_sample_has_together_is_intersected(office: Office) -> None:
    rows: Rows = [("acme/one", [1] if n % 2 else [2]) for n in range(3_000)]
    made = plan(office, [1, 2])
    chosen = way(made, sample_of(100_000, rows))
    assert chosen.gathers
    assert {term.part for term in chosen.terms} == {1, 2}


def test_a_walk_ends_when_it_cost_what_gathering_would(office: Office) -> None:
    chosen = way(plan(office, [1]), a_sample())
    cost = COSTS[office.engine.dialect.name]
    assert not chosen.gathers
    assert 1 <= chosen.steps * cost.step / (chosen.rows * cost.row) < 2.1
