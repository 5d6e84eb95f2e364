"""Orders, their liftings and notices: the words that narrow, each read in one way only."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.authority.office import DAY, NOON
from tests.permit.papers import mutants, read_or_illegible, replaced, with_more, without

from brightline.permit.notation import Illegible
from brightline.permit.order import (
    EVERYBODY,
    Effect,
    Lifting,
    Notice,
    Order,
    only_subject,
    read_lifting,
    read_notice,
    read_order,
)
from brightline.permit.statement import LIFTING, NOTICE, ORDER
from brightline.release.component import Component

DIGEST = "sha256:" + "a" * 64
WEIGHTS = (Component.WEIGHTS,)
MADE = {
    read_order: Order(
        3, DIGEST, (Component.WEIGHTS, Component.DATA), "country in {X}", "It has to be.", NOON, NOON + DAY
    ),
    read_lifting: Lifting(3, DIGEST, "It is over.", NOON),
    read_notice: Notice(DIGEST, Effect.RECALLED, "It has to be.", NOON),
}
PAPERS = {read: json.loads(made.envelope().payload) for read, made in MADE.items()}
SUBJECT = {read_order: "manifest", read_lifting: "order", read_notice: "permit"}
EACH = pytest.mark.parametrize("read", MADE, ids=lambda read: read.__name__)
MEMBERS = [(read, name) for read, paper in PAPERS.items() for name in sorted(paper["predicate"])]

MOMENTS = st.integers(-300_000, 300_000).map(lambda days: NOON + days * DAY)
NUMBERS, TEXTS = st.integers(1, 1 << 53), st.text(max_size=9)
DIGESTS = st.binary(min_size=32, max_size=32).map(lambda raw: "sha256:" + raw.hex())
PARTS = st.lists(st.sampled_from(Component), min_size=1, unique=True).map(tuple)


@given(st.builds(Order, NUMBERS, DIGESTS, PARTS, TEXTS, TEXTS, MOMENTS, st.none() | MOMENTS))
def test_an_order_is_read_back_as_it_was_written(order):
    assert read_order(order.envelope().payload) == order


@given(st.builds(Lifting, NUMBERS, DIGESTS, TEXTS, MOMENTS))
def test_a_lifting_is_read_back_as_it_was_written(lifting):
    assert read_lifting(lifting.envelope().payload) == lifting


@given(st.builds(Notice, DIGESTS, st.sampled_from(Effect), TEXTS, MOMENTS))
def test_a_notice_is_read_back_as_it_was_written(notice):
    assert read_notice(notice.envelope().payload) == notice


@EACH
def test_the_one_subject_is_what_the_word_is_about(read):
    assert PAPERS[read]["subject"] == [{"name": SUBJECT[read], "digest": {"sha256": "a" * 64}}]
    kinds = {read_order: ORDER, read_lifting: LIFTING, read_notice: NOTICE}
    assert PAPERS[read]["predicateType"] == kinds[read]


@EACH
def test_a_word_with_another_subject_with_two_or_with_none_is_refused(read):
    row = PAPERS[read]["subject"][0]
    for rows in ([], [row, row], [row | {"name": "release"}]):
        with pytest.raises(Illegible, match=f"exactly one subject is expected here, the {SUBJECT[read]}"):
            read(replaced(PAPERS[read], ("subject",), rows))


@EACH
def test_a_word_is_never_read_as_another(read):
    for other, made in MADE.items():
        if other is not read:
            with pytest.raises(Illegible, match="this is no"):
                read(made.envelope().payload)


@pytest.mark.parametrize(("read", "member"), [pair for pair in MEMBERS if pair[1] != "until"])
def test_a_member_that_is_missing_is_refused(read, member):
    with pytest.raises(Illegible):
        read(without(PAPERS[read], ("predicate", member)))


@pytest.mark.parametrize(("read", "member"), MEMBERS)
def test_a_member_of_another_kind_is_refused(read, member):
    for junk in (True, 1.5, [None], {"a": 1}, 0, [["weights"]]):
        with pytest.raises(Illegible):
            read(replaced(PAPERS[read], ("predicate", member), junk))


@EACH
def test_a_member_that_is_not_known_is_refused(read):
    with pytest.raises(Illegible, match="'more' is not known"):
        read(with_more(PAPERS[read], ("predicate",)))


@pytest.mark.parametrize("words", [[], ["Weights"], ["data", "data"], ["weights", "toys"], [""]])
def test_an_order_without_a_component_or_with_one_that_is_not_known_is_refused(words):
    with pytest.raises(Illegible, match="an order names components, each once, out of"):
        read_order(replaced(PAPERS[read_order], ("predicate", "components"), words))


@pytest.mark.parametrize("word", ["", "Recalled", "in force", "revoked"])
def test_a_notice_with_an_effect_that_is_not_known_is_refused(word):
    with pytest.raises(Illegible, match="one of the effects suspended, resumed, withdrawn, recalled"):
        read_notice(replaced(PAPERS[read_notice], ("predicate", "effect"), word))


@pytest.mark.parametrize("read", [read_order, read_lifting])
def test_numbers_begin_with_one(read):
    with pytest.raises(Illegible, match="number is 0"):
        read(replaced(PAPERS[read], ("predicate", "number"), 0))


def test_an_order_runs_from_its_beginning_until_just_before_its_end():
    order = Order(1, DIGEST, WEIGHTS, EVERYBODY, "It has to be.", NOON, NOON + DAY)
    second = DAY / 86_400
    assert [order.runs(NOON + step) for step in (-second, 0 * DAY, DAY - second, DAY)] == [False, True, True, False]


def test_an_order_without_an_end_runs_for_ever():
    order = Order(1, DIGEST, WEIGHTS, EVERYBODY, "It has to be.", NOON, None)
    assert read_order(order.envelope().payload) == order
    assert order.runs(NOON + 100_000 * DAY)
    assert not order.runs(NOON - DAY)


def test_the_digest_of_a_subject_is_checked_where_it_is_read():
    assert only_subject([("permit", "a" * 64)], "permit") == DIGEST
    with pytest.raises(Illegible, match="no sha256"):
        only_subject([("permit", "A" * 64)], "permit")


@EACH
@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_changed_word_is_either_read_or_illegible(read, data):
    found = read_or_illegible(read, data.draw(mutants(MADE[read].envelope().payload)))
    assert found is None or type(found) is type(MADE[read])
