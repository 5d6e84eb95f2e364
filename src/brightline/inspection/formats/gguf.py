"""GGUF: key-value metadata and tensor descriptions over aligned tensor bytes. Bodies of arrays are stepped over.

Source: ggml/docs/gguf.md and ggml's gguf.cpp; block sizes from ggml.c.
"""

import struct
from math import prod
from typing import Any

from brightline.inspection.finding import Rule, Severity
from brightline.inspection.formats.templates import inspect_template
from brightline.inspection.probe import Malformed, Probe
from brightline.release.reader import Reader

TEXT = 1 << 20  # a chat template; other texts are kept only where they are short
SHORT = 4096
NAMES = 1024  # bytes; the specification allows 64 for a tensor
COUNT = 200_000  # tensors or keys; the largest models have some thousand
NESTED = 4
STEP = 8 << 20

BOUNDS = Rule(
    identity="GGUF-BOUNDS",
    severity=Severity.BLOCK,
    title="A count, a length or a dimension that the file cannot hold",
    why="Loaders written in C multiply and allocate by these numbers: overflows have been code execution.",
    remedy="Convert the model again with llama.cpp's own converter.",
    example="A tensor of dimensions 2^62 x 8; a string of 2^63 bytes.",
    source="CVE-2024-21802 (llama.cpp), CVE-2026-7482 (Ollama)",
)
LAYOUT = Rule(
    identity="GGUF-LAYOUT",
    severity=Severity.BLOCK,
    title="Tensors overlap, leave the file, or share a name",
    why="Two tools load two different models, or memory that is not the model's.",
    remedy="Convert the model again with llama.cpp's own converter.",
    example="Two tensors at offset 0.",
    source="ggml/docs/gguf.md, tensor infos",
)
RULES = (BOUNDS, LAYOUT)

_WIDTHS = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
# ggml type: (name, elements a block, bytes a block)
TYPES = {
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20), 6: ("Q5_0", 32, 22), 7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34), 9: ("Q8_1", 32, 36), 10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110), 12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176), 14: ("Q6_K", 256, 210), 15: ("Q8_K", 256, 292), 16: ("IQ2_XXS", 256, 66), 17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98), 19: ("IQ1_S", 256, 50), 20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110), 22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136), 24: ("I8", 1, 1), 25: ("I16", 1, 2), 26: ("I32", 1, 4), 27: ("I64", 1, 8), 28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56), 30: ("BF16", 1, 2), 34: ("TQ1_0", 256, 54), 35: ("TQ2_0", 256, 66), 39: ("MXFP4", 32, 17),
}  # fmt: skip
_FILE_TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S", 12: "Q3_K_M",
    13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 32: "BF16", 38: "MXFP4_MOE",
}  # fmt: skip


