"""Evidence as JSON: what is read, what is refused and how, and that the published schema says the same."""

import json
import math
from contextlib import suppress
from datetime import date
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import brightline.evaluation
from brightline.evaluation.evidence import Inadmissible, parse_evidence
from brightline.release.quantity import Interval, Provenance

SCHEMA_FILE = Path(brightline.evaluation.__file__).parent / "evidence.schema.json"
SMALLEST = {
    "schema": "brightline/evidence/v1",
    "domain": "cyber",
    "quantity": "uplift",
    "unit": "fraction",
    "interval": [0.0, 0.08],
    "conditions": {"elicitation": {"level": "tools"}, "safeguards": "off"},
    "provenance": "measured",
    "evaluator": "An institute",
    "method": "clopper-pearson",
    "date": "2026-09-01",
    "expiry": "2027-03-01",
}
FULL = SMALLEST | {
    "estimate": 0.02,
    "n": 100,
    "k": 2,
    "alpha": 0.05,
    "conditions": {"elicitation": {"level": "tools", "usd": 900, "gpu_hours": 2.5, "queries": 10_000}, "safeguards": "off", "layers": ["input filter"]},
    "baseline": "tools of 2021",
    "severity_floor": "50 deaths or 1e9 USD",
    "independence": "independent",
    "benchmark": {"id": "ctf", "version": "3", "bank_size": 400, "items": ["ab"], "order": "sha256:" + "0" * 64},
    "log_digest": "sha256:" + "1" * 64,
    "subject": "sha256:" + "2" * 64,
    "lineage": "llama",
    "submission": 3,
}  # fmt: skip


def changed(path, value):
    """FULL with one value replaced (or removed, by ...)."""
    document = json.loads(json.dumps(FULL))
    *folders, last = path.split(".")
    inner = document
    for folder in folders:
        inner = inner[folder]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return document


@pytest.fixture(scope="module")
def schema():
    content = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(content)
    return jsonschema.Draft202012Validator(content)


def test_an_object_and_a_list_are_read():
    [piece] = parse_evidence(json.dumps(FULL), "e.json")
    assert (piece.identity, piece.interval, piece.issued) == ("cyber/uplift", Interval(0, 0.08), date(2026, 9, 1))
    assert piece.provenance is Provenance.MEASURED
    assert piece.elicitation.gpu_hours == 2.5
    assert piece.benchmark is not None
    assert piece.benchmark.bank_size == 400
    assert len(parse_evidence(json.dumps([SMALLEST, FULL]), "e.json")) == 2
    assert parse_evidence("[]", "e.json") == ()


def test_without_elicitation_only_the_lower_end_counts():
    [piece] = parse_evidence(json.dumps(changed("conditions.elicitation.level", "none")), "e.json")
    assert piece.bound == Interval(0, math.inf)


def test_a_missing_end_is_no_bound():
    document = changed("unit", "minute") | {"interval": [None, 30]}
    [piece] = parse_evidence(json.dumps(document), "e.json")
    assert piece.interval == Interval(-math.inf, 30)


