"""Pickles of every protocol: each stream of the file is followed symbolically to its end; nothing is ever unpickled."""

import re

from brightline.inspection.formats.pickles import rules
from brightline.inspection.formats.pickles.cursor import Cursor
from brightline.inspection.formats.pickles.opcodes import TABLE
from brightline.inspection.formats.pickles.rules import RULES
from brightline.inspection.formats.pickles.walk import OPERATIONS, Exhausted, Hooks, Walk
from brightline.inspection.probe import Malformed, Probe
from brightline.release.reader import Reader, blocks

__all__ = ["RULES", "follow", "inspect", "probable"]

STREAMS = 1000
# A text pickle (protocol 0) begins with a mark, a container, an import or a value, and soon shows an import, a memo or STOP.
_START = re.compile(
    rb"\s*(?:c[\w.]+\n[\w.]+\n|\([dlitc](?:p\d+)?\n?|\([ic][\w.]+\n[\w.]+\n|\(?\(?S['\"]|\(?V[^\n]*\n|[\]})]|I-?\d+\n|L-?\d+L?\n|F-?[\d.]+\n)"
)
_SIGNS = re.compile(
    rb"(?:^|[\n(\]}.tRbsuad0])(?:c[A-Za-z_][\w.]*\n[A-Za-z_][\w.]*\n|i[A-Za-z_][\w.]*\n[A-Za-z_][\w.]*\n)|\np\d+\n|\ntR|[.]\Z|q[\x00-\xff]|\x8c|\x93"
)


def probable(head: bytes) -> bool:
    """Whether bytes that begin like this look like a pickle of any protocol."""
    if head[:1] == b"\x80":
        return head[1:2] in (b"\x00", b"\x01", b"\x02", b"\x03", b"\x04", b"\x05")
    if not _START.match(head) or not _SIGNS.search(head):
        return False
    return _walkable(head)


def _walkable(head: bytes) -> bool:
    """Text that begins like a pickle is one only if its opcodes can be followed: some steps at least, with a value on top."""
    from brightline.release.reader import Memory  # noqa: PLC0415

    walk = Walk(Cursor(Memory(head)), Probe("", nested=lambda _name, _reader: None), Hooks(), budget=10_000)
    try:
        walk.run(TABLE)
    except Malformed:
        return walk.operations > 30 or (bool(walk.probe.findings) and walk.operations > 2)
    except ValueError:
        return False
    return walk.operations > 1


def inspect(reader: Reader, probe: Probe) -> None:
    """Every stream from the first byte to the last."""
    position, streams, budget = 0, 0, OPERATIONS
    while position < reader.size and streams < STREAMS:
        if streams and not probable(reader.read(position, 512)):
            _trailing(reader, probe, position)
            return
        cursor = Cursor(reader, position)
        budget -= follow(cursor, probe, Hooks(), budget)
        if cursor.position <= position or any(finding.rule is rules.BROKEN for finding in probe.findings):
            return
        position, streams = cursor.position, streams + 1
    if streams > 1:
        probe.find(rules.SECOND, f"{streams} pickles in one file; all were followed")


def follow(cursor: Cursor, probe: Probe, hooks: Hooks, budget: int = OPERATIONS) -> int:
    """Follow one stream; a break is a finding, and what was found before it stays. Returns the opcodes spent."""
    walk = Walk(cursor, probe, hooks, budget)
    try:
        walk.run(TABLE)
    except Exhausted:
        cursor.jump(cursor.reader.size)
    except Malformed as broken:
        probe.find(rules.BROKEN, str(broken), broken.offset)
    except ValueError as broken:
        probe.find(rules.BROKEN, f"an opcode's argument cannot be read: {broken}"[:200], cursor.position)
    return walk.operations


def _trailing(reader: Reader, probe: Probe, position: int) -> None:
    if any(block.strip(b"\x00") for block in blocks(reader, position)):
        probe.find(rules.TRAILING, f"{reader.size - position} bytes behind the end of the pickle", position)
