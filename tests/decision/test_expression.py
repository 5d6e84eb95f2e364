"""What the language accepts, as which tree, and how it refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brightline.decision.expression import (
    Arithmetic,
    Comparison,
    EvidenceTerm,
    Junction,
    Membership,
    Misread,
    Name,
    Negation,
    Number,
    evidence_terms,
    names,
    parse,
)
from brightline.decision.units import ONE, Unit

FLOP = Unit.parse("FLOP")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("training_compute > 1e25 FLOP", Comparison(">", Name("training_compute"), Number(1e25, FLOP))),
        ("parameters", Name("parameters")),
        ("size-high and not a-b", Junction("and", (Name("size-high"), Negation(Name("a-b"))))),
        ("a - b", Arithmetic("-", Name("a"), Name("b"))),
        ("a + b * c", Arithmetic("+", Name("a"), Arithmetic("*", Name("b"), Name("c")))),
        ("a / b / c", Arithmetic("/", Arithmetic("/", Name("a"), Name("b")), Name("c"))),
        ("10 FLOP / parameters", Arithmetic("/", Number(10.0, FLOP), Name("parameters"))),
        ("1 FLOP/second", Number(1.0, Unit.parse("FLOP/second"))),
        ('modality in {text, "image", text}', Membership("modality", ("text", "image"))),
        ('evidence("cyber/uplift") <= 0.1 fraction', Comparison("<=", EvidenceTerm("cyber/uplift"), Number(0.1, Unit.parse("fraction")))),
        ("a or b and c", Junction("or", (Name("a"), Junction("and", (Name("b"), Name("c")))))),
        ("(a or b) and c", Junction("and", (Junction("or", (Name("a"), Name("b"))), Name("c")))),
        (".5", Number(0.5, ONE)),
    ],
)  # fmt: skip
def test_a_text_has_one_tree(text, tree):
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "column", "word"),
    [
        ("a = 1", 2, "=="),
        ("a >", 3, "the end"),
        ("a > 1e999", 4, "too large"),
        ("a in {", 6, "a word"),
        ("1 in {a}", 0, "named fact"),
        ("evidence(cyber)", 9, "quotes"),
        ('evidence("cyber")', 10, "domain/quantity"),
        ("a b", 2, "an operator"),
        ("1e25FLOP", 0, "cannot be read"),
        ("a > 1 > 2", 6, "an operator"),
        ("a ** 2", 3, "a number"),
        ("known(a)", 5, "an operator"),
        ("__import__('os')", 11, "cannot be read"),
        ("", 0, "a number"),
        ("(" * 60, 41, "at most"),
        ("not " * 60 + "a", 164, "at most"),
        ("a" * 3000, 2000, "characters"),
        ("+".join("a" * 900), 400, "words, numbers and signs"),
    ],
)
def test_a_refusal_says_what_and_where(text, column, word):
    with pytest.raises(Misread) as refusal:
        parse(text)
    assert refusal.value.column == column
    assert word in str(refusal.value)


@given(st.text(alphabet="ab-_ 0123456789.eE+*/()<>={},\"'andorti FLOP", max_size=80))
def test_any_text_is_parsed_or_refused(text):
    try:
        column = len(names(parse(text))) and 0
    except Misread as refusal:
        column = refusal.column
    assert 0 <= column <= len(text)


def test_names_and_evidence_are_listed_once_in_order():
    tree = parse('b > a and c in {x} or b < 1 and evidence("d/e") > 1 and evidence("d/e") > 2')
    assert names(tree) == ("b", "a", "c")
    assert evidence_terms(tree) == ("d/e",)
