"""What is on record about a release comes in one question, and says what the log says: on both databases, and after every act."""

from pathlib import Path

import pytest
from sqlalchemy import event, insert
from tests.offices import decided, examined, file_case, write_model

from brightline.assembly import deciding
from brightline.assembly.deciding import Wanted
from brightline.assembly.hosting.sight.knowing import Knowing
from brightline.assembly.office import Office
from brightline.assembly.ordering import issue_order, lift_order, orders_on
from brightline.authority.case import Case, State
from brightline.authority.orders import Ordered
from brightline.permit.notation import Illegible
from brightline.permit.order import Effect
from brightline.release.component import Component
from brightline.storage.record.casebook import read_casebook
from brightline.storage.record.records import load_case, words_of
from brightline.storage.sql import schema
from brightline.storage.sql.database import stored, writing


@pytest.fixture
def case(office: Office, folder: Path) -> Case:
    """Examined; another release's case lies beside it."""
    other = file_case(office, write_model(folder.parent / "other", 2))
    decided(office, examined(office, other.number).number)
    filed = file_case(office, write_model(folder.parent / "model"))
    return examined(office, filed.number)


def known(office: Office, manifest: str) -> tuple[list[Case], list[Ordered], int]:
    """As whoever looks for the first time finds it, and in how many questions."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, said: str, *_rest: object) -> None:
        asked.append(said)

    with office.engine.begin() as connection:
        knowing = Knowing(office)
        knowing.view(connection)
        event.listen(office.engine, "before_cursor_execute", note)
        cases, orders = knowing.known(connection, manifest, knowing._followed)
        event.remove(office.engine, "before_cursor_execute", note)
        view = office.look(connection)
        numbers = [one.number for one in cases]
        assert cases == [load_case(connection, number, view) for number in numbers]
        assert orders == orders_on(view, manifest)
    return cases, orders, len(asked)


def test_it_follows_every_act(office: Office, case: Case) -> None:
    number, manifest = case.number, case.manifest
    assert known(office, manifest) == ([case], [], 1)
    deciding.draft_case(office, number, "officer", Wanted())
    [drafted], _, asked = known(office, manifest)
    assert (drafted.state, asked) == (State.DRAFTED, 2), "a draft that is no permit yet is looked up by itself"
    published = decided(office, number)
    assert known(office, manifest)[0] == [published]
    suspended = deciding.notice_case(office, number, "suspend", Effect.SUSPENDED, "officer", "an incident")
    assert known(office, manifest)[0] == [suspended], "and so is a notice"
    again = file_case(office, write_model(office.settings.folder.parent / "model"), "globex")
    first = issue_order(office, manifest, (Component.WEIGHTS,), "everybody", "an incident", None)
    second = issue_order(office, manifest, (Component.DATA,), "country in {X}", "another", None)
    lift_order(office, first.order.number, "over")
    cases, orders, _ = known(office, manifest)
    assert [one.number for one in cases] == [number, again.number]
    assert [(one.order.number, one.lifted is None) for one in orders] == [(1, False), (2, True)]
    assert orders[1] == second


def test_its_words_are_those_of_the_log(office: Office, case: Case) -> None:
    decided(office, case.number)
    with office.engine.begin() as connection:
        book = read_casebook(connection, case.manifest)
        assert {number: list(words) for number, words in book.cases.items()} == {
            case.number: list(words_of(connection, case.number))
        }
        assert read_casebook(connection, "sha256:" + "0" * 64).cases == {}


def test_what_is_broken_is_no_answer(office: Office, case: Case) -> None:
    """Law 1: a case that the log says nothing of, and an order that is not kept, are not as if there were none."""
    nothing = "sha256:" + "0" * 64
    about = {"applicant": "eve", "title": "", "manifest": case.manifest, "moved": stored(case.moved)}
    with writing(office.engine) as connection:
        connection.execute(insert(schema.cases), {"number": 90, "state": "in force", **about})
        connection.execute(
            insert(schema.orders),
            {"number": 9, "digest": nothing, "manifest": nothing, "by": "officer", "lifted": None},
        )
    with office.engine.begin() as connection:
        with pytest.raises(LookupError, match="case 90"):
            Knowing(office).known(connection, case.manifest)
        with pytest.raises(Illegible):
            Knowing(office).known(connection, nothing)
