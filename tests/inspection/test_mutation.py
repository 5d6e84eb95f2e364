"""Every parser survives mutated inputs with typed refusals only. `make fuzz` runs a hundred thousand for each; here some hundred."""

import random
from pathlib import Path

import pytest
from bench.mutation import seeds, survive

from brightline.inspection.examination import _PARSERS

EXAMPLES = 300


@pytest.fixture(scope="module")
def every(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[str, bytes]]]:
    return seeds(Path(tmp_path_factory.mktemp("seeds")))


@pytest.mark.parametrize("found", sorted(_PARSERS))
def test_only_typed_refusals(found: str, every: dict[str, list[tuple[str, bytes]]]) -> None:
    assert found in every, f"the test set has no seed for {found}"
    survive(found, every[found], EXAMPLES, random.Random(f"test {found}"))
