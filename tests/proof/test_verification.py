"""The verifier, one defect at a time: each leaves everything else proven, and is told by the check it belongs to."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.authority.office import LINE, charter, holder
from tests.proof.deployer import DAY, NOON, TODAY, Deployer, folder, permit

from brightline.decision.access import Access
from brightline.permit.charter import Role
from brightline.permit.standing import Force
from brightline.proof.verification import CHECKS, Papers, Verification, verify_files, verify_papers
from brightline.release.component import Component

OTHER = "sha256:" + "0" * 64
GATED = dict.fromkeys(Component, Access.GATED) | {Component.DOCUMENTATION: Access.OPEN}
NO_WEIGHTS = GATED | {Component.WEIGHTS: Access.WITHHELD}
WITNESSED = charter(more={"wit": holder("wit", Role.WITNESS), "wes": holder("wes", Role.WITNESS)}, witnesses=2)
INSIDER = charter(more={"bea": holder("bea", Role.APPROVER, affiliations=("Acme-Labs",))})


def verified(deployer, at=TODAY, found=None, oddities=(), max_age=None):
    verification = verify_papers(deployer.papers(), at, max_age)
    verify_files(verification, folder() if found is None else found, oddities)
    return verification


def failed(verification):
    return {check.name for check in verification.checks if not check.held}


def test_what_is_as_it_should_be_is_proven_check_by_check():
    verification = verified(Deployer())
    assert bool(verification)
    assert [check.name for check in verification.checks] == list(CHECKS)


def gated(**changed):
    return permit([charter()], access=GATED, determination={"line_digest": LINE, "access": {}}, **changed)


def test_names_that_a_person_reads_alike_are_alike():
    composed, apart = "Soci\u00e9t\u00e9", "SOCIE\u0301TE\u0301"
    both = {name: holder(name, Role.APPROVER, affiliations=(composed,)) for name in ("ada", "bea")}
    made = charter(more=both)
    deployer = Deployer(charters=[made], permit=permit([made], applicant=apart, affiliates=()))
    assert failed(verified(deployer)) == {"signatures"}


def test_who_may_have_what_is_not_open_is_said():
    told = {check.name: check.sentence for check in verified(Deployer(permit=gated())).checks}
    assert "weights gated: for identified callers" in told["access"]


def test_what_can_be_undone_needs_one_signature_and_no_delay():
    assert verified(Deployer(permit=gated(), signers=("carl",), as_of=NOON), at=NOON)


DEFECTS = {
    "one signature where two are needed": (Deployer(signers=("ada",)), "signatures"),
    "the same person twice": (Deployer(signers=("ada", "ada")), "signatures"),
    "an approver who belongs to the applicant": (Deployer(charters=[INSIDER]), "signatures"),
    "signed by an officer": (Deployer(signers=("ada", "olga")), "signatures"),
    "signed by strangers": (Deployer(signers=("eve", "mallory")), "signatures"),
    "published under another charter": (Deployer(entry={"charter": 2}), "signatures"),
    "published in another case": (Deployer(entry={"case": 2}), "signatures"),
    "another permit was published": (Deployer(entry={"body": {"permit": OTHER}}), "log"),
    "only decided, not published": (Deployer(entry={"act": "decide"}), "log"),
    "a log key that is not the charter's": (Deployer(log="eve"), "log"),
    "no witness": (Deployer(charters=[WITNESSED]), "witnesses"),
    "one witness of two": (Deployer(charters=[WITNESSED], witnesses=("wit",)), "witnesses"),
    "its weights are withheld": (Deployer(permit=permit([charter()], access=NO_WEIGHTS)), "access"),
    "published before it was issued": (Deployer(entry={"at": NOON - timedelta(seconds=1)}), "log"),
    "a standing from before the checkpoint": (Deployer(standing={"size": 6}), "standing"),
    "the delay still runs": (Deployer(entry={"at": TODAY - DAY + timedelta(seconds=1)}), "effect"),
    "it begins tomorrow": (Deployer(permit=permit([charter()], effective=TODAY + DAY)), "effect"),
    "it has expired": (Deployer(permit=permit([charter()], expires=TODAY)), "effect"),
    **{f"it is {force}": (Deployer(standing={"force": force}), "standing") for force in Force if force != "in force"},
    "the standing is of another permit": (Deployer(standing={"permit": OTHER}), "standing"),
    "the standing is older than the entry": (Deployer(standing={"size": 1}), "standing"),
    "an order runs": (Deployer(standing={"orders": ("order 1 bars everybody",)}), "standing"),
    "the standing is too old": (Deployer(as_of=TODAY - timedelta(seconds=3_601)), "standing"),
    "the standing is from the future": (Deployer(as_of=TODAY + timedelta(minutes=6)), "standing"),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_of_the_papers_is_told_and_nothing_is_proven(defect):
    deployer, check = DEFECTS[defect]
    verification = verified(deployer)
    assert not verification
    expected = {"log", "standing"} if deployer.log == "eve" else {check}
    assert failed(verification) == expected


def test_witnesses_are_counted_by_their_names():
    assert verified(Deployer(charters=[WITNESSED], witnesses=("wit", "wes")))


def test_who_asks_for_more_freshness_gets_it_and_nobody_gets_less():
    assert not verified(Deployer(), max_age=timedelta(minutes=9))
    assert verified(Deployer(), max_age=timedelta(minutes=11))
    assert not verified(Deployer(as_of=TODAY - timedelta(hours=2)), max_age=timedelta(days=9))


def files(**changed):
    return {path.replace("_", "."): told for path, told in (folder() | changed).items() if told is not None}


@pytest.mark.parametrize(
    ("found", "oddities", "said"),
    [
        (files(**{"config.json": None}), (), "config.json is missing"),
        (files(**{"extra.bin": (1, "00" * 32)}), (), "extra.bin is not in the permit"),
        (files(**{"config.json": (11, "00" * 32)}), (), "config.json is not what was permitted"),
        (files(**{"config.json": (12, folder()["config.json"][1])}), (), "config.json is not what was permitted"),
        (folder(), ("config.json is a link",), "config.json is a link"),
        ({}, (), "and 0 more"),
    ],
)
def test_a_folder_that_differs_is_told_by_the_file(found, oddities, said):
    verification = verified(Deployer(), found=found, oddities=oddities)
    assert failed(verification) == {"files"}
    if found:
        assert said in verification.checks[-1].sentence


def swapped(first, second, *parts):
    """The papers of one office with some of another's."""
    one, other = first.papers(), second.papers()
    return replace(one, **{part: getattr(other, part) for part in parts})


