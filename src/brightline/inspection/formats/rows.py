"""Data as text: JSON lines and CSV. Rows are counted in one pass; some are looked at."""

import json

from brightline.inspection.finding import Rule, Severity
from brightline.inspection.probe import Probe
from brightline.release.reader import Reader, blocks

RAGGED = Rule(
    identity="DATA-RAGGED",
    severity=Severity.REVIEW,
    title="A row that is no JSON",
    why="Loaders differ in what they make of it, and the count of rows is not certain.",
    remedy="Write the file again, one JSON object a line.",
    example="A JSONL file whose first line is cut.",
    source="jsonlines.org",
)
RULES = (RAGGED,)
LINE = 1 << 20


def inspect(reader: Reader, probe: Probe) -> None:
    """Count rows; parse the first line of JSONL; name the columns of CSV."""
    first = reader.read(0, LINE).split(b"\n", 1)[0].lstrip(b"\xef\xbb\xbf")
    lines = _lines(reader)
    if probe.path.lower().endswith((".csv", ".tsv")):
        probe.observed.numbers["rows"] = max(0, lines - 1)
        probe.observed.attributes["columns"] = first.decode("utf-8", "replace").strip()[:1000]
        return
    probe.observed.numbers["rows"] = lines
    if len(first) == LINE:
        return  # one line longer than what is read at once
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        probe.find(RAGGED, "its first line is no JSON", 0)


def _lines(reader: Reader) -> int:
    """Lines that hold something: newlines, and a last line without one."""
    count, last = 0, b"\n"
    for block in blocks(reader):
        count += block.count(b"\n")
        last = block[-1:]
    return count + (last != b"\n")
