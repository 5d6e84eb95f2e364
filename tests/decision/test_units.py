"""The algebra of units."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brightline.decision.units import BASE, ONE, Unit, UnitUnknown

UNITS = st.lists(st.sampled_from([*BASE, "1"]), min_size=1, max_size=5).map(lambda names: Unit.parse("/".join(names)))


def test_six_operations_a_token_and_parameter_make_flop():
    product = Unit.parse("FLOP/token/parameter") * Unit.parse("parameter") * Unit.parse("token")
    assert product == Unit.parse("FLOP")


@pytest.mark.parametrize("text", ["flop", "FLOPS", "", "FLOP/", "FLOP*token", "kg"])
def test_an_unknown_unit_is_refused_and_the_known_ones_named(text):
    with pytest.raises(UnitUnknown, match="FLOP, token"):
        Unit.parse(text)


@given(UNITS, UNITS)
def test_division_undoes_multiplication(left, right):
    assert left * right / right == left
    assert left * right == right * left
    assert left / left == ONE


@pytest.mark.parametrize("text", ["FLOP", "1", "FLOP/token/parameter", "1/second"])
def test_a_unit_is_written_as_it_is_read(text):
    assert str(Unit.parse(text)) == text
