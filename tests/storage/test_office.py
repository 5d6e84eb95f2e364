"""The same office on SQLite and on PostgreSQL, both real."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from psycopg import OperationalError
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from tests.offices import DECLARED, approvers, decided, examined, file_case, found, write_model
from tests.servers import fresh_database

from brightline.assembly import deciding, exposing
from brightline.assembly.deciding import Wanted
from brightline.assembly.filing import Filing, file_release
from brightline.assembly.office import Office
from brightline.assembly.ordering import issue_order, lift_order, orders_on
from brightline.assembly.record import prove_entry, write_tiles
from brightline.assembly.refusal import Refused
from brightline.assembly.watching import watch_log
from brightline.authority.case import State
from brightline.authority.exposure import Exposure
from brightline.decision.access import Access
from brightline.permit.order import Effect
from brightline.permit.permit import read_permit
from brightline.permit.standing import Force
from brightline.permit.word import read_word
from brightline.proof.merkle import consistent, inclusion, leaf_hash, root
from brightline.proof.monitor import Forked
from brightline.proof.tlogproof import read_proof
from brightline.proof.verification import log_key
from brightline.release.component import Component
from brightline.storage.accounts import tokens
from brightline.storage.ledger import Turn
from brightline.storage.sql import schema


def published(office: Office, place: Path) -> int:
    number = file_case(office, write_model(place)).number
    examined(office, number)
    decided(office, number)
    return number


def test_a_case_goes_from_filing_to_a_permit_in_force_and_to_its_recall(office: Office, tmp_path: Path) -> None:
    number = published(office, tmp_path / "model")
    case = office.read(lambda view: view.case(number))
    assert case.state is State.IN_FORCE
    assert case.access(office.clock())[Component.WEIGHTS] is Access.OPEN
    deciding.notice_case(office, number, "suspend", Effect.SUSPENDED, "officer", "an incident")
    deciding.notice_case(office, number, "resume", Effect.RESUMED, "officer", "it was none")
    after = deciding.notice_case(office, number, "recall", Effect.RECALLED, "officer", "it was one")
    assert after.force(after.issued[0].draft.permit, office.clock()) is Force.RECALLED
    assert after.access(office.clock())[Component.WEIGHTS] is Access.WITHHELD


def test_what_is_opened_again_is_what_was_closed(folder: Path, tmp_path: Path) -> None:
    with Office(folder) as office:
        number = published(office, tmp_path / "model")
        before = office.read(lambda view: view.case(number))
    with Office(folder) as office:
        assert office.read(lambda view: view.case(number)) == before
        assert file_case(office, write_model(tmp_path / "other", 1)).number == number + 1


def test_acts_that_arrive_together_are_all_in_the_log_and_numbered_apart(office: Office, tmp_path: Path) -> None:
    number = file_case(office, write_model(tmp_path / "model")).number
    with ThreadPoolExecutor(16) as threads:
        said = [
            threads.submit(office.say, "conflict", number, "officer", {"person": "approver-3", "text": f"{count}"})
            for count in range(64)
        ]
        assert all(one.result() for one in said)
    with office.engine.begin() as connection:
        words = [read_word(bytes(entry)) for entry in connection.execute(select(schema.entries.c.entry)).scalars()]
    assert sorted(word.body["text"] for word in words if word.act == "conflict") == sorted(map(str, range(64)))


def test_a_permit_that_would_be_over_before_it_begins_is_not_drafted(office: Office, tmp_path: Path) -> None:
    number, hour = file_case(office, write_model(tmp_path / "model")).number, timedelta(hours=1)
    examined(office, number)
    at = office.clock()
    with pytest.raises(Refused, match="before it takes effect"):
        deciding.draft_case(office, number, "officer", Wanted((), at + 2 * hour, at + hour))
    assert deciding.draft_case(office, number, "officer", Wanted((), at + hour, at + 2 * hour)).draft is not None


def test_a_refused_act_leaves_no_trace(office: Office, tmp_path: Path) -> None:
    number = file_case(office, write_model(tmp_path / "model")).number
    before = office.read(lambda view: view.log.checkpoint())
    with pytest.raises(Refused, match="needs decided"):
        deciding.publish_case(office, number, "officer")
    assert office.read(lambda view: view.log.checkpoint()) == before


def test_every_checkpoint_grows_out_of_every_earlier_one(office: Office, tmp_path: Path) -> None:
    number = file_case(office, write_model(tmp_path / "model")).number
    seen = []
    for count in range(20):
        office.say("conflict", number, "officer", {"person": "approver-3", "text": f"{count}"})
        seen.append(office.read(lambda view: view.log.checkpoint()))
    newest = seen[-1]
    for old in seen:
        path = office.read(lambda view, old=old: view.log.consistency(old.size, newest.size))
        assert consistent(old.size, newest.size, path, old.root, newest.root)


def test_tiles_hold_the_tree_of_the_entries(office: Office, tmp_path: Path) -> None:
    """More than one full tile, so that the level above has one hash."""
    number = file_case(office, write_model(tmp_path / "model")).number
    with ThreadPoolExecutor(32) as threads:
        list(
            threads.map(
                lambda count: office.say("conflict", number, "officer", {"person": "approver-3", "text": f"{count}"}),
                range(300),
            )
        )
    with office.engine.begin() as connection:
        entries = [
            bytes(one) for one in connection.execute(select(schema.entries.c.entry).order_by("number")).scalars()
        ]
    leaves = [leaf_hash(entry) for entry in entries]

    def naive(level: int, at: int) -> bytes:
        return root(lambda _level, one: leaves[(at << level) + one], 1) if level == 0 else _pair(naive, level, at)

    head = office.read(lambda view: view.log.checkpoint())
    assert head.root == root(naive, len(entries))
    assert office.read(lambda view: view.log.inclusion(7, head.size)) == tuple(inclusion(naive, 7, head.size))


def _pair(naive, level: int, at: int) -> bytes:
    from brightline.proof.merkle import node_hash

    return node_hash(naive(level - 1, 2 * at), naive(level - 1, 2 * at + 1))


def test_a_proof_of_an_entry_holds_and_a_missing_one_is_refused(office: Office) -> None:
    proof = read_proof(office.read(lambda view: prove_entry(view, 0)))
    assert proof.holds(proof.extra)
    assert proof.checkpoint.signed_by(log_key(office.charter))
    with pytest.raises(Refused, match="there is no entry 9"):
        office.read(lambda view: prove_entry(view, 9))


def test_a_rewritten_entry_is_told_as_a_fork(office: Office, tmp_path: Path) -> None:
    number = file_case(office, write_model(tmp_path / "model")).number
    key = log_key(office.charter)
    write_tiles(office, tmp_path / "log")
    seen = watch_log(str(tmp_path / "log"), key, None)
    with office.engine.begin() as connection:
        entry = connection.execute(select(schema.entries.c.entry).where(schema.entries.c.number == 0)).scalar_one()
        changed = bytes(entry).replace(b"charter", b"chartrr", 1)
        connection.execute(update(schema.entries).where(schema.entries.c.number == 0).values(entry=changed))
        hashes = connection.execute(select(schema.tiles.c.hashes)).scalar_one()
        connection.execute(update(schema.tiles).values(hashes=leaf_hash(changed) + bytes(hashes)[32:]))
    with Office(office.settings.folder) as again:
        again.say("conflict", number, "officer", {"person": "approver-3", "text": "x"})
        write_tiles(again, tmp_path / "log")
    with pytest.raises(Forked, match="do not begin with"):
        watch_log(str(tmp_path / "log"), key, seen.checkpoint)


def test_two_processes_write_one_log(folder: Path, tmp_path: Path) -> None:
    with Office(folder) as one, Office(folder) as other:
        number = file_case(one, write_model(tmp_path / "model")).number
        for count in range(10):
            for office in (one, other):
                office.say("conflict", number, "officer", {"person": "approver-3", "text": f"{count}"})
        assert one.read(lambda view: view.log.checkpoint()) == other.read(lambda view: view.log.checkpoint())
        assert one.read(lambda view: view.log.checkpoint()).size == 22


def test_an_order_runs_from_the_moment_it_is_issued_until_it_is_lifted(office: Office, tmp_path: Path) -> None:
    manifest = file_case(office, write_model(tmp_path / "model")).manifest
    ordered = issue_order(office, manifest, (Component.WEIGHTS,), "country in {X}", "a reason", None)
    assert [one.digest for one in office.read(lambda view: orders_on(view, manifest))] == [ordered.digest]
    assert ordered.bars(Component.WEIGHTS, {"country": "X"}, office.clock())
    lift_order(office, ordered.order.number, "over")
    after = office.read(lambda view: orders_on(view, manifest))[0]
    assert not after.bars(Component.WEIGHTS, {"country": "X"}, office.clock())
    with pytest.raises(Refused, match="lifted already"):
        lift_order(office, ordered.order.number, "again")


def test_whoever_has_the_bytes_is_told_of_a_recall(office: Office, tmp_path: Path) -> None:
    case = file_case(office, write_model(tmp_path / "model"))
    for caller, contact in (("bo", "bo@example.org"), ("ada", "=cmd()"), ("", "")):
        what = ("model.safetensors", "0" * 64, 2_048, caller, contact, office.clock(), case.number)
        exposing.record_exposure(office, Exposure(case.manifest, Component.WEIGHTS, *what))
    told, unnamed = office.read(lambda view: exposing.told_of(view, case.manifest))
    assert ([one.caller for one in told], unnamed) == (["ada", "bo"], 1)
    assert "'=cmd()" in exposing.told_csv(told)


def test_a_token_is_good_until_it_expires_or_is_revoked(office: Office) -> None:
    at = office.clock()
    with office.engine.begin() as connection:
        secret, token = tokens.create_token(connection, "n", "acme", frozenset({"cases:read"}), at, None)
        assert tokens.find_token(connection, secret, at).holder == "acme"
        assert tokens.find_token(connection, secret + "x", at) is None
        assert tokens.revoke_token(connection, token.identity, at)
        assert tokens.find_token(connection, secret, at) is None
        kept = connection.execute(select(schema.tokens)).all()
    assert secret not in repr(kept)


def test_a_lost_document_refuses_instead_of_granting(office: Office, tmp_path: Path) -> None:
    """Law 1: a missing row refuses."""
    number = published(office, tmp_path / "model")
    with office.engine.begin() as connection:
        connection.execute(delete(schema.documents))
    with pytest.raises(ValueError, match="among the documents"):
        office.read(lambda view: view.case(number))


def test_bytes_that_were_lost_are_a_finding_and_no_determination(office: Office, tmp_path: Path) -> None:
    number = file_case(office, write_model(tmp_path / "model")).number
    blob = next(place for place in (office.settings.folder / "blobs").rglob("*") if place.is_file())
    blob.write_bytes(b"#" + blob.read_bytes()[1:] if blob.read_bytes()[:1] != b"#" else b"%" + blob.read_bytes()[1:])
    with pytest.raises(Refused, match="did not end"):
        examined(office, number)


def test_a_derivative_is_capped_and_measured_by_its_bases_own_case(office: Office, tmp_path: Path) -> None:
    """The base's weights are narrowed to gated; the derivative's applicant says that the base is a thousand times larger."""
    base = file_case(office, write_model(tmp_path / "base")).number
    examined(office, base)
    narrow = deciding.Wanted(narrower={Component.WEIGHTS: Access.GATED})
    deciding.draft_case(office, base, "officer", narrow)
    deciding.sign_case(office, base, approvers(office)[0])
    deciding.sign_case(office, base, approvers(office)[1])
    office.say("decide", base, "officer", {})
    deciding.publish_case(office, base, "officer")
    declared = f'{DECLARED}[finetune]\ncompute = "1e12"\n[model]\nbase_compute = "1e30"\n'
    model = write_model(tmp_path / "derivative", 1, declared)
    number = file_release(office, Filing(str(model), "globex", base=base)).number
    examined(office, number)
    drafted = deciding.draft_case(office, number, "officer", deciding.Wanted()).draft
    assert drafted is not None
    assert drafted.access[Component.WEIGHTS] is Access.GATED
    content = office.read(lambda view: view.document(drafted.permit))
    condition = read_permit(content).conditions[-1]
    assert condition.startswith("a derivative, with 0.")
    assert "it inherits the base's status" in condition


def test_an_act_that_cannot_be_stored_fails_alone(office: Office, tmp_path: Path) -> None:
    """All three wait for the same commit: the writer is held until they are there."""
    number = file_case(office, write_model(tmp_path / "model")).number
    held, go = threading.Event(), threading.Event()

    def hold(_turn: Turn) -> None:
        held.set()
        go.wait(10)

    def poison(turn: Turn) -> None:
        turn.rows.append((insert(schema.entries), {"number": 0, "case": 0, "act": "x", "entry": b""}))

    with ThreadPoolExecutor(4) as threads:
        threads.submit(office.perform, hold)
        held.wait(10)
        first = threads.submit(office.say, "conflict", number, "officer", {"person": "approver-1", "text": "one"})
        bad = threads.submit(office.perform, poison)
        last = threads.submit(office.say, "conflict", number, "officer", {"person": "approver-2", "text": "two"})
        time.sleep(0.2)
        go.set()
        assert isinstance(bad.exception(), IntegrityError)
        assert last.result().conflicts >= {"approver-2"}
        assert first.result() is not None


def test_what_was_committed_without_an_answer_is_not_said_twice(server: str, tmp_path: Path, monkeypatch) -> None:
    """Two wait for the same commit; the database ends when it has made it."""
    with Office(found(tmp_path / "office", fresh_database(server))) as office, ThreadPoolExecutor(3) as threads:
        number = file_case(office, write_model(tmp_path / "model")).number
        held, go, committed = threading.Event(), threading.Event(), office.engine.dialect.do_commit

        def hold(_turn: Turn) -> None:
            held.set()
            go.wait(10)
            monkeypatch.setattr(office.engine.dialect, "do_commit", holds)

        def holds(connection: Any) -> None:
            committed(connection)
            monkeypatch.setattr(office.engine.dialect, "do_commit", lost)

        def lost(connection: Any) -> None:
            committed(connection)
            monkeypatch.undo()
            connection.driver_connection.close()
            raise OperationalError("server closed the connection unexpectedly")

        threads.submit(office.perform, hold)
        held.wait(10)
        said = [
            threads.submit(office.say, "conflict", number, "officer", {"person": f"approver-{one}", "text": "x"})
            for one in (1, 2)
        ]
        time.sleep(0.2)
        go.set()
        assert all(isinstance(one.exception(), DBAPIError) for one in said)
        with office.engine.begin() as connection:
            acts = connection.execute(select(schema.entries.c.act).where(schema.entries.c.case == number)).scalars()
            assert list(acts).count("conflict") == 2
        office.say("conflict", number, "officer", {"person": "approver-3", "text": "x"})


def test_an_entry_that_is_too_long_is_refused_before_it_is_written(office: Office, tmp_path: Path) -> None:
    filing = Filing(str(write_model(tmp_path / "model")), "acme", tuple("\U0001f600" * 3_999 for _ in range(8)))
    with pytest.raises(Refused, match="longer than 65535 bytes"):
        file_release(office, filing)


def test_a_reader_sees_one_moment(folder: Path, tmp_path: Path) -> None:
    """Between two looks of one answer the permit is recalled: both are from before it."""
    with Office(folder) as office, Office(folder) as other:
        number = published(office, tmp_path / "model")

        def ask(view):
            before = view.case(number).state
            deciding.notice_case(other, number, "recall", Effect.RECALLED, "officer", "an incident")
            return before, view.case(number).state, view.log.checkpoint().size

        before, after, size = office.read(ask)
        assert before is after is State.IN_FORCE
        assert office.read(lambda view: view.log.checkpoint()).size == size + 1


def test_a_derivative_of_a_recalled_base_is_not_published(office: Office, tmp_path: Path) -> None:
    base = published(office, tmp_path / "base")
    number = file_release(office, Filing(str(write_model(tmp_path / "derivative", 1)), "globex", base=base)).number
    examined(office, number)
    deciding.draft_case(office, number, "officer", deciding.Wanted())
    for key in approvers(office)[:2]:
        deciding.sign_case(office, number, key)
    office.say("decide", number, "officer", {})
    deciding.notice_case(office, base, "recall", Effect.RECALLED, "officer", "an incident")
    with pytest.raises(Refused, match="narrowed since"):
        deciding.publish_case(office, number, "officer")
