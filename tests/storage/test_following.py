"""What is known of a manifest is forgotten when the log says something about it, whoever said it, and not before."""

from pathlib import Path

import pytest
from tests.offices import decided, examined, file_case, write_model

from brightline.assembly.deciding import notice_case
from brightline.assembly.hosting.sight import knowing as rooms
from brightline.assembly.hosting.sight.knowing import Knowing, Known
from brightline.assembly.office import Office, View
from brightline.assembly.ordering import issue_order, lift_order
from brightline.authority.case import State
from brightline.permit.order import Effect
from brightline.release.component import Component


def test_only_what_new_entries_are_about_is_read_again(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other = (file_case(office, write_model(tmp_path / str(seed), seed)) for seed in (1, 2))
    knowing, looked = Knowing(office), list[str]()
    real = rooms._look

    def look(view: View, manifest: str) -> Known:
        looked.append(manifest)
        return real(view, manifest)

    monkeypatch.setattr(rooms, "_look", look)

    def state() -> tuple[State, int]:
        with office.engine.begin() as connection:
            cases, orders = knowing.known(connection, mine.manifest)
            return cases[0].state, sum(one.lifted is None for one in orders)

    def looks() -> int:
        looked.clear()
        state()
        return len(looked)

    assert (looks(), looks()) == (1, 0)
    office.say("accept", other.number, "officer", {"missing": []})
    file_case(office, write_model(tmp_path / "3", 3))
    issue_order(office, other.manifest, (Component.WEIGHTS,), "everybody", "x", None)
    assert looks() == 0
    examined(office, mine.number)
    decided(office, mine.number)
    assert (looks(), looks(), state()) == (1, 0, (State.IN_FORCE, 0))
    with Office(office.settings.folder) as elsewhere:
        made = issue_order(elsewhere, mine.manifest, (Component.WEIGHTS,), "everybody", "x", None)
        assert state() == (State.IN_FORCE, 1)
        lift_order(elsewhere, made.order.number, "over")
        assert (looks(), looks(), state()) == (1, 0, (State.IN_FORCE, 0))
        notice_case(elsewhere, mine.number, "suspend", Effect.SUSPENDED, "officer", "x")
    assert state() == (State.SUSPENDED, 0)
