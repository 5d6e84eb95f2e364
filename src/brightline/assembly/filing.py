"""Filing a release: its bytes are copied and hashed here, never believed; the line is pinned as it stands."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select

from brightline.assembly.lines import find_line, line_text
from brightline.assembly.office import Office, View, say
from brightline.assembly.procedure import conclude_release, read_declaration
from brightline.assembly.refusal import Refused, read_text
from brightline.authority.case import Case
from brightline.authority.records import Refusal
from brightline.inspection.examination import SMALL, Examined
from brightline.inspection.recognition import recognise
from brightline.inspection.report import FileReport, Inspection
from brightline.permit.envelope import Envelope
from brightline.permit.notation import canonical
from brightline.release.entry import Entry, Obstacle
from brightline.release.reader import Unreadable
from brightline.release.repository import legible
from brightline.settings.environment import settings
from brightline.sources.opening import open_source
from brightline.sources.source import NoSource
from brightline.storage.ledger import Turn
from brightline.storage.sql import schema

PATH = 1024  # characters of a path
OWN_WORDS = ("brightline.toml", "README.md")
DOSSIER = "application/vnd.brightline.dossier.v1+json"


@dataclass(frozen=True, slots=True)
class Filing:
    """What somebody asks the office to decide about. `base` is the number of the base model's case."""

    address: str
    applicant: str
    affiliates: tuple[str, ...] = ()
    declared: str | None = None
    line: str = "lessig"
    base: int | None = None
    title: str | None = None


def file_release(office: Office, filing: Filing, progress: Callable[[int], None] = lambda _count: None) -> Case:
    """Raises Refused; bytes that were copied by then are kept under their own digest and belong to no release."""
    find_line(filing.line)  # before anything is copied
    declared = None if filing.declared is None else read_text(filing.declared)
    base = None if filing.base is None else _manifest_of(office, filing.base)
    prepared = prepare_filing(filing, _take(office, filing, progress), declared, base)
    case: Case = office.perform(lambda turn: file_within(turn, prepared))
    return case


@dataclass(frozen=True, slots=True)
class Prepared:
    """A filing whose bytes the office holds, ready to be said."""

    applicant: str
    body: dict[str, Any]
    dossier: Envelope
    taken: Inspection


def prepare_filing(filing: Filing, taken: Inspection, declared: str | None = None, base: str | None = None) -> Prepared:
    """`base` is the base model's manifest. Raises Refused."""
    line = find_line(filing.line)
    dossier = _dossier(filing, declared, line_text(filing.line))
    body = {
        "applicant": filing.applicant,
        "affiliates": list(filing.affiliates),
        "title": (filing.title or taken.title)[:400],
        "manifest": taken.manifest.digest,
        "line": f"{line.identity} {line.version}",
        "line_digest": line.digest,
        "base": base,
        "dossier": dossier.digest,
    }
    return Prepared(filing.applicant, body, dossier, taken)


def file_within(turn: Turn, prepared: Prepared) -> Case | Refusal:
    """Say it, within a turn."""
    dossier = {prepared.dossier.digest: prepared.dossier.payload}
    case = say(turn, "file", turn.next_case(), prepared.applicant, prepared.body, dossier)
    if isinstance(case, Case):
        _keep_files(turn, prepared.taken)
    return case


def _manifest_of(office: Office, number: int) -> str:
    manifest: str = office.read(lambda view: view.case(number)).manifest
    return manifest


def _take(office: Office, filing: Filing, progress: Callable[[int], None]) -> Inspection:
    """Every file into the blobs, recognised by its content: enough to say which component it is."""
    surroundings = settings()
    try:
        with open_source(filing.address, surroundings.hf_endpoint, surroundings.hf_token) as source:
            examined = Examined()
            for entry in source.entries():
                _take_one(office, entry, examined)
                progress(examined.reports[-1].size)
            said = [] if filing.declared is None else [read_declaration(filing.declared)]
            return conclude_release(source.title, examined, said)
    except NoSource as trouble:
        raise Refused(str(trouble)) from None


def _take_one(office: Office, entry: Entry | Obstacle, examined: Examined) -> None:
    if len(entry.path) > PATH or not legible(entry.path):
        raise Refused(f"{entry.path[:100]!r}: a path has at most {PATH} characters, and no controls.")
    if isinstance(entry, Obstacle):
        raise Refused(f"{entry.path}: {entry.reason}. A release that is filed consists of plain files.")
    try:
        with entry.open() as reader:
            found = recognise(reader, entry.path).format
            if entry.path in OWN_WORDS and found in ("toml", "markdown", "text") and reader.size <= SMALL:
                examined.texts[entry.path] = reader.read(0, SMALL).decode("utf-8", "replace")
            size, sha256 = office.blobs.keep(reader)
    except Unreadable as trouble:
        raise Refused(f"{entry.path}: {trouble}. File it again when it can be read.") from None
    examined.reports.append(FileReport(entry.path, size, sha256, found))


def _dossier(filing: Filing, declared: str | None, line: str) -> Envelope:
    """What the examination and the draft will need again, as it was at filing."""
    content = {"declaration": declared, "line": line, "title": filing.title, "address": Path(filing.address).name}
    return Envelope(DOSSIER, canonical(content))


def read_dossier(content: bytes) -> dict[str, str | None]:
    found: dict[str, str | None] = json.loads(content)
    return found


def _keep_files(turn: Turn, taken: Inspection) -> None:
    """Which bytes a manifest names; filed twice, it names the same."""
    digest = taken.manifest.digest
    turn.rows.append((delete(schema.files).where(schema.files.c.manifest == digest), {}))
    turn.rows += [
        (insert(schema.files), {"manifest": digest, "path": file.path, "size": file.size, "sha256": file.sha256})
        for file in taken.manifest.files
    ]


def missing(view: View, number: int) -> list[str]:
    """What a filing lacks before it can be reviewed: the completeness check."""
    case = view.case(number)
    lacking = [] if case.applicant.strip() else ["it names no applicant"]
    paths = view.connection.execute(
        select(schema.files.c.path).where(schema.files.c.manifest == case.manifest)
    ).scalars()
    return lacking if paths.first() is not None else [*lacking, "it holds no file"]
