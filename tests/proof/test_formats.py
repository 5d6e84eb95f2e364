"""Every version of every format that was ever issued is read and verified for ever. Nothing in fixtures/ is changed again.

v1 was written with the keys of tests/authority/office.py, one of them replaced by a P-256 key that is gone since: two
charters, the second adopted before the permit was published, two approvers, one witness.
"""

import json
from pathlib import Path

import pytest
from tests.authority.office import NOON, pen
from tests.proof.deployer import DAY, TODAY, folder

from brightline.permit.charter import Role, read_chain
from brightline.permit.envelope import STATEMENT_TYPE, parse_envelope
from brightline.permit.order import Effect, read_lifting, read_notice, read_order
from brightline.permit.permit import read_permit
from brightline.permit.standing import Force, read_standing
from brightline.permit.word import read_word
from brightline.proof.docket import read_docket
from brightline.proof.note import read_checkpoint
from brightline.proof.verification import Papers, log_key, verify_files, verify_papers, witness_keys

FIXTURES = Path(__file__).parent / "fixtures"
VERSIONS = ["v1"]
every_version = pytest.mark.parametrize("version", VERSIONS)


def kept(version, name):
    return (FIXTURES / version / name).read_bytes()


def papers(version):
    return Papers(*(kept(version, name) for name in ("permit.json", "charter.json", "permit.tlog-proof")))


def envelope(version, name):
    return parse_envelope(kept(version, name), STATEMENT_TYPE, name)


@every_version
def test_a_permit_with_its_proof_and_charter_is_proven(version):
    verification = verify_papers(papers(version), TODAY)
    verify_files(verification, folder(), [])
    assert verification.proven, verification.checks
    assert not verify_papers(papers(version), TODAY + DAY).proven, "it was as fresh as it said, and no fresher"


@every_version
def test_the_charters_prove_one_another(version):
    _, charters = read_chain(kept(version, "charter.json"))
    assert [charter.version for charter in charters] == [1, 2]
    assert charters[-1].signed_by(envelope(version, "permit.json"), Role.APPROVER) == {"ada", "carl"}


@every_version
def test_the_checkpoint_is_signed_by_log_and_witness(version):
    _, charters = read_chain(kept(version, "charter.json"))
    checkpoint = read_checkpoint(kept(version, "checkpoint").decode())
    assert checkpoint.signed_by(log_key(charters[-1]))
    assert [checkpoint.cosigned_by(key) for key in witness_keys(charters[-1])] == [
        read_docket(kept(version, "permit.tlog-proof")).standing.as_of
    ]


@every_version
def test_statements_say_what_they_said(version):
    permit = read_permit(envelope(version, "permit.json").payload)
    order = read_order(envelope(version, "order.json").payload)
    lifting = read_lifting(envelope(version, "lifting.json").payload)
    notice = read_notice(envelope(version, "notice.json").payload)
    standing = read_standing(envelope(version, "standing.json").payload)
    assert (permit.case, permit.title, permit.one_way) == (1, "Small Model", True)
    assert (order.callers, order.begins) == ("country in {X}", NOON)
    assert lifting.order == envelope(version, "order.json").digest
    assert (notice.permit, notice.effect) == (envelope(version, "permit.json").digest, Effect.RECALLED)
    assert standing.force is Force.IN_FORCE
    for name in ("order.json", "lifting.json", "notice.json"):
        assert envelope(version, name).signers({pen("olga").keyid: pen("olga").public})


@every_version
def test_an_entry_of_the_log_is_written_again_to_the_byte(version):
    entry = kept(version, "entry.json")
    assert read_word(entry).entry() == entry
    assert json.loads(entry)["schema"] == f"brightline/word/{version}"
