"""Rotating the charter: a draft to edit, signatures on it, and its adoption by the log."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from brightline.assembly.office import Office, settle
from brightline.assembly.refusal import Refused
from brightline.authority.records import Refusal
from brightline.authority.rotation import adopt
from brightline.permit.charter import Charter, Role, read_charter
from brightline.permit.envelope import CHARTER_TYPE, Envelope, parse_envelope
from brightline.permit.key import Signer
from brightline.permit.notation import Illegible, canonical, written
from brightline.permit.word import Word, read_word
from brightline.storage.ledger import Turn
from brightline.storage.sql import schema


def draft_charter(office: Office) -> dict[str, Any]:
    """The charter as it stands, one version on, issued now: to be edited and signed."""
    document = office.charter.document()
    return document | {"version": document["version"] + 1, "issued": written(office.clock().replace(microsecond=0))}


def read_draft(content: bytes) -> Envelope:
    """A charter that is edited or signed already. Raises Refused where nobody could act under it."""
    try:
        if b'"payloadType"' in content:
            envelope = parse_envelope(content, CHARTER_TYPE, "the charter")
        else:
            envelope = Envelope(CHARTER_TYPE, canonical(read_charter(content).document()))
        read_charter(envelope.payload)
    except Illegible as trouble:
        raise Refused(f"{trouble}.", "ILLEGIBLE") from None
    return envelope


def sign_draft(office: Office, place: Path, signer: Signer) -> tuple[Envelope, frozenset[str]]:
    """The file with one signature more, and who has signed it by the charter that goes and the one that comes."""
    envelope = read_draft(_content(place)).signed(signer)
    later = read_charter(envelope.payload)
    known = {**office.charter.keys(Role.APPROVER), **later.keys(Role.APPROVER)}
    if signer.keyid not in known:
        raise Refused("this key belongs to no approver, neither of the old charter nor of the new one.", "STRANGER")
    place.write_text(json.dumps(envelope.document(), indent=1) + "\n", encoding="utf-8")
    names = (charter.signed_by(envelope, Role.APPROVER) for charter in (office.charter, later))
    return envelope, frozenset().union(*names)


def adopt_charter(office: Office, place: Path) -> Charter:
    """In force when this returns. The checkpoint that holds it is signed by the new charter's log key already."""
    envelope = read_draft(_content(place))
    later = read_charter(envelope.payload)
    by = office.officer()
    with office.rotating(later) as ledger:
        settle(ledger.perform(lambda turn: _adopt(turn, by, envelope, later)))
    return later


def _adopt(turn: Turn, by: str, envelope: Envelope, later: Charter) -> Refusal | None:
    trouble = adopt(turn.newest, later, envelope, turn.at, _last_publication(turn))
    if trouble is None:
        body = {"version": later.version, "digest": envelope.digest}
        turn.words.append(Word("charter", 0, turn.at, by, turn.newest.version, body))
        row = {"version": later.version, "envelope": json.dumps(envelope.document())}
        turn.rows.append((insert(schema.charters), row))
    return trouble


def _last_publication(turn: Turn) -> datetime | None:
    table = schema.entries.c
    wanted = select(table.entry).where(table.act == "publish").order_by(table.number.desc()).limit(1)
    entry = turn.connection.execute(wanted).scalar()
    return None if entry is None else read_word(bytes(entry)).at


def _content(place: Path) -> bytes:
    try:
        return place.read_bytes()
    except OSError as trouble:
        raise Refused(f"{place} cannot be read: {trouble.strerror}.", "INPUT") from None
