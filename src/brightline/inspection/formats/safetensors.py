"""safetensors: a JSON header over one block of tensor bytes. Only the header is read.

Source: the format's README (huggingface/safetensors) and its checks in tensor.rs.
"""

import json
from math import prod
from typing import Any, TypeGuard

from brightline.inspection.finding import Rule, Severity
from brightline.inspection.formats.pickles import probable
from brightline.inspection.probe import Malformed, Probe
from brightline.release.reader import Reader

HEADER = 10_000_000  # some sixty thousand tensors; the reference allows ten times more, which no model needs
BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I16": 16,
    "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32, "I64": 64, "U64": 64, "F64": 64, "C64": 64,
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
}  # fmt: skip

HIDDEN = Rule(
    identity="SAFETENSORS-HIDDEN",
    severity=Severity.BLOCK,
    title="Bytes that no tensor owns",
    why="A payload can ride inside a file that everybody trusts; the reference reader refuses such a file.",
    remedy="Write the file again with safetensors' own save function.",
    example="A hole between two tensors; 20 bytes behind the last one.",
    source="safetensors, tensor.rs: MetadataIncompleteBuffer, InvalidOffset",
)
DUPLICATE = Rule(
    identity="SAFETENSORS-DUPLICATE",
    severity=Severity.BLOCK,
    title="A name stands twice in the header",
    why="JSON readers differ in which of the two they take: two tools load two different tensors.",
    remedy="Write the file again with safetensors' own save function.",
    example='{"a": {...}, "a": {...}}',
    source="safetensors README: duplicate keys are disallowed; RFC 8259 section 4",
)
OVERLAP = Rule(
    identity="SAFETENSORS-OVERLAP",
    severity=Severity.BLOCK,
    title="Tensors share bytes, or lie outside the file",
    why="A small file can claim a vast model, or read what is not its own.",
    remedy="Write the file again with safetensors' own save function.",
    example="Two tensors with data_offsets [0, 100] and [50, 150].",
    source="safetensors README: no overlapping offsets; Trail of Bits audit, 2023",
)
SHAPE = Rule(
    identity="SAFETENSORS-SHAPE",
    severity=Severity.BLOCK,
    title="A tensor's shape and its bytes disagree",
    why="A lenient loader allocates by the one and reads by the other.",
    remedy="Write the file again with safetensors' own save function.",
    example='{"dtype": "F32", "shape": [10], "data_offsets": [0, 8]}',
    source="safetensors, tensor.rs: TensorInvalidInfo",
)
RULES = (HIDDEN, DUPLICATE, OVERLAP, SHAPE)


def inspect(reader: Reader, probe: Probe) -> None:
    """Check the header against itself and the file; count elements."""
    length = int.from_bytes(reader.read(0, 8), "little")
    if reader.size < 8 or length > reader.size - 8 or length > HEADER:
        raise Malformed(f"the header claims {length} bytes and the file has {reader.size}", 0)
    header = _parse(reader.read(8, length), probe)
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise Malformed("__metadata__ is no map of strings", 8)
    spans = [_tensor(name, entry, probe) for name, entry in header.items()]
    _cover(spans, 8 + length, reader, probe)
    _note(metadata, header, probe)


def _parse(text: bytes, probe: Probe) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            names = [name for name, _ in pairs]
            probe.find(DUPLICATE, f"{next(name for name in names if names.count(name) > 1)!r:.100} stands twice", 8)
        return found

    if text[:1] != b"{" or text.count(b"[") > 4 * text.count(b'"') + 16:
        raise Malformed("the header is no JSON object", 8)
    try:
        header = json.loads(text, object_pairs_hook=once)
    except (ValueError, RecursionError) as trouble:
        raise Malformed(f"the header is no JSON: {trouble}"[:200], 8) from None
    if not isinstance(header, dict):
        raise Malformed("the header is no JSON object", 8)
    return header


def _tensor(name: str, entry: Any, probe: Probe) -> tuple[int, int, str]:
    """Check one entry; returns (start, stop, name)."""
    if not isinstance(entry, dict):
        raise Malformed(f"{name!r:.100}: its entry is no object", 8)
    shape, offsets, dtype = entry.get("shape"), entry.get("data_offsets"), entry.get("dtype")
    if not _numbers(shape) or not _numbers(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise Malformed(f"{name!r:.100}: no readable shape and offsets", 8)
    if dtype not in BITS:
        raise Malformed(f"{name!r:.100}: unknown dtype {dtype!r:.40}", 8)
    elements = prod(shape)
    if elements * BITS[dtype] != (offsets[1] - offsets[0]) * 8:
        probe.find(SHAPE, f"{name!r:.100}: {elements} elements of {dtype} in {offsets[1] - offsets[0]} bytes", 8)
    _count(name, dtype, min(elements, (offsets[1] - offsets[0]) * 8), probe)
    return offsets[0], offsets[1], name


def _numbers(value: Any) -> TypeGuard[list[int]]:
    return isinstance(value, list) and all(type(item) is int and 0 <= item < 1 << 63 for item in value)


def _count(name: str, dtype: str, elements: int, probe: Probe) -> None:
    probe.observed.parameters[dtype] += elements
    if ".experts." in name:
        probe.observed.expert_parameters += elements


def _cover(spans: list[tuple[int, int, str]], start: int, reader: Reader, probe: Probe) -> None:
    """Tensors must lie one behind the other from the first byte of the block to the last."""
    at, size = 0, reader.size - start
    for low, high, name in sorted(spans):
        if low < at or high > size:
            probe.find(OVERLAP, f"{name!r:.100}: bytes {low} to {high} of {size} are not its own", start + low)
        elif low > at:
            probe.find(
                HIDDEN,
                f"{low - at} bytes before {name!r:.100} belong to no tensor{_kind(reader, start + at)}",
                start + at,
            )
        at = max(at, high)
    if at < size:
        probe.find(HIDDEN, f"{size - at} bytes behind the last tensor{_kind(reader, start + at)}", start + at)


def _kind(reader: Reader, offset: int) -> str:
    return ", and look like a pickle" if probable(reader.read(offset, 512)) else ""


def _note(metadata: dict[str, str], header: dict[str, Any], probe: Probe) -> None:
    for key in ("format", "modelspec.architecture", "modelspec.license"):
        if key in metadata:
            probe.observed.attributes[key.rpartition(".")[2]] = metadata[key][:200]
    if any(
        name.endswith(("qweight", "quant_state", "weight_packed", ".quant_map", "qzeros")) or ".quant_state." in name
        for name in header
    ):
        probe.observed.attributes["packed"] = "yes"
    if any("lora_" in name for name in header):
        probe.observed.attributes["adapter"] = "yes"
