"""Who may have the bytes of a component: the whole table, and the laws as properties."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.authority.office import NOON

from brightline.authority.orders import Ordered
from brightline.decision.access import Access
from brightline.enforcement.access import Caller, Judged, Phase, Reason, refused
from brightline.permit.order import EVERYBODY, Order
from brightline.release.component import JUDGED, Component

NOBODY, KNOWN, ACCEPTED = Caller(), Caller("ann"), Caller("ann", accepted=True)
VETTED, LAPSED = Caller("ann", vetted_until=NOON + timedelta(days=1)), Caller("ann", vetted_until=NOON)
OWNER, EXAMINER = Caller("acme", owner=True), Caller("erik", examiner=True)
ALL = {"nobody": NOBODY, "known": KNOWN, "accepted": ACCEPTED, "vetted": VETTED, "lapsed": LAPSED, "owner": OWNER}
TABLE = {
    Access.OPEN: dict.fromkeys(ALL),
    Access.GATED: dict.fromkeys(ALL) | {"nobody": Reason.SIGN_IN, "known": Reason.TERMS, "lapsed": Reason.TERMS},
    Access.VETTED: dict.fromkeys(ALL, Reason.VETTING) | {"nobody": Reason.SIGN_IN, "vetted": None},
    Access.API: dict.fromkeys(ALL, Reason.API),
    Access.WITHHELD: dict.fromkeys(ALL, Reason.WITHHELD),
}


def decided(access: Access, *orders: Ordered) -> Judged:
    return Judged(Phase.DECIDED, dict.fromkeys(JUDGED, access), orders, 7)


def order(callers: str = EVERYBODY, component: Component = Component.WEIGHTS) -> Ordered:
    made = Order(1, "sha256:" + "0" * 64, (component,), callers, "an incident", NOON, NOON + timedelta(days=1))
    return Ordered(made, "sha256:" + "1" * 64)


@pytest.mark.parametrize("access", Access)
@pytest.mark.parametrize("name", ALL)
def test_the_table(access, name):
    denial = refused(Component.WEIGHTS, decided(access), ALL[name], NOON)
    assert (denial and denial.reason) == TABLE[access][name]
    assert refused(Component.WEIGHTS, decided(access), EXAMINER, NOON) is None


@pytest.mark.parametrize("component", Component)
def test_in_quarantine_only_the_owner_and_the_examiners_see_anything(component):
    for name, caller in ALL.items():
        denial = refused(component, Judged(Phase.QUARANTINE), caller, NOON)
        assert (denial is None) == (name == "owner")
        assert denial is None or denial.hidden


def test_what_was_closed_is_closed_to_its_owner_too_and_says_why():
    closed = Judged(Phase.CLOSED, {}, (), 7, "it was recalled")
    for caller in ALL.values():
        assert "case 7 is not in force: it was recalled" in refused(Component.WEIGHTS, closed, caller, NOON).sentence
        assert refused(Component.DOCUMENTATION, closed, caller, NOON) is None


def test_what_was_withheld_stays_hidden_whatever_happens_to_its_permit():
    closed = Judged(Phase.CLOSED, dict.fromkeys(JUDGED, Access.WITHHELD), (), 7, "it was recalled")
    for judged in (closed, decided(Access.WITHHELD, order())):
        for caller in ALL.values():
            assert refused(Component.WEIGHTS, judged, caller, NOON).hidden


def test_an_order_bars_whom_it_names_and_whoever_does_not_say():
    judged = decided(Access.OPEN, order("country in {X}"))
    there, here = Caller("ann", attributes={"country": "X"}), Caller("ann", attributes={"country": "Y"})
    for caller in (there, NOBODY):
        assert refused(Component.WEIGHTS, judged, caller, NOON).reason is Reason.ORDER
    assert refused(Component.WEIGHTS, judged, here, NOON) is None
    assert refused(Component.SOFTWARE, judged, there, NOON) is None
    assert refused(Component.WEIGHTS, judged, there, NOON + timedelta(days=2)) is None


callers = st.builds(
    Caller,
    st.one_of(st.none(), st.just("ann")),
    owner=st.booleans(),
    accepted=st.booleans(),
    vetted_until=st.one_of(st.none(), st.just(NOON + timedelta(days=1))),
)
accesses = st.sampled_from(list(Access))


@given(callers, accesses, accesses, st.sampled_from(JUDGED))
def test_a_more_closed_access_never_lets_more_through(caller, one, other, component):
    wide, narrow = sorted((one, other), key=lambda access: access.rank)
    if refused(component, decided(wide), caller, NOON) is not None:
        assert refused(component, decided(narrow), caller, NOON) is not None


@given(callers, accesses)
def test_bytes_leave_by_open_gated_and_vetted_only(caller, access):
    if refused(Component.WEIGHTS, decided(access), caller, NOON) is None:
        assert access in {Access.OPEN, Access.GATED, Access.VETTED}


@given(callers, accesses, st.sampled_from(list(Component)))
def test_an_order_against_everybody_lets_nobody_through(caller, access, component):
    assert refused(component, decided(access, order(component=component)), caller, NOON) is not None
