"""A charter follows from the one before as a TUF root does: signed by the old threshold and by the new."""

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.authority.office import APPROVERS, DAY, charter, holder, holders, pen

from brightline.permit.charter import (
    VERSIONS,
    Role,
    chain_document,
    charter_at,
    prove_chain,
    read_chain,
    read_charter,
    succeeds,
)
from brightline.permit.envelope import STATEMENT_TYPE, Envelope
from brightline.permit.notation import Illegible, canonical

OLD = ("ada", "bea", "carl")
NEW = ("carl", "dora", "emil")
SECOND = timedelta(seconds=1)
FIRST = charter()


def of(approvers, version, **changed):
    """A charter whose approvers are these and no others."""
    others = {name: one for name, one in holders().items() if name not in APPROVERS}
    people = others | {name: holder(name, Role.APPROVER) for name in approvers}
    made = replace(charter(version), holders=people, issued=FIRST.issued + (version - 1) * DAY)
    return read_charter(replace(made, **changed).envelope().payload)


def signed(paper, *names):
    envelope = paper.envelope()
    for name in names:
        envelope = envelope.signed(pen(name))
    return envelope


def refused(envelopes, sentence):
    with pytest.raises(Illegible, match=sentence):
        read_chain(canonical(chain_document(envelopes)))


ROOT = signed(FIRST, "ada", "bea")
SECOND_VERSION = of(NEW, 2)
FIVE = [OLD, NEW, ("dora", "emil", "fred"), ("dora", "emil"), ("emil", "dora", "ada", "bea")]


def chain_of_five():
    """Each is signed by two of the old approvers and two of the new."""
    papers = [of(approvers, version) for version, approvers in enumerate(FIVE, 1)]
    before = [FIVE[0], *FIVE]
    return papers, [signed(paper, *old[-2:], *new[:2]) for paper, old, new in zip(papers, before, FIVE, strict=False)]


def test_the_first_charter_is_signed_by_its_own_approvers():
    assert succeeds(ROOT, FIRST, None) is None
    assert prove_chain([ROOT]) == [FIRST]


@pytest.mark.parametrize("names", [(), ("ada",), ("ada", "olga"), ("ada", "dora"), ("olga", "dirk", "log")])
def test_the_first_charter_without_two_of_its_approvers_is_refused(names):
    refused([signed(FIRST, *names)], "signed by . of the 2 approvers that version 1 asks for")


def test_a_chain_begins_with_version_one():
    refused([signed(SECOND_VERSION, *OLD, *NEW)], "the first charter has version 1")


@pytest.mark.parametrize(
    "names",
    [names for count in range(6) for names in itertools.combinations(("ada", "bea", "carl", "dora", "emil"), count)],
    ids="-".join,
)
def test_a_version_follows_exactly_when_the_old_threshold_and_the_new_one_signed_it(names):
    """Carl stands in both charters, and his one signature counts in each."""
    met = all(len(set(names) & set(approvers)) >= 2 for approvers in (OLD, NEW))
    assert (succeeds(signed(SECOND_VERSION, *names), SECOND_VERSION, FIRST) is None) == met


@pytest.mark.parametrize(
    ("names", "version"), [((), 1), (("dora", "emil"), 1), (("ada", "bea"), 2), (("ada", "bea", "dora"), 2)]
)
def test_the_refusal_says_whose_threshold_is_not_met(names, version):
    refused([ROOT, signed(SECOND_VERSION, *names)], f"approvers that version {version} asks for")


def test_a_higher_threshold_binds_the_version_that_sets_it_and_the_one_after():
    strict = of(OLD, 2, irreversible=3)
    assert succeeds(signed(strict, "ada", "bea"), strict, FIRST) is not None
    assert succeeds(signed(strict, *OLD), strict, FIRST) is None
    loose = of(OLD, 3)
    assert succeeds(signed(loose, "ada", "bea"), loose, strict) is not None
    assert succeeds(signed(loose, *OLD), loose, strict) is None


def test_signatures_of_other_roles_do_not_rotate_a_charter():
    assert succeeds(signed(SECOND_VERSION, "olga", "dirk", "erik", "anna", "log"), SECOND_VERSION, FIRST) is not None


def test_signatures_on_another_charter_do_not_rotate_this_one():
    borrowed = replace(SECOND_VERSION.envelope(), signatures=signed(of(NEW, 2, delay=7), *OLD, *NEW).signatures)
    refused([ROOT, borrowed], "signed by 0 of the 2")


@pytest.mark.parametrize("version", [1, 3, 7])
def test_no_version_is_skipped_said_again_or_taken_back(version):
    refused(
        [ROOT, signed(of(NEW, version, issued=FIRST.issued), *OLD, *NEW)],
        f"version {version} does not follow version 1",
    )


