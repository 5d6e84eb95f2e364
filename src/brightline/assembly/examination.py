"""An examination as a durable job: a step for each file, resumed after a crash with the first step that is not done."""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dbos import DBOS, DBOSConfig, SetWorkflowID, WorkflowHandle
from dbos import Serializer as Written
from pydantic import TypeAdapter
from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.dialects import postgresql, sqlite

from brightline.assembly.filing import read_dossier
from brightline.assembly.office import Office, View, settle
from brightline.assembly.procedure import conclude_release, parse_declared
from brightline.assembly.refusal import Refused
from brightline.assembly.seat import is_taken, table_of, take_seat
from brightline.authority.case import Case, State
from brightline.authority.procedure import barred
from brightline.authority.records import Refusal
from brightline.inspection.examination import Examination, Examined
from brightline.inspection.report import Inspection
from brightline.permit.envelope import Envelope
from brightline.permit.word import Word
from brightline.release.reader import Reader, Unreadable
from brightline.storage.record.records import words_of
from brightline.storage.sql import schema

VERSION = "1"  # of the steps' meaning: a job is resumed only by the version that began it
PROMPT = (
    0.05  # seconds between two looks of DBOS's listener, which hears of nothing here: the end waits for the next one
)
REPORT = "application/vnd.brightline.report.v1+json"
EXAMINED = {  # a step that runs twice keeps its first result; both dialects spell it so
    name: one.on_conflict_do_nothing()
    for name, one in (("sqlite", sqlite.insert(schema.examined)), ("postgresql", postgresql.insert(schema.examined)))
}
_EXAMINED, _REPORT = TypeAdapter(Examined), TypeAdapter(Inspection)


class Failed(Exception):
    """What ended a job, as it is kept: a sentence."""


class Json(Written):
    """What jobs keep is JSON: nothing is ever unpickled (Law 6)."""

    def serialize(self, data: Any) -> str:
        return json.dumps({"failed": str(data)} if isinstance(data, BaseException) else {"done": data})

    def deserialize(cls, serialized_data: str) -> Any:  # noqa: N805 - as its parent has it
        kept = json.loads(serialized_data)
        return Failed(kept["failed"]) if "failed" in kept else kept["done"]

    def name(self) -> str:
        return "json"


@dataclass(frozen=True, slots=True)
class BlobEntry:
    """A filed file as an entry to examine."""

    office: Office
    path: str
    size: int
    sha256: str

    @contextmanager
    def open(self) -> Iterator[Reader]:
        with self.office.blobs.open(self.sha256, self.size) as reader:
            yield reader


_offices: list[Office] = []  # the one that this process serves; DBOS is one a process as well


@contextmanager
def examining(office: Office) -> Iterator[None]:
    """While this lasts, jobs run here: those that are begun, and those that a crash interrupted."""
    logging.getLogger("dbos").setLevel(logging.CRITICAL)
    url = office.settings.database_url
    own = f"sqlite:///{office.settings.folder.resolve() / 'jobs.db'}" if url.startswith("sqlite:") else url
    seat = take_seat(table_of(office.settings.folder, office.engine))
    configuration: DBOSConfig = {
        "name": "brightline",
        "system_database_url": own,
        "application_version": VERSION,
        "executor_id": seat.name,
        "serializer": Json(),
        "log_level": "CRITICAL",
        "notification_listener_polling_interval_sec": PROMPT,
    }
    _offices.append(office)
    DBOS(config=configuration)
    try:
        DBOS.launch()
        yield
    finally:
        DBOS.destroy()
        _offices.clear()
        seat.leave()


def begin(number: int, by: str) -> "WorkflowHandle[str]":
    """The job of a case: the one that is running already, or a new one. Raises Refused."""
    office = office_here()
    case = office.read(lambda view: view.case(number))
    if case.state not in (State.ACCEPTED, State.UNDER_REVIEW):
        raise Refused(f"case {number} is {case.state}; accept it first: `brightline case accept {number}`.", "STATE")
    office.read(lambda view: settle(_may_examine(view, case, by, office.clock())))
    begun = _jobs(number)
    running = [job for job in begun if job.status in ("PENDING", "ENQUEUED")]
    if running:
        job = running[0]
        lives = is_taken(table_of(office.settings.folder, office.engine), job.executor_id)
        return (DBOS.retrieve_workflow if lives else DBOS.resume_workflow)(job.workflow_id)
    with SetWorkflowID(f"case-{number}-{len(begun) + 1}"):
        return DBOS.start_workflow(examine_case, f"case-{number}-{len(begun) + 1}", number, by)


def _may_examine(view: View, case: Case, by: str, at: datetime) -> Refusal | None:
    """Asked before the work, and again when it is said: a conflict shuts out from the beginning."""
    return barred(case, Word("examine", case.number, max(at, case.moved), by, view.newest.version), view)


def _jobs(number: int) -> list[Any]:
    return list(DBOS.list_workflows(workflow_id_prefix=f"case-{number}-"))


def cancel(number: int) -> bool:
    """Stop the job of a case before its next step. Whether there was one."""
    running = [job for job in _jobs(number) if job.status in ("PENDING", "ENQUEUED")]
    for job in running:
        DBOS.cancel_workflow(job.workflow_id)
    return bool(running)