class Pairs:
    """A place in the file's head, read in large steps; numbers in the file's byte order."""

    def __init__(self, reader: Reader) -> None:
        self.reader, self.base, self.at = reader, 0, 0
        self.buffer = reader.read(0, STEP)
        self.order = "<"

    @property
    def position(self) -> int:
        return self.base + self.at

    def need(self, count: int) -> None:
        if self.at + count > len(self.buffer):
            if count > self.reader.size - self.position:
                raise Malformed(f"{count} bytes are needed and the file ends", self.position)
            self.base, self.at = self.position, 0
            self.buffer = self.reader.read(self.base, max(STEP, count) if count <= STEP else STEP)

    def skip(self, count: int) -> None:
        if count > self.reader.size - self.position:
            raise Malformed(f"{count} bytes are needed and the file ends", self.position)
        if self.at + count <= len(self.buffer):
            self.at += count
        else:
            self.base, self.at = self.position + count, 0
            self.buffer = self.reader.read(self.base, STEP)

    def number(self, code: str, width: int) -> Any:
        self.need(width)
        value = struct.unpack_from(self.order + code, self.buffer, self.at)[0]
        self.at += width
        return value

    def text(self, probe: Probe) -> str:
        length = self.number("Q", 8)
        if length > self.reader.size - self.position:
            probe.find(BOUNDS, f"a string of {length} bytes", self.position)
            raise Malformed(f"a string of {length} bytes in a file of {self.reader.size}", self.position)
        if length > TEXT:
            self.skip(length)
            return ""
        self.need(length)
        self.at += length
        return self.buffer[self.at - length : self.at].decode("utf-8", "replace")

    def skip_texts(self, count: int) -> None:
        """Step over `count` strings; this loop decides how fast a file with a large vocabulary is read."""
        unpack, done = struct.Struct(self.order + "Q").unpack_from, 0
        while done < count:
            self.need(8)
            buffer, at = self.buffer, self.at
            try:
                for done in range(done, count):  # noqa: B007, B020 - on a stop it says how many are done
                    at += 8 + unpack(buffer, at)[0]
                done = count
            except (struct.error, OverflowError):
                pass  # the buffer ends here: go on behind what was stepped over
            self._resume(at)

    def _resume(self, at: int) -> None:
        """Go on at `at`, counted from the buffer's start; it may lie behind the buffer's end."""
        if self.base + at > self.reader.size:
            raise Malformed("a string runs past the end of the file", self.position)
        if at <= len(self.buffer):
            self.at = at
        else:
            self.base, self.at = self.base + at, 0
            self.buffer = self.reader.read(self.base, STEP)


def inspect(reader: Reader, probe: Probe) -> None:
    """Metadata and tensor descriptions; never a tensor."""
    pairs = Pairs(reader)
    tensors, keys = _head(pairs, reader, probe)
    metadata: dict[str, Any] = {}
    for _ in range(keys):
        name = _name(pairs, probe)
        value = _value(pairs, pairs.number("I", 4), probe)
        if name in metadata:
            probe.find(LAYOUT, f"the key {name!r:.100} stands twice", pairs.position)
        if value is not None and (not isinstance(value, str) or _worth(name, value, metadata)):
            metadata[name] = value
    spans = [_tensor(pairs, probe) for _ in range(tensors)]
    _layout(spans, pairs.position, metadata.get("general.alignment", 32), reader, probe)
    _note(metadata, probe)


def _name(pairs: Pairs, probe: Probe) -> str:
    name = pairs.text(probe)
    if len(name) > NAMES:
        raise Malformed(f"a name of {len(name)} characters", pairs.position)
    return name


def _worth(name: str, value: str, metadata: dict[str, Any]) -> bool:
    """Whether a text is kept: short ones, and the first chat templates."""
    return len(value) <= SHORT or (name.startswith("tokenizer.chat_template") and len(metadata) < 200)


def _head(pairs: Pairs, reader: Reader, probe: Probe) -> tuple[int, int]:
    if pairs.buffer[:4] != b"GGUF" or reader.size < 24:
        raise Malformed("no GGUF header", 0)
    pairs.at = 4
    version = pairs.number("I", 4)
    if version > 0xFFFF:  # big-endian files have the bytes of the version the other way round
        pairs.order, pairs.at = ">", 4
        version = pairs.number("I", 4)
    if version not in (1, 2, 3):
        raise Malformed(f"GGUF version {version} is not known", 4)
    if version == 1:
        raise Malformed("GGUF version 1 is out of use; convert the model again", 4)
    tensors, keys = pairs.number("Q", 8), pairs.number("Q", 8)
    if tensors * 24 > reader.size or keys * 12 > reader.size or max(tensors, keys) > COUNT:
        probe.find(BOUNDS, f"{tensors} tensors and {keys} keys in {reader.size} bytes", 8)
        raise Malformed(f"{tensors} tensors and {keys} keys in a file of {reader.size} bytes", 8)
    return tensors, keys


