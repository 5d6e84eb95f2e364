"""A derivative's share of its base's compute: what it says, and whose figure counts."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brightline.authority.derivation import THIRD, inheritance, share, with_base
from brightline.release.quantity import Fact, Interval, Provenance


def flop(name, low, high=None):
    return {name: Fact(name, Interval(low, low if high is None else high), "FLOP", Provenance.DECLARED, "declared")}


@pytest.mark.parametrize(
    ("own", "base", "said"),
    [
        ((4e23, 4e23), (1e24, 1e24), "0.4 of its base's training compute, above a third, so that"),
        ((1e23, 1e23), (1e24, 1e24), "0.1 of its base's training compute, not above a third:"),
        ((1e23, 1e23), (3e23, 3e23), "0.33 of its base's training compute, not above a third:"),
        ((1e23, 4e23), (1e24, 1e24), "0.1 to 0.4 of its base's training compute, above a third or not:"),
        ((1e23, inf), (1e24, inf), "0 to inf of its base's training compute, above a third or not:"),
        ((1e23, 1e23), (0, 0), "unknown until [finetune] compute is declared"),
    ],
)
def test_the_share_is_said_with_what_it_means(own, base, said):
    sentence = inheritance(flop("finetune_compute", *own) | flop("base_compute", *base))
    assert said in sentence
    assert sentence.endswith("it inherits the base's status")


@pytest.mark.parametrize("facts", [{}, flop("finetune_compute", 1e20), flop("base_compute", 1e20)])
def test_what_is_not_declared_is_unknown(facts):
    assert share(facts) is None
    assert "unknown" in inheritance(facts)


def test_the_base_is_as_large_as_its_own_case_found_it():
    facts = flop("finetune_compute", 1e23) | flop("base_compute", 1e26)
    found = with_base(facts, flop("training_compute", 2e23))
    assert share(found) == Interval.point(0.5)
    assert found["base_compute"].origin == "the base's own case: declared"
    assert with_base(facts, {}) == facts


figures = st.tuples(st.floats(1, 1e27), st.floats(1, 1e27)).map(sorted)


@given(own=figures, base=figures, at=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_no_pair_of_figures_within_the_intervals_has_a_share_outside(own, base, at):
    one, other = (low + (high - low) * where for (low, high), where in zip((own, base), at, strict=True))
    found = share(flop("finetune_compute", *own) | flop("base_compute", *base))
    assert found.low * (1 - 1e-9) <= one / other <= found.high * (1 + 1e-9)
    if "not above a third" in inheritance(flop("finetune_compute", *own) | flop("base_compute", *base)):
        assert one / other <= THIRD * (1 + 1e-9)
