"""The shipped lines, and short ways to say what is known."""

from datetime import date
from pathlib import Path

import pytest

import brightline.decision
from brightline.decision.draft import parse_line
from brightline.evaluation.evidence import Elicitation, Evidence
from brightline.release.quantity import Fact, Interval, Provenance

FOLDER = Path(brightline.decision.__file__).parent / "lines"
UNITS = {"parameters": "parameter", "developer_revenue": "USD", "training_cost": "USD", "finetune_cost": "USD"}


@pytest.fixture(scope="session")
def lines():
    """Shipped lines by id."""
    return {path.stem: parse_line(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.toml"))}


@pytest.fixture(scope="session")
def line_texts():
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.toml"))}


@pytest.fixture(scope="session")
def known():
    """`known(parameters=1e9, training_compute=(1e23, 1e24), modality="text")` -> facts; parameters are measured, the rest declared."""

    def facts(**values):
        return {name: _fact(name, value) for name, value in values.items()}

    return facts


def _fact(name, value):
    provenance = Provenance.MEASURED if name == "parameters" else Provenance.DECLARED
    if isinstance(value, str):
        return Fact(name, (value,), "", provenance, "told")
    low, high = value if isinstance(value, tuple) else (value, value)
    return Fact(name, Interval(low, high), UNITS.get(name, "FLOP"), provenance, "told")


@pytest.fixture(scope="session")
def shown():
    """`shown("cyber/uplift", 0, .05)` -> one piece of evidence that every shipped line would accept; fields can be replaced."""

    def piece(identity, low, high, **fields):
        domain, quantity = identity.split("/")
        usual = {
            "unit": "fraction",
            "elicitation": Elicitation("refusals-removed"),
            "safeguards": "on" if domain == "safeguards" else "off",
            "provenance": Provenance.MEASURED,
            "evaluator": "institute",
            "method": "clopper-pearson",
            "issued": date(2026, 9, 1),
            "expiry": date(2027, 3, 1),
            "baseline": "tools of 2021",
        }
        return Evidence(domain=domain, quantity=quantity, interval=Interval(low, high), **(usual | fields))

    return piece
