"""Arrow IPC files and streams: messages are stepped through, rows are read from each record batch's head.

Source: Arrow columnar format, IPC; Message.fbs and FlatBuffers internals.
"""

import struct

from brightline.inspection.probe import Malformed, Probe
from brightline.release.reader import Reader

RULES = ()
MESSAGES = 1_000_000
METADATA = 16 << 20
RECORD_BATCH = 3


def inspect(reader: Reader, probe: Probe) -> None:
    """Count rows of record batches, and check that every body lies in the file."""
    at = 8 if reader.read(0, 6) == b"ARROW1" else 0
    if at and reader.read(reader.size - 6, 6) != b"ARROW1":
        raise Malformed("an Arrow file without its closing mark", reader.size)
    rows = 0
    for _ in range(MESSAGES):
        head = reader.read(at, 8)
        if len(head) < 8 or head[:4] != b"\xff\xff\xff\xff":
            break
        length = struct.unpack_from("<i", head, 4)[0]
        if length == 0:
            break
        if not 0 < length <= min(METADATA, reader.size - at):
            raise Malformed(f"a message of {length} bytes", at)
        kind, batch, body = _message(reader.read(at + 8, length), at)
        rows += batch if kind == RECORD_BATCH else 0
        at += 8 + length + body
        if at > reader.size:
            raise Malformed(f"a body of {body} bytes runs past the end of the file", at)
    probe.observed.numbers["rows"] = rows


def _message(raw: bytes, at: int) -> tuple[int, int, int]:
    """(kind of header, rows where it is a record batch, bytes of the body)."""
    try:
        table = struct.unpack_from("<I", raw, 0)[0]
        kind = _scalar(raw, table, 1, "<B")
        body = _scalar(raw, table, 3, "<q")
        header = _place(raw, table, 2)
        rows = 0
        if kind == RECORD_BATCH and header:
            rows = _scalar(raw, header + struct.unpack_from("<I", raw, header)[0], 0, "<q")
    except struct.error:
        raise Malformed("a message that is no FlatBuffer", at) from None
    if body < 0 or rows < 0:
        raise Malformed("a message of negative size", at)
    return kind, rows, body


def _place(raw: bytes, table: int, number: int) -> int:
    """Where field `number` of the table lies; 0 where it is absent."""
    vtable = table - struct.unpack_from("<i", raw, table)[0]
    if vtable < 0 or struct.unpack_from("<H", raw, vtable)[0] <= 4 + 2 * number:
        return 0
    offset = struct.unpack_from("<H", raw, vtable + 4 + 2 * number)[0]
    return table + offset if offset else 0


def _scalar(raw: bytes, table: int, number: int, form: str) -> int:
    place = _place(raw, table, number)
    return int(struct.unpack_from(form, raw, place)[0]) if place else 0
