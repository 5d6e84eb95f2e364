"""ONNX models: operators, initialisers and where their data lies; no tensor is read.

Source: onnx.proto3 (field numbers), ONNX IR specification, ExternalData.md.
"""

from math import prod

from brightline.inspection.finding import Rule, Severity
from brightline.inspection.formats.protobuf import Budget, Message, packed, whole
from brightline.inspection.probe import Malformed, Probe
from brightline.release.archive.damaged import unsafe
from brightline.release.reader import Reader

TRAVERSAL = Rule(
    identity="ONNX-TRAVERSAL",
    severity=Severity.BLOCK,
    title="External data outside the model's folder",
    why="Loading the model reads any file of the loading machine into its tensors.",
    remedy="Keep external data beside the model and name it by its plain file name.",
    example="location: ../../../etc/passwd",
    source="CVE-2022-25882, CVE-2024-27318, CVE-2026-27489",
)
OPERATOR = Rule(
    identity="ONNX-OPERATOR",
    severity=Severity.REVIEW,
    title="Operators of an unknown domain",
    why="They need a native library that runs with all rights of whoever loads the model.",
    remedy="Use standard operators, or have a person approve the library.",
    example="A node of domain com.example.custom.",
    source="ONNX Runtime, Custom operators",
)
PYTHON = Rule(
    identity="ONNX-PYTHON",
    severity=Severity.BLOCK,
    title="An operator that calls Python",
    why="It runs code of the author's choice.",
    remedy="Use standard operators.",
    example="A node of type PyOp.",
    source="ONNX Runtime, Python operator",
)
RULES = (TRAVERSAL, OPERATOR, PYTHON)

_DOMAINS = ("", "ai.onnx", "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview", "ai.onnx.preview.training", "com.microsoft", "com.microsoft.nchwc", "com.ms.internal.nhwc", "pkg.onnxscript.torch_lib", "pkg.onnxscript.torch_lib.common", "pkg.torch")  # fmt: skip
_DTYPES = {
    1: "F32", 2: "U8", 3: "I8", 4: "U16", 5: "I16", 6: "I32", 7: "I64", 8: "TEXT", 9: "BOOL", 10: "F16", 11: "F64", 12: "U32",
    13: "U64", 14: "C64", 15: "C128", 16: "BF16", 17: "F8_E4M3", 18: "F8_E4M3FNUZ", 19: "F8_E5M2", 20: "F8_E5M2FNUZ",
    21: "U4", 22: "I4", 23: "F4",
}  # fmt: skip
DEPTH = 32


def looks_like(reader: Reader) -> bool:
    """ModelProto begins with ir_version (a small number), then strings, and has a graph."""
    seen: set[int] = set()
    try:
        for number, value in Message(reader, 0, reader.size, Budget(64)).fields():
            if number not in (1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26):
                return False
            if number == 1 and (not isinstance(value, int) or not 1 <= value <= 100):
                return False
            seen.add(number)
    except Malformed:
        return False
    return 1 in seen and bool(seen & {7, 8})


def inspect(reader: Reader, probe: Probe) -> None:
    """Walk graph, subgraphs and functions."""
    graphs = 0
    for number, value in whole(reader).fields():
        if not isinstance(value, Message):
            continue
        if number == 2:
            probe.observed.attributes["producer"] = value.text()[:100]
        elif number == 7:
            graphs += 1
            _graph(value, probe, 0)
        elif number == 25:
            _nodes(value, probe, 7, 0)  # FunctionProto.node
    if not graphs:
        raise Malformed("a model without a graph", 0)


def _graph(graph: Message, probe: Probe, depth: int) -> None:
    if depth > DEPTH:
        raise Malformed("graphs nested too deeply", graph.start)
    for number, value in graph.fields():
        if not isinstance(value, Message):
            continue
        if number == 1:
            _node(value, probe, depth)
        elif number == 5:
            _tensor(value, probe)
        elif number == 15:
            for inner, tensor in value.fields():
                if inner in (1, 2) and isinstance(tensor, Message):
                    _tensor(tensor, probe)


def _nodes(function: Message, probe: Probe, field: int, depth: int) -> None:
    for number, value in function.fields():
        if number == field and isinstance(value, Message):
            _node(value, probe, depth)


def _node(node: Message, probe: Probe, depth: int) -> None:
    kind = domain = ""
    for number, value in node.fields():
        if not isinstance(value, Message):
            continue
        if number == 4:
            kind = value.text()
        elif number == 7:
            domain = value.text()
        elif number == 5:
            _attribute(value, probe, depth)
    if kind in ("PyOp", "PyFunc", "PythonOp", "PyCustomOp") or "python" in domain.lower():
        probe.find(PYTHON, f"a node of type {kind[:60]!r} in domain {domain[:60]!r}", node.start)
    elif domain not in _DOMAINS:
        probe.find(OPERATOR, f"a node of type {kind[:60]!r} in domain {domain[:60]!r}", node.start)


def _attribute(attribute: Message, probe: Probe, depth: int) -> None:
    for number, value in attribute.fields():
        if not isinstance(value, Message):
            continue
        if number in (6, 11):
            _graph(value, probe, depth + 1)
        elif number in (5, 10):
            _tensor(value, probe)


def _tensor(tensor: Message, probe: Probe) -> None:
    shape: list[int] = []
    kind = 0
    for number, value in tensor.fields():
        if number == 1:
            shape += [value] if isinstance(value, int) else list(packed(value))
        elif number == 2 and isinstance(value, int):
            kind = value
        elif number == 13 and isinstance(value, Message):
            _external(value, probe)
    if not all(0 <= size < 1 << 62 for size in shape) or len(shape) > 64:
        raise Malformed("a tensor of impossible shape", tensor.start)
    probe.observed.parameters[_DTYPES.get(kind, f"type {kind}")] += prod(shape) if shape else 1


def _external(entry: Message, probe: Probe) -> None:
    """A StringStringEntryProto: location, offset, length, checksum."""
    pair = {number: value.text() for number, value in entry.fields() if isinstance(value, Message)}
    key, value = pair.get(1, ""), pair.get(2, "")
    if key == "location":
        reason = unsafe(value) or ("a network address" if "://" in value else None)
        if reason is not None or ".." in value.replace("\\", "/").split("/"):
            probe.find(
                TRAVERSAL, f"external data at {value[:100]!r}: {reason or 'a path that climbs out'}", entry.start
            )
        else:
            known = probe.observed.attributes.get("needs", "").split("\n")
            if value not in known and len(known) < 1000:
                probe.observed.attributes["needs"] = "\n".join([*filter(None, known), value])
    elif key in ("offset", "length") and not value.isdigit():
        probe.find(TRAVERSAL, f"external data with the {key} {value[:40]!r}", entry.start)
