"""TensorFlow SavedModel: the operators of every graph and function in saved_model.pb.

Source: saved_model.proto, meta_graph.proto, graph.proto, function.proto (field numbers); TensorFlow's SECURITY.md.
"""

from brightline.inspection.finding import Rule, Severity
from brightline.inspection.formats.protobuf import Budget, Message, whole
from brightline.inspection.probe import Malformed, Probe
from brightline.release.reader import Reader

FILES = Rule(
    identity="SAVEDMODEL-FILES",
    severity=Severity.BLOCK,
    title="An operator that reads or writes files, or calls Python",
    why="A SavedModel is a program: calling it, or loading it, does what these operators say on the machine.",
    remedy="Export the model again without them.",
    example="A node of type WriteFile.",
    source="TensorFlow SECURITY.md, models are programs; JFrog, ReadFile and WriteFile in SavedModel",
)
UNUSUAL = Rule(
    identity="SAVEDMODEL-OPERATOR",
    severity=Severity.REVIEW,
    title="An operator that talks to the outside",
    why="It prints, lists, streams or looks up things on the machine that runs the model.",
    remedy="Export the model again without it, or have a person approve it.",
    example="A node of type MatchingFiles.",
    source="TensorFlow SECURITY.md",
)
LAMBDA = Rule(
    identity="SAVEDMODEL-LAMBDA",
    severity=Severity.BLOCK,
    title="A Keras Lambda layer",
    why="It carries marshalled Python byte code that runs when the model is loaded.",
    remedy="Replace the Lambda layer by a registered layer.",
    example='"class_name": "Lambda" in keras_metadata.pb',
    source="CVE-2024-3660",
)
RULES = (FILES, UNUSUAL, LAMBDA)

_BLOCKED = frozenset({"ReadFile", "WriteFile", "PyFunc", "PyFuncStateless", "EagerPyFunc", "LoadLibrary", "ShellExec", "TFRecordWriter", "WholeFileReader", "WholeFileReaderV2"})  # fmt: skip
_UNUSUAL = frozenset({
    "MatchingFiles", "PrintV2", "DebugIdentity", "DebugIdentityV2", "DebugIdentityV3", "TextLineReader", "TextLineReaderV2",
    "FixedLengthRecordReader", "FixedLengthRecordReaderV2", "TFRecordReader", "TFRecordReaderV2", "TextLineDataset", "TFRecordDataset",
    "FixedLengthRecordDataset", "RpcCall", "RpcServer", "RpcClient", "DataServiceDataset", "LMDBReader", "SqlDataset",
    "CreateSummaryFileWriter", "CreateSummaryDbWriter", "WriteSummary", "DecodeProtoV2",
})  # fmt: skip


def looks_like(reader: Reader) -> bool:
    """SavedModel: saved_model_schema_version = 1, then meta_graphs that begin with a MetaInfoDef."""
    try:
        fields = []
        for number, value in Message(reader, 0, reader.size, Budget(8)).fields():
            fields.append((number, value))
            if number not in (1, 2):
                return False
    except Malformed:
        return False
    graphs = [value for number, value in fields if number == 2 and isinstance(value, Message)]
    return fields[:1] == [(1, 1)] and bool(graphs)


def inspect(reader: Reader, probe: Probe) -> None:
    """Nodes of every graph; and, in Keras' own metadata, layers that carry code."""
    if probe.path.rsplit("/", 1)[-1] == "keras_metadata.pb":
        _metadata(reader, probe)
        return
    graphs = 0
    for number, value in whole(reader).fields():
        if number == 2 and isinstance(value, Message):
            graphs += 1
            _meta_graph(value, probe)
        elif number not in (1, 2):
            raise Malformed("no SavedModel: an unknown field at its top", 0)
    if not graphs:
        raise Malformed("a SavedModel without a graph", 0)


def _meta_graph(meta: Message, probe: Probe) -> None:
    for number, value in meta.fields():
        if number != 2 or not isinstance(value, Message):  # graph_def
            continue
        for inner, part in value.fields():
            if inner == 1 and isinstance(part, Message):  # node
                _node(part, probe)
            elif inner == 2 and isinstance(part, Message):  # library
                _library(part, probe)


def _library(library: Message, probe: Probe) -> None:
    for number, function in library.fields():
        if number == 1 and isinstance(function, Message):
            for inner, node in function.fields():
                if inner == 3 and isinstance(node, Message):  # node_def
                    _node(node, probe)


def _node(node: Message, probe: Probe) -> None:
    for number, value in node.fields():
        if number == 2 and isinstance(value, Message):
            kind = value.text()
            if kind in _BLOCKED:
                probe.find(FILES, f"an operator {kind}", node.start)
            elif kind in _UNUSUAL:
                probe.find(UNUSUAL, f"an operator {kind}", node.start)


def _metadata(reader: Reader, probe: Probe) -> None:
    """keras_metadata.pb holds each layer's configuration as JSON text."""
    text = reader.read(0, 32 << 20)
    for mark in (b'"class_name": "Lambda"', b'"class_name":"Lambda"', b'"class_name": "__lambda__"'):
        at = text.find(mark)
        if at >= 0:
            probe.find(LAMBDA, "a Lambda layer", at)
            return
