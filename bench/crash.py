"""`python -m bench.crash`: an office is killed at random moments while it files, examines, signs and publishes.

After every kill: no acknowledged act lost, none half done, the log consistent with every checkpoint that was handed out,
and examinations going on where they stopped. Prints the seed and the figures; exits 1 on the first violation.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from sqlalchemy import Connection, func, select
from tests.offices import approvers, file_case, found, write_model
from tests.servers import fresh_database, postgresql

from brightline.assembly import deciding, examination
from brightline.assembly.deciding import Wanted
from brightline.assembly.office import Office
from brightline.assembly.refusal import Refused
from brightline.authority.case import State
from brightline.inspection.examination import Examined
from brightline.permit.word import read_word
from brightline.proof.merkle import consistent, leaf_hash, root
from brightline.proof.tile import nodes_of
from brightline.storage.record.log import Edge
from brightline.storage.record.records import words_of
from brightline.storage.sql import schema

OPEN = (State.TENDERED, State.ACCEPTED, State.UNDER_REVIEW, State.DRAFTED, State.DECIDED)


def note(place: Path, **row: object) -> None:
    """One line, at once: what a caller was told before the kill."""
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(descriptor, (json.dumps(row) + "\n").encode())
    os.close(descriptor)


def acknowledge(office: Office, kept: Path, number: int, act: str) -> None:
    head = office.read(lambda view: view.log.checkpoint())
    note(kept, case=number, act=act, size=head.size, root=head.root.hex())


def work(folder: Path, models: list[Path], seed: int) -> None:
    """What the office does until it is killed: unfinished cases first, then new ones."""
    rng = random.Random(seed)
    with Office(folder) as office:
        watch_steps(folder / "inspected", finished_steps(office))
        with examination.examining(office):
            go_on(office, folder / "acknowledged", models, rng)


def finished_steps(office: Office) -> set[tuple[str, str]]:
    """The files, by job, whose examination the database holds."""
    with office.engine.begin() as connection:
        rows = connection.execute(select(schema.examined.c.job, schema.examined.c.position)).all()
        cases = {int(row.job.split("-")[1]) for row in rows}
        view = office.look(connection)
        paths = {number: sorted(view_files(connection, view.case(number).manifest)) for number in cases}
    return {(row.job, paths[int(row.job.split("-")[1])][row.position]) for row in rows}


def view_files(connection: Connection, manifest: str) -> list[str]:
    return list(connection.execute(select(schema.files.c.path).where(schema.files.c.manifest == manifest)).scalars())


def watch_steps(kept: Path, finished: set[tuple[str, str]]) -> None:
    """Note every file that is inspected, and whether an earlier life had done it already."""
    inspect = examination.inspect_entry

    def counted(entry: examination.BlobEntry) -> Examined:
        job = str(examination.DBOS.workflow_id)
        note(kept, job=job, path=entry.path, again=(job, entry.path) in finished)
        return inspect(entry)

    examination.inspect_entry = counted


def go_on(office: Office, kept: Path, models: list[Path], rng: random.Random) -> None:
    with office.engine.begin() as connection:
        rows = connection.execute(select(schema.cases.c.number, schema.cases.c.state)).all()
    for number in [row.number for row in rows if row.state in OPEN]:
        finish(office, kept, number)
    while True:
        case = file_case(office, rng.choice(models))
        acknowledge(office, kept, case.number, "file")
        finish(office, kept, case.number)


def finish(office: Office, kept: Path, number: int) -> None:
    """A case from wherever it stands to a permit in force."""
    while True:
        case = office.read(lambda view: view.case(number))
        if case.state is State.TENDERED:
            office.say("accept", number, "officer", {"missing": []})
            acknowledge(office, kept, number, "accept")
        elif case.state is State.ACCEPTED:
            examination.wait(examination.begin(number, "examiner"), office, number, lambda _now: None)
            acknowledge(office, kept, number, "examine")
        elif case.state is State.UNDER_REVIEW:
            deciding.draft_case(office, number, "officer", Wanted())
            acknowledge(office, kept, number, "draft")
        elif case.state is State.DRAFTED:
            for key in approvers(office)[:2]:
                deciding.sign_case(office, number, key)
                acknowledge(office, kept, number, "sign")
            office.say("decide", number, "officer", {})
            acknowledge(office, kept, number, "decide")
        elif case.state is State.DECIDED:
            deciding.publish_case(office, number, "officer")
            acknowledge(office, kept, number, "publish")
        else:
            return


def audit(folder: Path, *, whole: bool) -> dict[str, int]:
    """Raises AssertionError with what was violated. `whole` reads every case and every entry, not only the last."""
    rows = [json.loads(row) for row in _lines(folder / "acknowledged")]
    again = [row for row in map(json.loads, _lines(folder / "inspected")) if row["again"]]
    assert not again, f"a finished step was done again: {again[0]}"
    with Office(folder) as office, office.engine.begin() as connection:
        view = office.look(connection)
        head = view.log.checkpoint()
        for row in rows if whole else rows[-200:]:
            path = view.log.consistency(row["size"], head.size)
            assert consistent(row["size"], head.size, path, bytes.fromhex(row["root"]), head.root), f"fork at {row}"
        touched = sorted({row["case"] for row in rows})
        for number in touched if whole else touched[-3:]:
            _audit_case(office, view, number, Counter(row["act"] for row in rows if row["case"] == number))
        permits = connection.execute(select(func.count()).select_from(schema.permits)).scalar_one()
        said = connection.execute(select(func.count()).where(schema.entries.c.act == "publish")).scalar_one()
        assert permits == said, f"{said} permits were published in the log, {permits} are kept"
        if whole:
            entries = [
                bytes(one)
                for one in connection.execute(
                    select(schema.entries.c.entry).order_by(schema.entries.c.number)
                ).scalars()
            ]
            edge = Edge()
            edge.append(entries)
            assert (edge.size, edge.root()) == (head.size, head.root), "the head is not the root of the entries"
            assert root(view.log.nodes(), head.size) == head.root, "the tiles do not have the root of the head"
            assert nodes_of(lambda level, at: view.log.nodes()(level * 8, at * 256))(0, 0) == leaf_hash(entries[0])
            assert all(read_word(entry) for entry in entries)
        results = connection.execute(select(func.count()).select_from(schema.examined)).scalar_one()
    return {
        "acknowledged": len(rows),
        "entries": head.size,
        "cases": len(touched),
        "permits": permits,
        "steps": results,
    }


def _audit_case(office: Office, view, number: int, acknowledged: Counter[str]) -> None:
    case = view.case(number)  # replays the words: raises where one of them was never allowed
    said = Counter(word.act for word in words_of(view.connection, number))
    lost = acknowledged - said
    assert not lost, f"case {number}: acknowledged and lost: {dict(lost)}"
    kept = view.connection.execute(select(schema.cases.c.state).where(schema.cases.c.number == number)).scalar_one()
    assert kept == case.state.value, f"case {number}: the log says {case.state}, the table {kept}"
    files = view.connection.execute(select(schema.files).where(schema.files.c.manifest == case.manifest)).all()
    assert files, f"case {number} lost its files"
    assert all(office.blobs.holds(row.sha256) for row in files), f"case {number} lost bytes"
    for digest in filter(None, [case.report, *(issued.draft.permit for issued in case.issued)]):
        assert view.document(digest) is not None, f"case {number} lost {digest}"


def _lines(place: Path) -> list[str]:
    return [line for line in place.read_text().splitlines() if line.endswith("}")] if place.exists() else []


def forked(action) -> int:
    """Run in a child process, without importing everything again. Returns its pid."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    try:
        action()
        os._exit(0)
    except (AssertionError, Refused, ValueError) as trouble:
        print(f"violation: {type(trouble).__name__}: {trouble}", flush=True)
        os._exit(1)
    except BaseException as trouble:  # noqa: BLE001 - a child must end here, whatever happened
        print(f"fault: {type(trouble).__name__}: {trouble}", flush=True)
        os._exit(2)


