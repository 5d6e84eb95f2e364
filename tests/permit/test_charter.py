"""A charter under which nobody could act, or one person alone could do what cannot be undone, is none."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.authority.office import APPROVERS, DEPUTY, EXAMINER, FIGURES, LOG, OFFICER, charter, holder, holders, pen
from tests.permit.papers import mutants, places, read_or_illegible, replaced, with_more, without

from brightline.permit.charter import Charter, Holder, Role, read_charter
from brightline.permit.key import ECDSA
from brightline.permit.notation import Illegible
from brightline.storage.record.keys import make_key

CHARTER = charter()
PAYLOAD = CHARTER.envelope().payload
DOCUMENT = json.loads(PAYLOAD)
PLACES = list(places(DOCUMENT))
APPROVER, WITNESS = Role.APPROVER, Role.WITNESS
EC = make_key(ECDSA).public


def keyless(*roles):
    return Holder(frozenset(roles), ())


def keyring(*names, role=APPROVER):
    """One holder with several keys."""
    return Holder(frozenset({role}), tuple(pen(name).public for name in names))


def read_with(people, **changed):
    """The charter of these people, as its own reader sees it."""
    return read_charter(replace(CHARTER, holders=people, **changed).envelope().payload)


def refused(sentence, people=None, **changed):
    with pytest.raises(Illegible, match=sentence):
        read_with(people or holders(), **changed)


def test_a_charter_is_read_back_as_it_was_written():
    more = {"wes": holder("wes", WITNESS, Role.OFFICER, affiliations=("acme", "Ärzte")), "eca": keyring("e1", "e2")}
    made = charter(7, more | {"eve": replace(keyring(), keys=(EC,))}, witnesses=1, delay=0)
    assert read_charter(made.envelope().payload) == made
    assert read_charter(made.envelope().payload).envelope() == made.envelope()


def test_people_are_read_in_any_order_as_the_same_charter():
    assert read_with(dict(reversed(holders().items()))).envelope() == CHARTER.envelope()


@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(map(str, place)))
def test_a_member_or_value_that_is_missing_or_of_another_kind_is_refused(place):
    if isinstance(place[-1], str) and place[:-1] != ("holders",):
        with pytest.raises(Illegible):
            read_charter(without(DOCUMENT, place))
    for junk in (None, 1.5, True, [None], {"a": None}):
        with pytest.raises(Illegible):
            read_charter(replaced(DOCUMENT, place, junk))


OBJECTS = [(), ("holders", OFFICER), ("holders", OFFICER, "keys", 0), ("holders", OFFICER, "keys", 0, "keyval")]


@pytest.mark.parametrize("place", OBJECTS)
def test_a_member_that_is_not_known_is_refused(place):
    with pytest.raises(Illegible, match="'more' is not known"):
        read_charter(with_more(DOCUMENT, place))


@pytest.mark.parametrize("schema", ["brightline/charter/v2", "brightline/charters/v1", "", None])
def test_a_charter_of_another_schema_is_refused(schema):
    with pytest.raises(Illegible, match="this brightline reads brightline/charter/v1"):
        read_charter(replaced(DOCUMENT, ("schema",), schema))


@settings(max_examples=500, deadline=None)
@given(mutants(PAYLOAD))
def test_a_changed_charter_is_either_read_or_illegible(payload):
    found = read_or_illegible(read_charter, payload)
    assert found is None or isinstance(found, Charter)


@pytest.mark.parametrize("name", sorted(FIGURES))
def test_no_figure_is_negative_or_beyond_what_json_can_carry(name):
    for figure in (-1, 2**53 + 1):
        with pytest.raises(Illegible):
            read_charter(replaced(DOCUMENT, (name,), figure))


@pytest.mark.parametrize("version", [0, -1])
def test_versions_begin_with_one(version):
    refused("version is .*at least 1", version=version)


@pytest.mark.parametrize("name", ["example.org", "example.org/office", "a", "a" * 200, "~!#%&()*,-./:;=?@[]^_`{|}"])
def test_an_office_has_a_plain_name(name):
    assert read_with(holders(), office=name).office == name


@pytest.mark.parametrize(
    "name", ["", "a" * 201, "a b", "a+b", 'a"b', "a'b", "a\\b", "a<b", "a>b", "a\nb", "a\x7fb", "é"]
)
def test_an_office_with_a_name_that_a_log_cannot_carry_is_refused(name):
    refused("an office's name", office=name)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb"])
def test_a_holder_with_a_name_that_a_log_cannot_carry_is_refused(name):
    refused("a holder's name", holders() | {name: holder("dora", APPROVER)})


def test_a_role_that_is_not_known_is_refused():
    for role in ("king", "Approver", ""):
        with pytest.raises(Illegible, match="a role is one of officer, approver"):
            read_charter(replaced(DOCUMENT, ("holders", OFFICER, "roles", 0), role))


def test_a_key_that_two_people_hold_is_refused():
    refused("a key stands twice", holders() | {"carl": keyring("ada")})
    refused("a key stands twice", holders() | {"dora": keyring(EXAMINER)})


def test_a_key_that_one_person_holds_twice_is_refused():
    refused("a key stands twice", holders() | {"carl": keyring("carl", "carl")})


def test_what_can_be_undone_takes_one_approver_at_the_least():
    assert charter(reversible=1).reversible == 1
    refused("the reversible threshold is at least 1", reversible=0)


@pytest.mark.parametrize(("reversible", "irreversible"), [(1, 0), (1, 1), (3, 2)])
def test_what_cannot_be_undone_takes_two_people_and_never_fewer_than_what_can(reversible, irreversible):
    refused("takes at least two people", reversible=reversible, irreversible=irreversible)


@pytest.mark.parametrize("reversible", [1, 2, 3])
def test_all_three_of_three_approvers_may_be_asked_for(reversible):
    assert charter(reversible=reversible, irreversible=3).irreversible == 3


def test_more_approvers_than_there_are_cannot_be_asked_for():
    refused("fewer approvers than the threshold", irreversible=4)
    refused("fewer approvers than the threshold", {name: holders()[name] for name in (OFFICER, LOG, "ada")})


def test_thresholds_count_people_and_not_their_keys():
    alone = {name: holders()[name] for name in (OFFICER, LOG)} | {"ada": keyring("ada", "ada-2", "ada-3")}
    refused("fewer approvers than the threshold", alone)
    assert read_with(alone | {"bea": holder("bea", APPROVER)}).irreversible == 2


def test_a_person_without_a_key_does_not_count():
    refused("fewer approvers than the threshold", holders() | {"carl": keyless(APPROVER)}, irreversible=3)
    refused("there is no officer", holders() | {OFFICER: keyless(Role.OFFICER), DEPUTY: keyless(Role.OFFICER)})
    refused("fewer witnesses", holders() | {"wes": keyless(WITNESS)}, witnesses=1)


def test_there_is_an_officer():
    refused("there is no officer", {name: one for name, one in holders().items() if name not in {OFFICER, DEPUTY}})


def test_the_log_has_exactly_one_key_and_it_is_ed25519():
    sentence = "the log has exactly one Ed25519 key"
    refused(sentence, {name: one for name, one in holders().items() if name != LOG})
    refused(sentence, holders() | {LOG: keyring("log", "log-2", role=Role.LOG)})
    refused(sentence, holders() | {"log-2": holder("log-2", Role.LOG)})
    refused(sentence, holders() | {LOG: Holder(frozenset({Role.LOG}), (EC,))})
    refused(sentence, holders() | {LOG: keyless(Role.LOG)})


def test_there_are_as_many_witnesses_as_cosignatures_asked_for():
    two = holders() | {name: holder(name, WITNESS) for name in ("wes", "wim")}
    assert read_with(two, witnesses=2).witnesses == 2
    refused("fewer witnesses than cosignatures", two, witnesses=3)
    refused("fewer witnesses than cosignatures", holders() | {"wes": keyring("w1", "w2", role=WITNESS)}, witnesses=2)


def test_a_witness_has_an_ed25519_key():
    refused("a witness has an Ed25519 key", holders() | {"wes": Holder(frozenset({WITNESS}), (EC,))})


def test_an_approver_may_have_a_p256_key():
    assert read_with(holders() | {"eve": Holder(frozenset({APPROVER}), (EC,))}).holder_of(EC.keyid) == "eve"


def test_a_standing_stays_fresh_for_a_second_at_the_least():
    assert charter(freshness=1).freshness == 1
    refused("the freshness window", freshness=0)


def test_the_keys_of_a_role_are_those_of_its_holders():
    assert set(CHARTER.keys(APPROVER)) == {pen(name).keyid for name in APPROVERS}
    assert CHARTER.keys(Role.LOG) == {pen(LOG).keyid: pen(LOG).public}
    assert CHARTER.keys(WITNESS) == {}


def test_who_holds_which_key_and_which_role():
    assert CHARTER.holder_of(pen("ada").keyid) == "ada"
    assert CHARTER.holder_of(pen("dora").keyid) is None
    assert CHARTER.holds("ada", APPROVER)
    assert not CHARTER.holds("ada", Role.OFFICER)
    assert not CHARTER.holds("dora", APPROVER)


def test_two_signatures_of_one_person_with_two_keys_are_one_persons():
    of_two = charter(more={"ada": keyring("ada", "ada-2")})
    envelope = of_two.envelope().signed(pen("ada")).signed(pen("ada-2"))
    assert of_two.signed_by(envelope, APPROVER) == {"ada"}
    assert of_two.signed_by(envelope.signed(pen("bea")), APPROVER) == {"ada", "bea"}


def test_a_signature_counts_in_the_role_of_its_holder_only():
    envelope = CHARTER.envelope().signed(pen(OFFICER)).signed(pen("ada"))
    assert CHARTER.signed_by(envelope, APPROVER) == {"ada"}
    assert CHARTER.signed_by(envelope, Role.OFFICER) == {OFFICER}


def test_strangers_are_none_of_the_parties_and_belong_to_none_in_any_spelling():
    people = charter(more={"carl": holder("carl", APPROVER, affiliations=("x", "Acme"))})
    assert people.strangers(APPROVERS, ["ACME"]) == {"ada", "bea"}
    assert people.strangers(APPROVERS, ["ADA", "acm"]) == {"bea", "carl"}
    assert people.strangers(APPROVERS, []) == set(APPROVERS)


@given(st.integers(0, 10**6))
def test_the_moment_of_issue_is_kept_to_the_second(seconds):
    issued = CHARTER.issued + timedelta(seconds=seconds)
    assert read_with(holders(), issued=issued).issued == issued


def test_two_holders_whose_names_differ_in_capitals_only_are_refused():
    refused("two holders have the same name", holders() | {"Ada": holder("another", APPROVER)})
