"""PyTorch checkpoints: the zip form (since 1.6), the legacy stream of pickles, and the tar form before that.

Source: torch/serialization.py, _save, _legacy_save, legacy_load; torch/_utils.py, _rebuild_tensor_v2.
"""

from math import prod
from typing import Any

from brightline.inspection.finding import Rule, Severity
from brightline.inspection.formats.anomaly import anomalies
from brightline.inspection.formats.pickles import follow, probable, rules
from brightline.inspection.formats.pickles.cursor import Cursor
from brightline.inspection.formats.pickles.opcodes import TABLE
from brightline.inspection.formats.pickles.values import Global, Pack
from brightline.inspection.formats.pickles.walk import Hooks, Walk
from brightline.inspection.probe import Malformed, Probe
from brightline.release.archive.damaged import Damaged
from brightline.release.archive.tar import open_tar
from brightline.release.archive.zip import Member, Zip, open_zip
from brightline.release.reader import Reader, Unreadable

SCRIPT = Rule(
    identity="TORCH-SCRIPT",
    severity=Severity.REVIEW,
    title="A TorchScript program",
    why="The file carries code that runs when the model is called, and operators that read and write files.",
    remedy="Release the weights as safetensors and the code as source.",
    example="A zip with a folder code/ beside data.pkl.",
    source="PyTorch security policy, TorchScript models are programs",
)
RULES = (SCRIPT,)

_DTYPES = {
    "Float": ("F32", 4), "Half": ("F16", 2), "BFloat16": ("BF16", 2), "Double": ("F64", 8), "Long": ("I64", 8), "Int": ("I32", 4),
    "Short": ("I16", 2), "Char": ("I8", 1), "Byte": ("U8", 1), "Bool": ("BOOL", 1), "ComplexFloat": ("C64", 8),
    "ComplexDouble": ("C128", 16), "QInt8": ("I8", 1), "QUInt8": ("U8", 1), "QInt32": ("I32", 4), "Untyped": ("U8", 1),
}  # fmt: skip
_NAMED = {
    "float32": "F32", "float": "F32", "float16": "F16", "half": "F16", "bfloat16": "BF16", "float64": "F64", "double": "F64",
    "int64": "I64", "int32": "I32", "int16": "I16", "int8": "I8", "uint8": "U8", "bool": "BOOL", "float8_e4m3fn": "F8_E4M3",
    "float8_e5m2": "F8_E5M2", "uint16": "U16", "uint32": "U32", "uint64": "U64",
}  # fmt: skip


class Storage:
    """What a persistent id of a checkpoint stands for: a block of numbers elsewhere in the file."""

    __slots__ = ("dtype", "elements", "key", "width")

    def __init__(self, key: str, kind: str, elements: int) -> None:
        self.dtype, self.width = _DTYPES.get(kind.removesuffix("Storage"), ("?", 1))
        self.key, self.elements = key, elements


class Tensors(Hooks):
    """Counts the elements of the tensors that a checkpoint rebuilds; a storage that several tensors share counts once."""

    persistent_ids = True

    def __init__(self, probe: Probe) -> None:
        self.probe = probe
        self.storages: dict[str, Storage] = {}
        self._counted: dict[str, int] = {}

    def persistent(self, identity: Any) -> Any:
        items = identity.items if isinstance(identity, Pack) else []
        if len(items) < 5 or items[0] != "storage" or not isinstance(items[1], Global) or not isinstance(items[4], int):
            self.probe.find(rules.PERSISTENT, "a persistent id that is no storage of a checkpoint")
            return identity
        key = str(items[2])
        return self.storages.setdefault(key, Storage(key, items[1].name, max(0, items[4])))

    def called(self, maker: Global, arguments: Any) -> None:
        items = arguments.items if isinstance(arguments, Pack) else []
        if not maker.name.startswith("_rebuild_") or len(items) < 3 or not isinstance(items[0], Storage):
            return
        sizes = items[2].items if isinstance(items[2], Pack) else []
        if all(isinstance(size, int) and size >= 0 for size in sizes):
            self._count(items[0], prod(sizes), items)

    def _count(self, storage: Storage, elements: int, items: list[Any]) -> None:
        dtype, limit = storage.dtype, storage.elements
        if maker_dtype := next(
            (item.name for item in items[3:] if isinstance(item, Global) and item.module == "torch"), ""
        ):
            dtype, limit = _NAMED.get(maker_dtype, dtype), elements
        before = self._counted.get(storage.key, 0)
        now = min(limit, before + elements)
        self._counted[storage.key] = now
        self.probe.observed.parameters[dtype] += now - before