@dataclass(frozen=True, slots=True)
class Progress:
    """Of a case's last job."""

    job: str
    status: str
    done: int
    total: int


def progress(office: Office, number: int) -> Progress | None:
    """None where nothing was begun."""
    begun = _jobs(number)
    if not begun:
        return None
    case = office.read(lambda view: view.case(number))
    last = max(begun, key=lambda job: int(job.workflow_id.rpartition("-")[2]))
    with office.engine.begin() as connection:
        done = connection.execute(select(func.count()).where(schema.examined.c.job == last.workflow_id)).scalar_one()
        total = connection.execute(select(func.count()).where(schema.files.c.manifest == case.manifest)).scalar_one()
    return Progress(last.workflow_id, last.status.lower(), done, total)


def wait(handle: "WorkflowHandle[str]", office: Office, number: int, told: Callable[[Progress], None]) -> Case:
    """Until the job ends. Raises Refused where it failed or was cancelled."""
    import time  # noqa: PLC0415 - waiting is done at the desk only

    while handle.get_status().status in ("PENDING", "ENQUEUED"):
        now = progress(office, number)
        if now is not None:
            told(now)
        time.sleep(0.05)
    try:
        handle.get_result()
    except Exception as trouble:  # noqa: BLE001 - DBOS raises what the step raised, or that it was cancelled
        raise Refused(f"the examination of case {number} did not end: {trouble}", "EXAMINATION") from None
    case: Case = office.read(lambda view: view.case(number))
    return case


def office_here() -> Office:
    """The one whose jobs run in this process."""
    return _offices[0]


@DBOS.workflow()
def examine_case(job: str, number: int, by: str) -> str:
    """Every file, then the conclusion; each step is done once, whatever happens in between."""
    for position in range(count_files(number)):
        examine_file(job, number, position)
    return conclude_job(job, number, by)


@DBOS.step()
def count_files(number: int) -> int:
    with office_here().engine.begin() as connection:
        files = schema.files.c.manifest == _manifest_of(number)
        return int(connection.execute(select(func.count()).select_from(schema.files).where(files)).scalar_one())


@DBOS.step()
def examine_file(job: str, number: int, position: int) -> int:
    """One file, from the bytes that the office keeps. A second run of the same step finds its result, and rests."""
    office, entry = office_here(), _file(number, position)
    table = schema.examined
    with office.engine.begin() as connection:
        if connection.execute(select(table.c.job).where(table.c.job == job, table.c.position == position)).first():
            return entry.size
    result = json.dumps(_EXAMINED.dump_python(inspect_entry(entry), mode="json"))
    with office.engine.begin() as connection:
        connection.execute(EXAMINED[connection.dialect.name], {"job": job, "position": position, "result": result})
    return entry.size


def inspect_entry(entry: BlobEntry) -> Examined:
    """Raises Unreadable where the office lost the bytes: that is its own trouble, and no finding about the release."""
    if not entry.office.blobs.holds(entry.sha256):
        raise Unreadable(f"{entry.path}: the office does not hold these bytes any more; restore its blobs")
    return Examination().read([entry])


@DBOS.step()
def conclude_job(job: str, number: int, by: str) -> str:
    """What follows from all files; said in the log once."""
    office = office_here()
    report = _report(office, job, number)
    case = office.read(lambda view: view.case(number))
    if case.report != report.digest or by not in case.examiners:
        inspection = read_report(report.payload)
        body = {
            "report": report.digest,
            "manifest": inspection.manifest.digest,
            "clearance": inspection.clearance.value,
        }
        office.say("examine", number, by, body, {report.digest: report.payload})
    return report.digest


def _manifest_of(number: int) -> ScalarSelect[Any]:
    """By the index of cases: a step must not replay the case. What it says is checked when the examination is said."""
    return select(schema.cases.c.manifest).where(schema.cases.c.number == number).scalar_subquery()


def _file(number: int, position: int) -> BlobEntry:
    office, table = office_here(), schema.files
    wanted = select(table).where(table.c.manifest == _manifest_of(number)).order_by(table.c.path)
    with office.engine.begin() as connection:
        row = connection.execute(wanted.offset(position).limit(1)).one()
    return BlobEntry(office, row.path, row.size, row.sha256)


def _report(office: Office, job: str, number: int) -> Envelope:
    table = schema.examined
    with office.engine.begin() as connection:
        wanted = select(table.c.result).where(table.c.job == job).order_by(table.c.position)
        parts = [_EXAMINED.validate_python(json.loads(text)) for text in connection.execute(wanted).scalars()]
        filed = next(words_of(connection, number))
        dossier = read_dossier(office.look(connection).document(str(filed.body["dossier"])) or b"{}")
    whole = Examined()
    for part in parts:
        whole.reports += part.reports
        whole.inner += part.inner
        whole.findings += part.findings
        whole.texts |= part.texts
    declared = dossier.get("declaration")
    said = [] if declared is None else [parse_declared(declared, "the declaration")]
    inspection = conclude_release(str(filed.body["title"]), whole, said)
    return Envelope(REPORT, json.dumps(_REPORT.dump_python(inspection, mode="json"), sort_keys=True).encode("utf-8"))


def read_report(content: bytes) -> Inspection:
    """The inspection that a report holds."""
    return _REPORT.validate_python(json.loads(content))