def first_life(folder: Path, models: list[Path], seed: int) -> float:
    """The seconds that this machine takes from the start to a permit: what lives are measured by. It ends with a kill too."""
    began = time.monotonic()
    child = forked(lambda: work(folder, models, seed))
    while not any('"publish"' in line for line in _lines(folder / "acknowledged")):
        if os.waitpid(child, os.WNOHANG)[0]:
            raise RuntimeError("the office ended by itself before its first permit")
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return time.monotonic() - began


def run(kills: int, seed: int, folder: Path, models: list[Path]) -> int:
    """The number of kills after which all held; less than asked means a violation was printed."""
    rng = random.Random(seed)
    longest = max(1.6, 2 * first_life(folder, models, seed))
    for count in range(kills):
        child = forked(lambda: work(folder, models, rng.randrange(1 << 30)))
        time.sleep(rng.uniform(0.01, longest))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            print(f"kill {count + 1}: the office ended by itself")
            return count
        auditor = forked(lambda whole=(count % 50 == 49): audit(folder, whole=whole))
        if os.waitpid(auditor, 0)[1]:
            return count
    return kills


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--sqlite", type=int, default=300, metavar="N", help="kills on SQLite")
    arguments.add_argument("--postgresql", type=int, default=100, metavar="N", help="kills on PostgreSQL")
    arguments.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    chosen = arguments.parse_args()
    print(f"seed {chosen.seed}")
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        models = [write_model(place / f"model-{seed}", seed) for seed in range(4)]
        kept = [_report("SQLite", chosen.sqlite, chosen.seed, found(place / "sqlite"), models)] if chosen.sqlite else []
        if chosen.postgresql:
            with postgresql(place) as server:
                kept.append(
                    _report(
                        "PostgreSQL",
                        chosen.postgresql,
                        chosen.seed + 1,
                        found(place / "postgresql", fresh_database(server)),
                        models,
                    )
                )
    return 0 if all(kept) else 1


def _report(name: str, kills: int, seed: int, folder: Path, models: list[Path]) -> bool:
    began = time.monotonic()
    held = run(kills, seed, folder, models)
    acts = Counter(json.loads(line)["act"] for line in _lines(folder / "acknowledged"))
    inspected = len(_lines(folder / "inspected"))
    ended = forked(lambda: print(f"{name}: {json.dumps(audit(folder, whole=True))}", flush=True))
    whole = os.waitpid(ended, 0)[1] == 0
    print(
        f"{name}: {held} of {kills} kills held, acknowledged {dict(acts)}, {inspected} file inspections, {time.monotonic() - began:.0f} s"
    )
    return whole and held == kills


if __name__ == "__main__":
    sys.exit(main())
