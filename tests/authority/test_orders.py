"""Orders: effective at once; whom they bar is said by what is known of the caller, and silence counts against it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.authority.office import DAY, DEPUTY, NOON, OFFICER, Archive, charter, content, pen

from brightline.authority import orders
from brightline.authority.orders import Ordered, read_callers
from brightline.permit.notation import Illegible
from brightline.permit.order import EVERYBODY, Lifting, Order
from brightline.permit.word import Word
from brightline.release.component import Component

RELEASE = "sha256:" + "a" * 64
WEIGHTS = (Component.WEIGHTS,)


def order(callers=EVERYBODY, components=WEIGHTS, until=None):
    return Order(1, RELEASE, components, callers, "by way of example", NOON, until)


def said(act, statement, by=OFFICER, signer=OFFICER, at=NOON):
    """The records, and the word that stands on the signed statement."""
    records = Archive({1: charter()})
    digest = records.keep(content(statement.envelope().signed(pen(signer))))
    return Word(act, 0, at, by, 1, {"order" if act == "order" else "lifting": digest}), records


def issued(**changed):
    return orders.issue(*said("order", order(**changed)))


def test_an_order_runs_from_the_word_on_until_it_ends():
    one = issued(until=NOON + DAY)
    assert [one.runs(NOON + span) for span in (-DAY, 0 * DAY, DAY - timedelta(seconds=1), DAY)] == [
        False,
        True,
        True,
        False,
    ]


def test_an_order_that_was_lifted_bars_nobody_any_more():
    one = issued()
    lifted = orders.lift(one, *said("lift", Lifting(1, one.digest, "over", NOON + DAY), at=NOON + DAY))
    assert isinstance(lifted, Ordered)
    assert lifted.bars(Component.WEIGHTS, {}, NOON)
    assert not lifted.bars(Component.WEIGHTS, {}, NOON + DAY)


@pytest.mark.parametrize(
    ("callers", "caller", "barred"),
    [
        (EVERYBODY, {}, True),
        ("country in {X}", {"country": "X"}, True),
        ("country in {X}", {"country": "Y"}, False),
        ("country in {X}", {}, True),
        ("country in {X, Y} and not organisation in {Z}", {"country": "X", "organisation": "Z"}, False),
        ("country in {X, Y} and not organisation in {Z}", {"country": "X", "organisation": "W"}, True),
        ("country in {X, Y} and not organisation in {Z}", {"organisation": "Z"}, False),
        ("country in {X} or organisation in {Z}", {"country": "Y"}, True),
    ],
)
def test_whom_an_order_bars(callers, caller, barred):
    assert issued(callers=callers).bars(Component.WEIGHTS, caller, NOON) is barred


@given(st.dictionaries(st.sampled_from(["country", "organisation"]), st.sampled_from("XYZ")))
def test_a_caller_that_shows_less_is_never_barred_less(caller):
    one = issued(callers="country in {X} and not organisation in {Z}")
    for name in caller:
        less = {other: value for other, value in caller.items() if other != name}
        assert one.bars(Component.WEIGHTS, less, NOON) or not one.bars(Component.WEIGHTS, caller, NOON)


def test_an_order_bars_from_its_components_only():
    one = issued(components=(Component.WEIGHTS, Component.DATA))
    assert [part for part in Component if one.bars(part, {}, NOON)] == [Component.DATA, Component.WEIGHTS]


@pytest.mark.parametrize("text", ["", "country", "country in X", "compute > 3", "country in {X} and", "not (country"])
def test_whom_it_bars_is_said_in_a_language_that_cannot_be_misread(text):
    with pytest.raises(Illegible, match="callers:"):
        read_callers(text)


@pytest.mark.parametrize(
    ("word", "code"),
    [
        (said("order", order(until=NOON)), "PAST"),
        (said("order", order(), signer="ada"), "SIGNATURE"),
        (said("order", order(), by=DEPUTY), "SIGNATURE"),
        ((said("order", order())[0], Archive({1: charter()})), "NO-DOCUMENT"),
    ],
    ids=["ends before it begins", "signed by an approver", "said by another than who signed", "not kept"],
)
def test_an_order_that_does_not_stand_is_refused(word, code):
    assert orders.issue(*word).code == code


def test_an_order_whose_callers_cannot_be_read_is_illegible():
    with pytest.raises(Illegible, match="callers:"):
        issued(callers="whoever")


def test_a_lifting_is_of_its_own_order_and_once_only():
    one = issued()
    other = said("lift", Lifting(1, "sha256:" + "0" * 64, "over", NOON))
    assert orders.lift(one, *other).code == "OTHER-ORDER"
    lifting = said("lift", Lifting(1, one.digest, "over", NOON))
    assert orders.lift(orders.lift(one, *lifting), *lifting).code == "STATE"
    assert orders.lift(one, *said("lift", Lifting(1, one.digest, "over", NOON), signer="ada")).code == "SIGNATURE"