ANOTHER_PERMIT = Deployer(permit=permit([charter()], title="Another"))
OTHERS = {name: holder(f"another {name}", Role.APPROVER) for name in ("ada", "bea", "carl")}
ANOTHER_CHARTER = Deployer(charters=[charter(more=OTHERS)], signers=("another ada", "another bea"))


@pytest.mark.parametrize(
    ("other", "part"),
    [(ANOTHER_PERMIT, "permit"), (ANOTHER_PERMIT, "proof"), (ANOTHER_CHARTER, "charters"), (ANOTHER_CHARTER, "permit")],
)
def test_papers_that_do_not_belong_together_prove_nothing(other, part):
    verification = verify_papers(swapped(Deployer(), other, part), TODAY)
    verify_files(verification, folder(), [])
    assert not verification


@pytest.mark.parametrize("part", ["permit", "charters", "proof"])
@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b"[]", b"null", b"{" * 9_999, b"\n\n"])
def test_a_paper_that_is_none_is_told_and_never_a_traceback(part, content):
    verification = verify_papers(replace(Deployer().papers(), **{part: content}), TODAY)
    verify_files(verification, folder(), [])
    assert not verification
    assert {"permit": "permit", "charters": "charter", "proof": "log"}[part] in failed(verification)


def test_no_checks_prove_nothing():
    assert not Verification()
    verification = verify_papers(Papers(b"", b"", b""), TODAY)
    assert not verification
    assert not verify_papers(Deployer().papers(), TODAY), "without the files nothing is proven"


def test_a_permit_stays_good_under_a_later_charter_and_its_signers_under_the_one_they_signed_under():
    later = charter(2, more={"ada": holder("ada-new", Role.APPROVER)}, freshness=7_200)
    both = [charter(), replace(later, issued=NOON + DAY)]
    before = permit(both[:1])
    assert verified(Deployer(charters=both, permit=before, entry={"charter": 1}))
    after = verified(Deployer(charters=both, permit=permit(both), entry={"at": NOON + DAY, "charter": 2}), at=TODAY)
    assert failed(after) == {"signatures"}, "ada's old key signs nothing under the charter that replaced it"


def test_a_charter_that_was_replaced_before_publication_counts_no_more():
    both = [charter(), replace(charter(2), issued=NOON - timedelta(hours=1))]
    verification = verified(Deployer(charters=both, permit=permit(both[:1]), entry={"charter": 1}))
    assert failed(verification) == {"signatures"}
