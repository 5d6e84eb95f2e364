"""An examination is a durable job: it tells how far it is, is cancelled between two files, and is begun again."""

import pytest
from tests.offices import file_case, found, write_model

from brightline.assembly import examination
from brightline.assembly.office import Office
from brightline.assembly.refusal import Refused
from brightline.authority.case import State


@pytest.fixture
def office(tmp_path):
    """With a release of 200 files, accepted."""
    model = write_model(tmp_path / "model")
    for number in range(200):
        (model / f"part-{number:03d}.json").write_text(f'{{"part": {number}}}')
    with Office(found(tmp_path / "office")) as opened:
        file_case(opened, model)
        opened.say("accept", 1, "officer", {"missing": []})
        yield opened


def test_a_job_is_cancelled_and_the_next_one_comes_to_its_end(office):
    seen = []
    with examination.examining(office):
        handle = examination.begin(1, "examiner")
        assert examination.begin(1, "examiner").workflow_id == handle.workflow_id, "one job at a time"
        while (now := examination.progress(office, 1)).done < 3:
            seen.append(now.done)
        assert examination.cancel(1)
        with pytest.raises(Refused, match="the examination of case 1 did not end"):
            examination.wait(handle, office, 1, lambda _now: None)
        stopped = examination.progress(office, 1)
        assert (stopped.status, stopped.total) == ("cancelled", 204)
        assert 3 <= stopped.done < 204
        assert office.read(lambda view: view.case(1)).state is State.ACCEPTED
        assert not examination.cancel(1), "there is nothing to cancel any more"
        case = examination.wait(examination.begin(1, "examiner"), office, 1, lambda now: seen.append(now.done))
    assert (case.state, case.clearance) == (State.UNDER_REVIEW, "pass")
    with examination.examining(office):
        assert examination.progress(office, 1).done == 204


def test_a_case_that_was_not_accepted_is_not_examined(tmp_path):
    with Office(found(tmp_path / "office")) as opened, examination.examining(opened):
        file_case(opened, write_model(tmp_path / "model"))
        with pytest.raises(Refused, match="accept it first"):
            examination.begin(1, "examiner")
        assert examination.progress(opened, 1) is None