def test_an_older_charter_does_not_follow_a_newer_one():
    _, envelopes = chain_of_five()
    for later, earlier in itertools.combinations(range(5), 2):
        with pytest.raises(Illegible, match="cannot be trusted"):
            prove_chain([*envelopes[: earlier + 1], envelopes[later]])


def test_another_offices_charter_does_not_follow():
    refused([ROOT, signed(of(NEW, 2, office="example.net/office"), *OLD, *NEW)], "of the same office")


def test_a_charter_is_not_issued_before_the_one_it_follows():
    assert succeeds(signed(of(NEW, 2, issued=FIRST.issued), *OLD, *NEW), of(NEW, 2, issued=FIRST.issued), FIRST) is None
    refused([ROOT, signed(of(NEW, 2, issued=FIRST.issued - SECOND), *OLD, *NEW)], "does not follow")


def test_a_chain_of_five_is_proven_from_the_first():
    papers, envelopes = chain_of_five()
    assert read_chain(canonical(chain_document(envelopes))) == (envelopes, papers)
    for count in range(1, 6):
        assert prove_chain(envelopes[:count]) == papers[:count]


@pytest.mark.parametrize("gone", range(4))
def test_a_chain_with_a_missing_link_is_refused(gone):
    _, envelopes = chain_of_five()
    refused(envelopes[:gone] + envelopes[gone + 1 :], "cannot be trusted")


@pytest.mark.parametrize("link", range(5))
def test_a_chain_with_one_link_unsigned_is_refused(link):
    _, envelopes = chain_of_five()
    envelopes[link] = replace(envelopes[link], signatures=())
    refused(envelopes, f"version {link + 1} is signed by 0 of the 2")


def test_a_link_that_was_changed_after_it_was_signed_is_refused():
    papers, envelopes = chain_of_five()
    envelopes[2] = replace(envelopes[2], payload=replace(papers[2], delay=0).envelope().payload)
    refused(envelopes, "version 3 is signed by 0 of the 2")


def test_who_was_rotated_out_counts_under_the_old_charter_and_not_under_the_new():
    """The key is lost: what it signed before stands, what it signs from now on is nothing."""
    paper = Envelope(STATEMENT_TYPE, b"{}").signed(pen("ada")).signed(pen("carl"))
    assert FIRST.signed_by(paper, Role.APPROVER) == {"ada", "carl"}
    assert SECOND_VERSION.signed_by(paper, Role.APPROVER) == {"carl"}


def test_a_new_key_of_the_same_person_replaces_the_lost_one():
    fresh = replace(holders()["ada"], keys=(pen("ada-2").public,))
    later = replace(of(OLD, 2), holders=holders() | {"ada": fresh})
    envelope = signed(later, "ada-2", "bea", "carl")
    assert succeeds(envelope, later, FIRST) is None
    assert succeeds(signed(later, "ada", "bea"), later, FIRST) is not None
    assert later.signed_by(Envelope(STATEMENT_TYPE, b"{}").signed(pen("ada")), Role.APPROVER) == frozenset()


def test_who_was_rotated_in_does_not_count_under_the_old_charter():
    paper = Envelope(STATEMENT_TYPE, b"{}").signed(pen("dora"))
    assert FIRST.signed_by(paper, Role.APPROVER) == frozenset()
    assert SECOND_VERSION.signed_by(paper, Role.APPROVER) == {"dora"}


def test_a_charter_is_in_force_from_its_issue_until_the_next():
    papers, _ = chain_of_five()
    issued = [paper.issued for paper in papers]
    assert charter_at(papers, 1, issued[0] - SECOND) is None
    assert charter_at(papers, 1, issued[0]) == charter_at(papers, 1, issued[1]) == papers[0]
    assert charter_at(papers, 1, issued[1] + SECOND) is None
    assert charter_at(papers, 3, issued[2] - SECOND) is None
    assert charter_at(papers, 5, issued[4] + 10_000 * DAY) == papers[4]
    assert charter_at(papers, 6, issued[4] + DAY) is None
    assert charter_at([], 1, issued[0]) is None


@pytest.mark.parametrize(
    "changed",
    [{"schema": "brightline/charter/v1"}, {"versions": []}, {"versions": [7]}, {"versions": None}, {"more": 1}],
)
def test_a_chain_of_another_shape_is_refused(changed):
    with pytest.raises(Illegible):
        read_chain(canonical(chain_document([ROOT]) | changed))


def test_a_chain_that_is_too_long_is_refused_before_it_is_proven():
    refused([ROOT] * (VERSIONS + 1), f"1 to {VERSIONS} charters")


def test_a_link_of_another_payload_type_is_refused():
    wrong = Envelope(STATEMENT_TYPE, FIRST.envelope().payload).signed(pen("ada")).signed(pen("bea"))
    refused([wrong], "holds 'application/vnd.in-toto")