# what is wrong, and what the refusal says; the schema refuses these too
WRONG = [
    ("schema", "brightline/evidence/v9", "schema: 'brightline/evidence/v9' is none of"),
    ("schema", ..., "schema: this is required"),
    ("domain", ..., "domain: this is required"),
    ("domain", "a/b", "no slash"),
    ("domain", 3, "domain: a text is expected"),
    ("evaluator", " ", "evaluator: a text is expected"),
    ("interval", [0], "interval: two numbers"),
    ("interval", ["a", 1], "interval: a number"),
    ("interval", ..., "interval: two numbers"),
    ("n", -1, "n: a whole number"),
    ("n", True, "n: a whole number"),
    ("alpha", 2, "alpha: a number from 0 to 1"),
    ("conditions", ..., "conditions.safeguards: this is required"),
    ("conditions", [], "conditions: an object is expected"),
    ("conditions.safeguards", "some", "conditions.safeguards: 'some' is none of on, off"),
    ("conditions.elicitation.level", "hard", "conditions.elicitation.level: 'hard' is none of none, prompt"),
    ("conditions.elicitation.budget", 3, "conditions.elicitation.budget: this key is unknown"),
    ("provenance", "assumed", "provenance: 'assumed' is none of declared"),
    ("date", "1.9.2026", "date: a day is written"),
    ("benchmark.version", ..., "benchmark.version: this is required"),
    ("log_digest", "sha256:xyz", "log_digest: a digest is written"),
    ("Estimate", 0.1, "Estimate: this key is unknown"),
]
# what only the reading refuses: a schema does not compare two fields
CROSSED = [
    ("interval", [0.5, 0.1], "interval: it runs from a lower to a higher"),
    ("interval", [0, 2], "interval: a number from 0 to 1"),
    ("k", 101, "k: of n items at most n count"),
    ("estimate", 0.5, "estimate: it lies outside the interval"),
    ("expiry", "2026-01-01", "expiry: it lies before"),
]


@pytest.mark.parametrize(("path", "value", "sentence"), WRONG + CROSSED)
def test_a_refusal_says_where_and_what(path, value, sentence):
    with pytest.raises(Inadmissible) as refusal:
        parse_evidence(json.dumps([FULL, changed(path, value)]), "e.json")
    assert all(problem.startswith("e.json[1]") for problem in refusal.value.problems)
    assert any(sentence in problem for problem in refusal.value.problems)


@pytest.mark.parametrize(("path", "value", "sentence"), WRONG)
def test_the_schema_refuses_it_too(schema, path, value, sentence):
    assert not schema.is_valid(changed(path, value)), sentence


def test_the_schema_accepts_what_is_read(schema):
    for document in (SMALLEST, FULL, [SMALLEST, FULL], changed("alpha", None)):
        schema.validate(document)
        parse_evidence(json.dumps(document), "e.json")


def test_every_mistake_is_named_at_once():
    with pytest.raises(Inadmissible) as refusal:
        parse_evidence("{}", "e.json")
    assert len(refusal.value.problems) >= 10


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"n": NaN}', "3", "null", '"x"', "[[]]"])
def test_what_is_no_evidence_is_refused(text):
    with pytest.raises(Inadmissible, match=r"e\.json"):
        parse_evidence(text, "e.json")


def test_a_key_that_stands_twice_is_refused():
    text = json.dumps(SMALLEST)[:-1] + ', "interval": [0.0, 0.01]}'
    with pytest.raises(Inadmissible, match="a key stands twice"):
        parse_evidence(text, "e.json")


@pytest.mark.parametrize("figure", [10**400, -(10**400)], ids=["high", "low"])
def test_a_figure_that_no_machine_holds_is_as_good_as_none(figure):
    ends = [figure, 0] if figure < 0 else [0, figure]
    [piece] = parse_evidence(json.dumps(SMALLEST | {"unit": "FLOP", "interval": ends}), "e.json")
    assert piece.interval == Interval(-math.inf, math.inf)


@pytest.mark.parametrize("digits", [309, 400, 5_000])
def test_a_number_that_no_float_holds_is_no_fault(digits):
    with suppress(Inadmissible):
        text = json.dumps(SMALLEST | {"unit": "USD", "interval": [0, 1]})
        (piece,) = parse_evidence(text.replace("[0, 1]", f"[0, {'9' * digits}]"), "e.json")
        assert piece.interval.high == math.inf


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=5)  # fmt: skip
PATHS = [*FULL, "conditions.elicitation", "conditions.safeguards", "conditions.layers", "conditions.elicitation.usd"]


@given(st.sampled_from(PATHS), JSON)
def test_any_value_anywhere_is_read_or_refused(path, value):
    try:
        read = parse_evidence(json.dumps(changed(path, value)), "e.json")
    except Inadmissible as refusal:
        read = refusal.problems
    assert len(read) >= 1