def inspect(reader: Reader, probe: Probe) -> None:
    """Any of the three forms, by content."""
    try:
        if reader.read(0, 2) == b"PK":
            _zip(reader, probe)
        elif reader.read(257, 5) == b"ustar" or reader.read(0, 1) != b"\x80":
            _tar(reader, probe)
        else:
            _legacy(reader, probe)
    except Damaged as trouble:
        raise Malformed(str(trouble), trouble.offset) from None


def _zip(reader: Reader, probe: Probe) -> None:
    archive = open_zip(reader, anomalies(probe))
    script = False
    for member in archive.members if not archive.bomb else ():
        if member.is_folder:
            continue
        inside = member.name.partition("/")[2]
        script = script or inside.startswith("code/")
        try:
            _member(archive, member, inside, probe)
        except Unreadable as trouble:
            archive.anomaly("truncated", f"{member.name}: {trouble}", member.offset)
    if script:
        probe.find(SCRIPT, "a TorchScript archive: code/ holds a program")


def _member(archive: Zip, member: Member, inside: str, probe: Probe) -> None:
    """Storages are numbers and are left alone; pickles are followed; what torch.save does not write is inspected as a file."""
    content = archive.open(member)
    if inside.endswith(".pkl") or member.name.endswith(".pkl"):
        archive.check_crc(member, content)
        hooks = Tensors(probe)
        cursor = Cursor(content)
        follow(cursor, probe, hooks)
        if cursor.position < content.size and probable(content.read(cursor.position, 512)):
            follow(cursor, probe, hooks)
            probe.find(rules.SECOND, f"{member.name}: several pickles; all were followed")
    elif not _ordinary(inside):
        probe.nested(member.name, content)


def _ordinary(inside: str) -> bool:
    folder, _, name = inside.rpartition("/")
    if folder in ("data", "constants", "tensors") and name.isdigit():
        return True
    marks = ("version", "byteorder", ".format_version", ".storage_alignment", ".data/serialization_id")
    return inside in marks or inside.startswith("code/")


def _legacy(reader: Reader, probe: Probe) -> None:
    """Magic number, protocol, system information, the object, the list of storages; then the storages themselves."""
    hooks, cursor, streams = Tensors(probe), Cursor(reader), 0
    while streams < 5 and not any(finding.rule is rules.BROKEN for finding in probe.findings):
        follow(cursor, probe, hooks)
        streams += 1
    if streams < 5:
        return
    expected = sum(8 + storage.elements * storage.width for storage in hooks.storages.values())
    left = reader.size - cursor.position
    if left < expected:
        raise Malformed(f"the storages need {expected} bytes and {left} are there", cursor.position)
    if left > expected:
        rest = cursor.position + expected
        if probable(reader.read(rest, 512)):
            cursor.jump(rest)
            follow(cursor, probe, hooks)
        probe.find(rules.TRAILING, f"{left - expected} bytes behind the last storage", rest)


def _tar(reader: Reader, probe: Probe) -> None:
    """sys_info, pickle, storages, tensors (torch before 0.1.10)."""
    archive = open_tar(reader, anomalies(probe))
    for member in archive.members:
        content = archive.open(member)
        if member.name in ("pickle", "sys_info"):
            follow(Cursor(content), probe, Tensors(probe))
        elif member.name == "storages":
            _blocks(content, probe, _storage_bytes)
        elif member.name == "tensors":
            _blocks(content, probe, _tensor_bytes)
        else:
            probe.nested(member.name, content)


def _blocks(content: Reader, probe: Probe, skip: Any) -> None:
    """A pickled count, then for each block a pickled description and raw bytes behind it."""
    cursor, hooks = Cursor(content), Tensors(probe)
    count = Walk(cursor, probe, hooks).run(TABLE)
    for _ in range(min(count, 100_000) if isinstance(count, int) else 0):
        if cursor.position >= content.size:
            raise Malformed("fewer blocks than announced", cursor.position)
        described = Walk(cursor, probe, hooks).run(TABLE)
        cursor.jump(cursor.position + skip(cursor, described, probe))


def _storage_bytes(cursor: Cursor, described: Any, probe: Probe) -> int:
    """(key, location, type), then the number of elements in eight bytes and the elements."""
    items = described.items if isinstance(described, Pack) else []
    kind = items[2].name if len(items) > 2 and isinstance(items[2], Global) else ""
    dtype, width = _DTYPES.get(kind.removesuffix("Storage"), ("?", 1))
    elements = cursor.number(8)
    if elements * width <= cursor.reader.size:
        probe.observed.parameters[dtype] += elements
    return elements * width


def _tensor_bytes(cursor: Cursor, _described: Any, _probe: Probe) -> int:
    """Number of dimensions in four bytes, four of padding, then sizes, strides and the offset."""
    dimensions = cursor.number(4)
    return 4 + dimensions * 16 + 8