def _value(pairs: Pairs, kind: int, probe: Probe, depth: int = 0) -> Any:
    """A scalar or a string; None for an array, whose body is stepped over."""
    if kind in _SCALARS:
        return pairs.number(_SCALARS[kind], _WIDTHS[kind])
    if kind == 8:
        return pairs.text(probe)
    if kind != 9 or depth >= NESTED:
        raise Malformed(f"a value of unknown type {kind}", pairs.position)
    inner, count = pairs.number("I", 4), pairs.number("Q", 8)
    least = _WIDTHS.get(inner, 8 if inner == 8 else 12)
    if count * least > pairs.reader.size - pairs.position:
        probe.find(BOUNDS, f"an array of {count} values", pairs.position)
        raise Malformed(f"an array of {count} values in a file of {pairs.reader.size} bytes", pairs.position)
    if inner in _WIDTHS:
        pairs.skip(count * _WIDTHS[inner])
    elif inner == 8:
        pairs.skip_texts(count)
    else:
        for _ in range(count):
            _value(pairs, inner, probe, depth + 1)
    return None


def _tensor(pairs: Pairs, probe: Probe) -> tuple[int, int, str]:
    """(offset in the data, bytes, name)."""
    name = _name(pairs, probe)
    dimensions = pairs.number("I", 4)
    if dimensions > 8:
        probe.find(BOUNDS, f"{name!r:.100}: {dimensions} dimensions", pairs.position)
        raise Malformed(f"{name!r:.100}: {dimensions} dimensions", pairs.position)
    elements = prod(pairs.number("Q", 8) for _ in range(dimensions))
    kind, offset = pairs.number("I", 4), pairs.number("Q", 8)
    if kind not in TYPES:
        raise Malformed(f"{name!r:.100}: unknown tensor type {kind}", pairs.position)
    label, block, width = TYPES[kind]
    if elements >= 1 << 63 or elements // block * width > pairs.reader.size:
        probe.find(BOUNDS, f"{name!r:.100}: {elements} elements in a file of {pairs.reader.size} bytes", pairs.position)
    else:
        probe.observed.parameters[label] += elements
        probe.observed.expert_parameters += elements if "_exps" in name else 0
    return offset, -(-elements // block) * width, name


def _layout(spans: list[tuple[int, int, str]], end: int, alignment: Any, reader: Reader, probe: Probe) -> None:
    if not isinstance(alignment, int) or not 1 <= alignment <= 1 << 20:
        raise Malformed(f"an alignment of {alignment!r:.40}", end)
    start = -(-end // alignment) * alignment
    at, names = 0, set()
    for offset, length, name in sorted(spans):
        if name in names:
            probe.find(LAYOUT, f"the tensor {name!r:.100} stands twice", start + offset)
        if offset < at or start + offset + length > reader.size:
            probe.find(LAYOUT, f"{name!r:.100}: bytes {offset} to {offset + length} are not its own", start + offset)
        names.add(name)
        at = max(at, offset + length)


def _note(metadata: dict[str, Any], probe: Probe) -> None:
    attributes, numbers = probe.observed.attributes, probe.observed.numbers
    architecture = str(metadata.get("general.architecture", ""))
    plain = {"architecture": "general.architecture", "name": "general.name", "licence": "general.license"}
    plain["base_model"] = "general.base_model.0.repo_url"
    for ours, theirs in plain.items():
        if isinstance(metadata.get(theirs), str):
            attributes[ours] = metadata[theirs][:300]
    kind = metadata.get("general.file_type")
    if isinstance(kind, int):
        attributes["quantisation"] = _FILE_TYPES.get(kind, f"file type {kind}")
    counts = {"context_length": "context_length", "experts": "expert_count", "experts_used": "expert_used_count"}
    for ours, theirs in counts.items():
        value = metadata.get(f"{architecture}.{theirs}")
        if isinstance(value, int) and value >= 0:
            numbers[ours] = value
    for key, text in metadata.items():
        if key.startswith("tokenizer.chat_template") and isinstance(text, str):
            inspect_template(text, probe, key)
