"""joblib files: pickles with raw arrays laid inside the stream, plain or compressed.

Source: joblib/numpy_pickle.py, NumpyArrayWrapper.read_array and its alignment padding.
"""

from math import prod
from typing import Any

from brightline.inspection.finding import Rule, Severity
from brightline.inspection.formats.numpy import width_of
from brightline.inspection.formats.pickles import follow, probable, rules
from brightline.inspection.formats.pickles.cursor import Cursor
from brightline.inspection.formats.pickles.values import Box, Global, Made, Pack
from brightline.inspection.formats.pickles.walk import Hooks
from brightline.inspection.probe import Malformed, Probe
from brightline.release.archive.damaged import Damaged
from brightline.release.archive.stream import open_stream, opener
from brightline.release.reader import Reader

SEALED = Rule(
    identity="JOBLIB-SEALED",
    severity=Severity.REVIEW,
    title="A compression that is not read here",
    why="What was not read was not judged, and joblib would unpickle it.",
    remedy="Write the file again with zlib, gzip, bz2, lzma or xz, or without compression.",
    example="joblib.dump(model, path, compress=('lz4', 3))",
    source="joblib documentation, compressed persistence",
)
RULES = (SEALED,)
NESTING = 16


class Arrays(Hooks):
    """Skips each array's bytes behind the wrapper that describes it; an array of objects is a pickle of its own."""

    def __init__(self, probe: Probe, depth: int = 0) -> None:
        self.probe, self.depth = probe, depth

    def built(self, target: Any, cursor: Cursor) -> None:
        if _wraps(target) and isinstance(target.state, Box):
            self._array(target.state.pairs, cursor)

    def _array(self, state: dict[str, Any], cursor: Cursor) -> None:
        shape = state.get("shape")
        sizes = shape.items if isinstance(shape, Pack) else []
        if not all(isinstance(size, int) and size >= 0 for size in sizes):
            raise Malformed("an array without a readable shape", cursor.position)
        code, width = _dtype(state.get("dtype"))
        if code == "O":
            self._objects(cursor)
            return
        if isinstance(state.get("numpy_array_alignment_bytes"), int):
            padding = cursor.number(1)
            cursor.jump(cursor.position + padding)
        cursor.jump(cursor.position + prod(sizes) * width)
        self.probe.observed.parameters[code] += prod(sizes)

    def _objects(self, cursor: Cursor) -> None:
        if self.depth > NESTING:
            raise Malformed("arrays of objects nested too deeply", cursor.position)
        follow(cursor, self.probe, Arrays(self.probe, self.depth + 1))


def _wraps(target: Any) -> bool:
    """Whether a value is a NumpyArrayWrapper, made by its class or through copyreg, which names the class first."""
    if not isinstance(target, Made):
        return False
    first = target.arguments.items[:1] if isinstance(target.arguments, Pack) else []
    return any(isinstance(maker, Global) and maker.name == "NumpyArrayWrapper" for maker in [target.maker, *first])


def _dtype(value: Any) -> tuple[str, int]:
    """(name, bytes an element) of a symbolic numpy.dtype(...); its state may carry the width of a record."""
    if not isinstance(value, Made) or not isinstance(value.arguments, Pack) or not value.arguments.items:
        raise Malformed("an array without a readable dtype")
    code = str(value.arguments.items[0])
    state = value.state.items if isinstance(value.state, Pack) else []
    if code.lstrip("<>|=")[:1] == "V" and len(state) > 5 and isinstance(state[5], int):
        return "RECORD", max(0, state[5])
    return width_of(code)


def inspect(reader: Reader, probe: Probe) -> None:
    """Plain or compressed."""
    head = reader.read(0, 16)
    if head[:1] == b"\x80" or opener(head) is None:
        if head[:1] != b"\x80" and not probable(reader.read(0, 4096)):
            probe.find(SEALED, "its compression (lz4, perhaps) is not read here")
            return
        _plain(reader, probe)
        return
    try:
        _plain(open_stream(reader), probe)
    except Damaged as trouble:
        raise Malformed(str(trouble), trouble.offset) from None


def _plain(reader: Reader, probe: Probe) -> None:
    if not probable(reader.read(0, 4096)):
        probe.nested("content", reader)
        return
    cursor = Cursor(reader)
    follow(cursor, probe, Arrays(probe))
    if cursor.position < reader.size and not any(finding.rule is rules.BROKEN for finding in probe.findings):
        rest = reader.read(cursor.position, 512)
        if probable(rest):
            follow(cursor, probe, Arrays(probe))
        elif rest.strip(b"\x00"):
            probe.find(rules.TRAILING, f"{reader.size - cursor.position} bytes behind the end", cursor.position)
