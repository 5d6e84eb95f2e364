"""The log for those outside: static tiles, proofs of entries, and cosignatures of witnesses."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from brightline.assembly.office import Office, View
from brightline.assembly.refusal import Refused
from brightline.assembly.watching import CHARTER, Unreachable, ask_witness
from brightline.permit.charter import chain_document
from brightline.permit.notation import Illegible
from brightline.proof.note import Checkpoint, Line, NoteKey
from brightline.proof.tile import tiles
from brightline.proof.tlogproof import TlogProof
from brightline.proof.verification import witness_keys
from brightline.storage.record.log import Log
from brightline.storage.sql.database import writing


def write_tiles(office: Office, folder: Path) -> Checkpoint:
    """The log as c2sp.org/tlog-tiles lays it out, and its charters; the checkpoint comes last: no reader sees too much."""

    def write(view: View) -> Checkpoint:
        head = view.log.checkpoint()
        for tile in tiles(0, head.size):
            place = folder / tile.path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(view.log.tile(tile) or b"")
        charters = json.dumps(chain_document(view.envelopes), indent=1, sort_keys=True) + "\n"
        (folder / CHARTER).write_text(charters, encoding="utf-8")
        passing = folder / ".checkpoint"
        passing.write_text(head.note(), encoding="utf-8")
        passing.replace(folder / "checkpoint")
        return head

    try:
        head: Checkpoint = office.read(write)
    except OSError as trouble:
        raise Refused(f"{folder} cannot be written to: {trouble.strerror}.") from None
    return head


def prove_entry(view: View, number: int) -> str:
    """The tlog-proof of an entry under the newest checkpoint; the entry itself is its extra data. Raises Refused."""
    head = view.log.checkpoint()
    entry = view.log.entry(number)
    if entry is None:
        raise Refused(f"the log has {head.size} entries, numbered from 0: there is no entry {number}.", "NO-ENTRY")
    return TlogProof(number, view.log.inclusion(number, head.size), head, entry).text()


def be_witnessed(office: Office, url: str) -> tuple[Checkpoint, list[str]]:
    """Ask a witness for its cosignature on the newest checkpoint, and keep it. Raises Refused."""
    head: Checkpoint = office.read(lambda view: view.log.checkpoint())
    old: Checkpoint | None = office.read(lambda view: view.log.witnessed())
    try:
        lines = _ask(office, url, head, old.size if old is not None else 0)
    except (Unreachable, Illegible) as trouble:
        raise Refused(f"{url} gave no cosignature: {trouble}.", "WITNESS") from None
    good = _cosignatures(head, lines, witness_keys(office.charter))
    if not good:
        raise Refused(f"what {url} answered is no cosignature by a witness that the charter names.", "WITNESS")
    with writing(office.engine) as connection:
        log = Log(connection)
        kept = log.witnessed()
        seen = kept if kept is not None and kept.size == head.size else head
        log.keep_witnessed(seen.with_lines(good))
    return head, sorted({line.name for line in good})


def _cosignatures(head: Checkpoint, lines: Sequence[Line], keys: Sequence[NoteKey]) -> list[Line]:
    """What a witness answers may hold anything: only a good cosignature of a chartered witness is kept, one a key."""
    found: dict[NoteKey, Line] = {}
    for key in keys:
        for line in lines:
            if replace(head, lines=(line,)).cosigned_by(key) is not None:
                found[key] = line
    return list(found.values())


def _growth(office: Office, old: int, size: int) -> tuple[bytes, ...]:
    path: tuple[bytes, ...] = office.read(lambda view: view.log.consistency(old, size) if old else ())
    return path


def _ask(office: Office, url: str, head: Checkpoint, old: int) -> tuple[Line, ...]:
    """A witness that saw another size last says so, and is asked again from there."""
    for _ in range(2):
        seen = min(old, head.size)
        answer = ask_witness(url, seen, _growth(office, seen, head.size), head)
        if not isinstance(answer, int):
            return answer
        old = answer
    raise Unreachable(f"{url} has seen {old} entries of a log that has {head.size}")
