"""Reading a line: what is refused, where, and what its digest covers."""

import pytest

from brightline.decision.draft import check, parse_line
from brightline.decision.line import Crooked

LINE = """
id = "small"
version = "1"
title = "A small line"
summary = "For tests."
status = "draft"
jurisdiction = "none"
disclaimer = "This is not legal advice."
[assumptions.ratio_seen]
value = 20
unit = "token/parameter"
why = "w"
source = "s"
[criteria.big]
title = "Big"
when = "training_compute > 1e25 FLOP"
accepts = ["declared"]
source = "s"
status = "s"
in_force_from = 2026-01-01
[[tiers]]
id = "high"
title = "High"
when = "big"
access = { source = "open", software = "open", data = "open", weights = "api" }
[[tiers]]
id = "low"
title = "Low"
access = { source = "open", software = "open", data = "open", weights = "open" }
"""

# what is replaced, by what, where the problem is, and what its sentence holds
WRONG = [
    ("training_compute > 1e25 FLOP", "training_computer > 1e25 FLOP", "criteria.big.when", "is training_compute meant?"),
    ("1e25 FLOP", "1e25 token", "criteria.big.when", "a quantity in FLOP is compared with a quantity in token"),
    ("1e25 FLOP", "1e25", "criteria.big.when", "a plain number (no unit)"),
    ("training_compute > 1e25 FLOP", "modality > 1", "criteria.big.when", "is a word, not a quantity"),
    ("training_compute > 1e25 FLOP", "parameters in {a}", "criteria.big.when", "is a quantity"),
    ("training_compute > 1e25 FLOP", "training_compute", "criteria.big.when", "not a condition"),
    ("training_compute > 1e25 FLOP", "1 > 2", "criteria.big.when", "at least one fact"),
    ("training_compute > 1e25 FLOP", "parameters + training_compute > 1 FLOP", "criteria.big.when", "cannot be added"),
    ("training_compute > 1e25 FLOP", "evidence('a/b') * 2 > 1".replace("'", '\\"'), "criteria.big.when", "stands alone"),
    ("training_compute > 1e25 FLOP", "known(parameters)", "criteria.big.when, column 6", "an operator"),
    ('when = "big"', 'when = "bigg"', "tiers.high.when", "is big meant?"),
    ('when = "big"', 'when = "parameters > 1 parameter"', "tiers.high.when", "compared in criteria"),
    ('when = "big"', "", "tiers.high.when", "a text is required"),
    ('title = "Low"', 'title = "Low"\nwhen = "big"', "tiers.low.when", "the last tier"),
    ('weights = "api"', 'weights = "open"', None, None),
    ('weights = "open"', 'weights = "withheld"', "tiers.high.access.weights", "api is more open than withheld"),
    ('weights = "api"', 'weights = "free"', "tiers.high.access.weights", "none of open, gated"),
    ('data = "open", weights = "api"', 'weights = "api"', "tiers.high.access.data", "a text is required"),
    ('id = "low"', 'id = "high"', "tiers.high", "stands twice"),
    ('accepts = ["declared"]', "accepts = []", "criteria.big.accepts", "at least one of"),
    ('accepts = ["declared"]', 'accepts = ["rumour"]', "criteria.big.accepts", "'rumour' is none of"),
    ('accepts = ["declared"]', 'accepts = ["declared"]\nrequires = { mood = "good" }', "criteria.big.requires", "not mood"),
    ('source = "s"\nstatus = "s"', 'status = "s"', "criteria.big.source", "a text is required"),
    ("in_force_from = 2026-01-01", 'in_force_from = "soon"', "criteria.big.in_force_from", "a day is written"),
    ("in_force_from = 2026-01-01", "in_force_from = 2026-01-01\nin_force_until = 2025-01-01", "criteria.big.in_force_until", "before"),
    ("in_force_from", "in_force_since", "criteria.big.in_force_since", "this key is unknown"),
    ("assumptions.ratio_seen", "assumptions.parameters", "assumptions.parameters.value", "never stands in for a fact"),
    ("value = 20", 'value = "many"', "assumptions.ratio_seen.value", "a finite number"),
    ('unit = "token/parameter"', 'unit = "apples"', "assumptions.ratio_seen.unit", "is no unit"),
    ('version = "1"', "version = 1", "version", "a text is required"),
    ('disclaimer = "This is not legal advice."', "", "disclaimer", "a text is required"),
]  # fmt: skip


@pytest.mark.parametrize(("part", "instead", "where", "sentence"), WRONG)
def test_a_problem_is_named_with_its_place(part, instead, where, sentence):
    assert part in LINE
    problems = check(
        LINE.replace(part, instead, 1) if part != 'weights = "open"' else instead.join(LINE.rsplit(part, 1))
    )
    if where is None:
        assert problems == ()
    else:
        assert any(problem.where == where and sentence in problem.message for problem in problems), problems


def test_a_problem_names_the_row_of_its_table():
    [problem] = check(LINE.replace("1e25 FLOP", "1e25 token"))
    assert LINE.splitlines()[problem.row - 1] == "[criteria.big]"
    assert str(problem).startswith(f"line {problem.row}: criteria.big.when: ")


@pytest.mark.parametrize("text", ["id = ", "a = " + "[" * 50_000, "a = " + "9" * 5_000, "x" * 2_000_000])
def test_what_is_no_toml_is_refused(text):
    with pytest.raises(Crooked):
        parse_line(text)


@pytest.mark.parametrize("text", ["", "tiers = 3", "criteria = 3", "[criteria]\nbig = 3", "tiers = [3]", "[[tiers]]\naccess = 3", "assumptions = [1]"])  # fmt: skip
def test_what_is_toml_but_no_line_is_refused_with_sentences(text):
    assert len(check(text)) > 5


def test_the_digest_covers_the_meaning_and_not_the_spacing():
    digest = parse_line(LINE).digest
    assert parse_line("# a remark\n" + LINE).digest == digest
    assert parse_line(LINE.replace("1e25", "1e24")).digest != digest
    assert parse_line(LINE.replace("2026-01-01", "2026-01-02")).digest != digest
