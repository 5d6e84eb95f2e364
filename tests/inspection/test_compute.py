"""Training compute: the Commission's worked examples, and figures that agree or contradict."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brightline.inspection.facts.compute import by_architecture, by_hardware, training_compute
from brightline.release.declaration import Declaration
from brightline.release.quantity import Fact, Interval, Provenance

# Guidelines C(2025) 5045, annex A.3: parameters and tokens, or device hours, peak and utilisation; and the compute it states.
ARCHITECTURE = {"A": (3.8e9, 3.3e12, 7.5e22), "C": (6e8, 3.6e13, 1.3e23), "D": (1.54e9, 1.8e13, 1.663e23), "E": (1.7e9, 3.6e13, 3.7e23), "F": (2.5e9, 1.2e13, 1.8e23), "G": (2.6e9, 1e13, 1.5e23)}  # fmt: skip
HARDWARE = {"B": (2e5, 3e14, 0.5, 1e23), "H": (3.7e5, 9.89e14, 0.5, 6.5e23)}

point = Interval.point


@pytest.mark.parametrize("name", ARCHITECTURE)
def test_by_architecture(name: str) -> None:
    parameters, tokens, stated = ARCHITECTURE[name]
    assert by_architecture(point(parameters), point(tokens)).low == pytest.approx(stated, rel=0.1)


@pytest.mark.parametrize("name", HARDWARE)
def test_by_hardware(name: str) -> None:
    hours, peak, utilisation, stated = HARDWARE[name]
    assert by_hardware(point(hours), point(peak), point(utilisation)).low == pytest.approx(stated, rel=0.1)


def fact(parameters: float) -> Fact:
    return Fact("active_parameters", point(parameters), "parameter", Provenance.MEASURED, "test")


def test_nothing_declared_gives_no_figure() -> None:
    assert training_compute(Declaration(), fact(1e9)) == (None, None)


def test_ways_that_contradict_span_and_are_told() -> None:
    declared = Declaration(training_tokens=point(1e12), training_compute=point(1e26))
    figure, conflict = training_compute(declared, fact(1e9))
    assert figure is not None
    assert figure.value.high == 1e26
    assert "contradict" in conflict


@given(st.floats(1e6, 1e12), st.floats(1e9, 1e14), st.floats(0.75, 1.25))
def test_leaving_out_one_of_two_that_agree_only_widens(parameters: float, tokens: float, share: float) -> None:
    """Law 2 at the source of the figure: silence never narrows it."""
    compute = point(6 * parameters * tokens * share)
    both, conflict = training_compute(
        Declaration(training_tokens=point(tokens), training_compute=compute), fact(parameters)
    )
    alone, _ = training_compute(Declaration(training_tokens=point(tokens)), fact(parameters))
    assert conflict is None
    assert alone.value.contains(both.value)
