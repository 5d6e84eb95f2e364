"""numpy arrays: .npy, and .npz, a zip of them. An array of objects holds a pickle.

Source: numpy/lib/format.py, NEP 1.
"""

import ast
from math import prod
from typing import Any

from brightline.inspection.formats.anomaly import anomalies
from brightline.inspection.formats.archive import inspect_members
from brightline.inspection.formats.pickles import follow, rules
from brightline.inspection.formats.pickles.cursor import Cursor
from brightline.inspection.formats.pickles.walk import Hooks
from brightline.inspection.probe import Malformed, Probe
from brightline.release.archive.damaged import Damaged
from brightline.release.archive.zip import open_zip
from brightline.release.reader import Reader

RULES = ()
HEADER = 1 << 16
_KINDS = {"f": "F", "i": "I", "u": "U", "c": "C", "b": "BOOL", "?": "BOOL"}


def inspect(reader: Reader, probe: Probe) -> None:
    """One array, or an archive of arrays."""
    if reader.read(0, 2) == b"PK":
        try:
            inspect_members(open_zip(reader, anomalies(probe)), probe)
        except Damaged as trouble:
            raise Malformed(str(trouble), trouble.offset) from None
        return
    _array(reader, probe)


def _array(reader: Reader, probe: Probe) -> None:
    start, header = _header(reader)
    shape, kind = header.get("shape"), header.get("descr")
    if not isinstance(shape, tuple) or not all(type(size) is int and size >= 0 for size in shape):
        raise Malformed("the header names no shape", 10)
    if _has_objects(kind):
        cursor = Cursor(reader, start)
        follow(cursor, probe, Hooks())
        if cursor.position < reader.size:
            probe.find(rules.TRAILING, f"{reader.size - cursor.position} bytes behind the end", cursor.position)
        return
    name, width = ("RECORD", _record(kind)) if isinstance(kind, list) else width_of(str(kind))
    if reader.size - start != prod(shape) * width:
        raise Malformed(f"the header promises {prod(shape) * width} bytes and {reader.size - start} are there", start)
    probe.observed.parameters[name] += prod(shape)


def _header(reader: Reader) -> tuple[int, dict[str, Any]]:
    """Where the data starts, and the dictionary in front of it (NEP 1: a Python literal)."""
    head = reader.read(0, 12)
    if head[:6] != b"\x93NUMPY" or len(head) < 10 or head[6] not in (1, 2, 3):
        raise Malformed("no numpy header", 0)
    start, width = (10, 2) if head[6] == 1 else (12, 4)
    length = int.from_bytes(head[8 : 8 + width], "little")
    text = reader.read(start, length) if length <= HEADER else b""
    if len(text) < length or not length:
        raise Malformed(f"a header of {length} bytes", 8)
    return start + length, _literal(text)


def _literal(text: bytes) -> dict[str, Any]:
    if text.count(b"(") + text.count(b"[") + text.count(b"{") > 1000 or b"-" * 50 in text:
        raise Malformed("a header nested too deeply", 10)
    try:
        value = ast.literal_eval(text.decode("utf-8").strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError) as trouble:
        raise Malformed(f"the header is no literal: {type(trouble).__name__}", 10) from None
    if not isinstance(value, dict):
        raise Malformed("the header is no dictionary", 10)
    return value


def _has_objects(kind: Any) -> bool:
    if isinstance(kind, str):
        return kind.lstrip("<>|=")[:1] == "O"
    if isinstance(kind, list | tuple):
        return any(_has_objects(part[1]) for part in kind if isinstance(part, tuple) and len(part) > 1)
    return False


def _record(kind: list[Any]) -> int:
    """Bytes of one record: fields may be records, and may be arrays of a shape."""
    total = 0
    for part in kind:
        if not isinstance(part, tuple) or len(part) < 2:
            raise Malformed("a field without a type", 10)
        inner = _record(part[1]) if isinstance(part[1], list) else width_of(str(part[1]))[1]
        shape = part[2] if len(part) > 2 and isinstance(part[2], tuple) else ()
        if not all(type(size) is int and 0 <= size < 1 << 40 for size in shape):
            raise Malformed("a field without a readable shape", 10)
        total += inner * prod(shape)
    return total


def width_of(code: str) -> tuple[str, int]:
    """(dtype name, bytes an element) of numpy's type string, such as <f4, |S10, <U7. Raises Malformed."""
    plain = code.lstrip("<>|=")
    letter, digits = plain[:1], plain[1:].partition("[")[0]
    if letter == "O":
        return "O", 8
    if not digits.isdigit() or len(digits) > 9:
        raise Malformed(f"an unknown element type {code[:20]!r}")
    if letter == "U":
        return "TEXT", 4 * int(digits)
    if letter in ("S", "a", "V", "M", "m"):
        return ("TEXT" if letter in "Sa" else "RECORD"), int(digits)
    if letter not in _KINDS:
        raise Malformed(f"an unknown element type {code[:20]!r}")
    return (_KINDS[letter] if letter in "b?" else f"{_KINDS[letter]}{8 * int(digits)}"), int(digits)
