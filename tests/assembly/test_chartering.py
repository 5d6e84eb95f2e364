"""Rotation on a real office: new people, a new log key, and papers that stay provable on either side of it."""

import json
from pathlib import Path

import pytest
from tests.offices import approvers, decided, examined, file_case, found, write_model

from brightline.assembly import chartering, deciding
from brightline.assembly.deciding import Wanted, notice_case, open_signer
from brightline.assembly.export import write_export
from brightline.assembly.office import Office
from brightline.assembly.ordering import issue_order
from brightline.assembly.refusal import Refused
from brightline.assembly.verification import verify
from brightline.authority.case import State
from brightline.permit.order import Effect
from brightline.release.component import Component
from brightline.storage.record.keys import make_key, read_key, write_key


@pytest.fixture
def office(tmp_path):
    with Office(found(tmp_path / "office")) as opened:
        yield opened


def draft(office, place, **holders):
    """The next version, with other keys for some of its holders."""
    document = chartering.draft_charter(office)
    for name, key in holders.items():
        document["holders"][name.replace("_", "-")]["keys"] = [key.public.document()]
    place.write_text(json.dumps(document))
    return place


def sign(office, place, *keys):
    for key in keys:
        chartering.sign_draft(office, place, open_signer(office, str(key)))


def new_key(office, name):
    key = make_key()
    write_key(office.settings.keys / name, key, office.passphrase())
    return key


def publish(office, place, number):
    file_case(office, write_model(place / f"model-{number}", number))
    examined(office, number)
    decided(office, number)


def test_what_was_permitted_before_and_after_a_rotation_is_proven(office, tmp_path):
    publish(office, tmp_path, 1)
    log = new_key(office, "log-2.pem")
    place = draft(office, tmp_path / "next.json", log=log)
    sign(office, place, *approvers(office)[:2])
    assert chartering.adopt_charter(office, place).version == 2
    publish(office, tmp_path, 2)
    for number in (1, 2):
        _, files = write_export(office, number, tmp_path / f"papers-{number}")
        proven = verify(tmp_path / f"model-{number}", files[0])
        assert proven, proven.checks
    (office.settings.keys / "log.pem").unlink()
    publish(office, tmp_path, 3)


def test_who_was_replaced_signs_no_more(office, tmp_path):
    place = draft(office, tmp_path / "next.json", approver_1=new_key(office, "approver-4.pem"))
    sign(office, place, *approvers(office)[1:])
    chartering.adopt_charter(office, place)
    file_case(office, write_model(tmp_path / "model"))
    examined(office, 1)
    with pytest.raises(Refused, match="no key of this office's charter"):
        decided(office, 1)


def test_a_charter_that_too_few_have_signed_changes_nothing(office, tmp_path):
    place = draft(office, tmp_path / "next.json", approver_1=new_key(office, "approver-4.pem"))
    sign(office, place, approvers(office)[0], office.settings.keys / "approver-4.pem")
    before = office.read(lambda view: view.log.checkpoint())
    with pytest.raises(Refused, match="signed by 1 of the 2 approvers that version 1 asks for"):
        chartering.adopt_charter(office, place)
    assert office.charter.version == 1
    assert office.read(lambda view: view.log.checkpoint()) == before


def test_an_office_without_the_new_log_key_adopts_nothing(office, tmp_path):
    place = draft(office, tmp_path / "next.json", log=make_key())
    sign(office, place, *approvers(office)[:2])
    with pytest.raises(Refused, match="not the key that the charter names"):
        chartering.adopt_charter(office, place)
    assert office.charter.version == 1
    office.say("accept", file_case(office, write_model(tmp_path / "model")).number, "officer", {"missing": []})


def test_a_process_from_before_the_rotation_writes_no_more(office, tmp_path):
    with Office(office.settings.folder) as other:
        file_case(other, write_model(tmp_path / "one"))
        place = draft(office, tmp_path / "next.json", log=new_key(office, "log-2.pem"))
        sign(office, place, *approvers(office)[:2])
        chartering.adopt_charter(office, place)
        with pytest.raises(Refused, match="start this process again") as refusal:
            other.say("accept", 1, "officer", {"missing": []})
        assert refusal.value.code == "STALE-KEY"
    assert office.say("accept", 1, "officer", {"missing": []}).due is not None


def test_a_key_of_nobody_does_not_sign(office, tmp_path):
    place = draft(office, tmp_path / "next.json")
    before = place.read_bytes()
    with pytest.raises(Refused, match="belongs to no approver"):
        sign(office, place, office.settings.keys / "officer.pem")
    assert place.read_bytes() == before


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"payloadType": 1}'])
def test_a_draft_that_is_none_is_refused(office, tmp_path, content):
    (tmp_path / "next.json").write_text(content)
    with pytest.raises(Refused):
        chartering.adopt_charter(office, tmp_path / "next.json")


def test_an_officer_with_a_new_key_orders_and_suspends_with_it(office, tmp_path):
    publish(office, tmp_path, 1)
    place = draft(office, tmp_path / "next.json", officer=new_key(office, "officer-2.pem"))
    sign(office, place, *approvers(office)[:2])
    chartering.adopt_charter(office, place)
    assert notice_case(office, 1, "suspend", Effect.SUSPENDED, "officer", "an incident").state is State.SUSPENDED
    manifest = office.read(lambda view: view.case(1)).manifest
    assert issue_order(office, manifest, (Component.WEIGHTS,), "everybody", "an incident", None).runs(office.clock())


def test_an_approver_keeps_its_key_under_a_passphrase_of_its_own(office, tmp_path, monkeypatch):
    file_case(office, write_model(tmp_path / "model"))
    examined(office, 1)
    deciding.draft_case(office, 1, "officer", Wanted())
    mine = tmp_path / "mine.pem"
    write_key(mine, read_key(Path(approvers(office)[0]), office.passphrase()), "known to approver-1 alone")
    with pytest.raises(Refused, match="the passphrase does not open"):
        deciding.sign_case(office, 1, str(mine))
    monkeypatch.setenv("BRIGHTLINE_KEY_PASSPHRASE", "known to approver-1 alone")
    assert [vote.holder for vote in deciding.sign_case(office, 1, str(mine)).draft.votes] == ["approver-1"]
