"""HDF5: links, attributes and where data lies, by the file's own structure; no dataset is read.

Source: HDF5 File Format Specification 3.0; section numbers stand beside what they explain.
"""

import re
from dataclasses import dataclass, field
from math import prod

from brightline.inspection.finding import Rule, Severity
from brightline.inspection.formats import configuration, layers
from brightline.inspection.formats.dense import Storage, Unfollowed
from brightline.inspection.probe import Malformed, Probe
from brightline.release.reader import Reader, blocks

EXTERNAL = Rule(
    identity="HDF5-EXTERNAL",
    severity=Severity.BLOCK,
    title="Data or links outside the file",
    why="Opening the model reads other files of the machine into its tensors.",
    remedy="Copy the data into the file.",
    example="An external link to /etc/passwd; a dataset with external storage.",
    source="CVE-2025-9905 family; HDF5 specification IV.A.2.g (link), IV.A.2.h (external data files)",
)
OPAQUE = Rule(
    identity="HDF5-OPAQUE",
    severity=Severity.REVIEW,
    title="Parts of the file are searched, not followed",
    why="Densely stored links or attributes are searched for tell-tale bytes instead of being read one by one.",
    remedy="Write the file with the library's default version bounds, or as safetensors, which is read whole.",
    example="A group with more than eight links, stored densely.",
    source="HDF5 specification III.G (fractal heap)",
)
RULES = (EXTERNAL, OPAQUE)

SIGNATURE = b"\x89HDF\r\n\x1a\n"
OBJECTS = 100_000
SPAN = 1 << 20
MESSAGES = 10_000
VARIABLE = 9  # class of a variable-length datatype (IV.A.2.d)
BODY = 1 << 24  # the longest model_config that is read as JSON
UNDEFINED = (1 << 64) - 1
_LAMBDA = re.compile(rb'"class_name":\s*"(?:Lambda|__lambda__)"')


@dataclass(slots=True)
class File:
    """An open file: where offsets count from, how wide offsets and lengths are, what was visited."""

    reader: Reader
    probe: Probe
    base: int = 0
    offsets: int = 8
    lengths: int = 8
    visited: set[int] = field(default_factory=set)
    waiting: list[int] = field(default_factory=list)
    dense: bool = False

    def at(self, offset: int, length: int) -> bytes:
        if length > SPAN or offset + self.base + length > self.reader.size:
            raise Malformed(f"{length} bytes are needed at {offset} and the file ends", offset)
        return self.reader.read(self.base + offset, length)

    def offset(self, raw: bytes, at: int) -> int:
        return int.from_bytes(raw[at : at + self.offsets], "little")

    def length(self, raw: bytes, at: int) -> int:
        return int.from_bytes(raw[at : at + self.lengths], "little")

    def visit(self, address: int) -> None:
        if address != (1 << 8 * self.offsets) - 1 and address not in self.visited:
            self.visited.add(address)
            self.waiting.append(address)


def inspect(reader: Reader, probe: Probe) -> None:
    """Follow every object that the root leads to; then search the whole for what dense storage may hide."""
    file = _superblock(reader, probe)
    while file.waiting:
        if len(file.visited) > OBJECTS:
            raise Malformed(f"more than {OBJECTS} objects")
        _object(file, file.waiting.pop())
    _search(file)


def _superblock(reader: Reader, probe: Probe) -> File:
    """II.A: the signature stands at 0, 512, 1024, 2048 and so on."""
    start = 0
    while reader.read(start, 8) != SIGNATURE:
        start = start * 2 or 512
        if start + 8 > reader.size or start > 1 << 30:
            raise Malformed("no HDF5 superblock")
    head = reader.read(start, 128)
    if len(head) < 48:
        raise Malformed("the superblock is cut", start)
    file = File(reader, probe, base=start)
    version = head[8]
    if version in (0, 1):
        file.offsets, file.lengths = head[13], head[14]
        at = 24 if version == 0 else 28
        stored = file.offset(head, at)
        entry = at + 4 * file.offsets
        root, end = file.offset(head, entry + file.offsets), file.offset(head, at + 2 * file.offsets)
    elif version in (2, 3):
        file.offsets, file.lengths = head[9], head[10]
        stored = file.offset(head, 12)
        root, end = file.offset(head, 12 + 3 * file.offsets), file.offset(head, 12 + 2 * file.offsets)
    else:
        raise Malformed(f"superblock version {version}", start + 8)
    if file.offsets not in (2, 4, 8) or file.lengths not in (2, 4, 8):
        raise Malformed("impossible widths in the superblock", start)
    # The library counts from where the signature stands, whatever base is stored (H5F__super_read); the end moves along.
    end += start - stored
    if end > reader.size:
        raise Malformed(f"the file ends at {reader.size}, its superblock says {end}: it is truncated", start)
    file.visit(root)
    return file


def _object(file: File, address: int) -> None:
    """IV.A: an object header of version 1 or 2 and its messages."""
    head = file.at(address, 16)
    facts: dict[str, tuple[int, ...] | str] = {}
    for kind, body in _version_two(file, address) if head[:4] == b"OHDR" else _version_one(file, address, head):
        try:
            _message(file, kind, body, facts)
        except IndexError:
            raise Malformed(f"a message of kind {kind} that is too short", address) from None
    shape, dtype = facts.get("shape"), facts.get("dtype")
    if isinstance(shape, tuple) and isinstance(dtype, str) and "data" in facts:
        file.probe.observed.parameters[dtype] += prod(shape)


def _version_one(file: File, address: int, head: bytes) -> list[tuple[int, bytes]]:
    if head[0] != 1:
        raise Malformed("no object header", address)
    messages: list[tuple[int, bytes]] = []
    spans = [(address + 16, int.from_bytes(head[8:12], "little"))]
    while spans:
        raw, at = _span(file, spans, messages), 0
        while at + 8 <= len(raw):
            kind, length = int.from_bytes(raw[at : at + 2], "little"), int.from_bytes(raw[at + 2 : at + 4], "little")
            body = raw[at + 8 : at + 8 + length]
            at += 8 + length
            if kind == 0x10 and len(body) >= file.offsets + file.lengths:
                spans.append((file.offset(body, 0), file.length(body, file.offsets)))
            messages.append((kind, body))
    return messages


def _span(file: File, spans: list[tuple[int, int]], messages: list[tuple[int, bytes]]) -> bytes:
    """The next piece of an object header; what it says of its length is bounded by SPAN and by the file."""
    start, size = spans.pop(0)
    if len(messages) > MESSAGES or len(spans) > MESSAGES:
        raise Malformed(f"more than {MESSAGES} messages in one object header", start)
    return file.at(start, size)


def _version_two(file: File, address: int) -> list[tuple[int, bytes]]:
    head = file.at(address, 64)
    flags, at = head[5], 6
    at += (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
    width = 1 << (flags & 3)
    size = int.from_bytes(head[at : at + width], "little")
    messages: list[tuple[int, bytes]] = []
    spans = [(address + at + width, size)]
    while spans:
        raw, at = _span(file, spans, messages), 0
        step = 6 if flags & 4 else 4
        while at + step <= len(raw):
            kind, length = raw[at], int.from_bytes(raw[at + 1 : at + 3], "little")
            body = raw[at + step : at + step + length]
            at += step + length
            if kind == 0x10 and len(body) >= file.offsets + file.lengths:
                spans.append((file.offset(body, 0) + 4, max(0, file.length(body, file.offsets) - 8)))
            messages.append((kind, body))
    return messages


def _message(file: File, kind: int, body: bytes, facts: dict[str, tuple[int, ...] | str]) -> None:
    if kind == 0x01:
        facts["shape"] = _shape(file, body)
    elif kind == 0x03:
        facts["dtype"] = _dtype(body)
    elif kind == 0x06:
        _link(file, body)
    elif kind == 0x07:
        file.probe.find(EXTERNAL, "a dataset whose data lies in another file")
    elif kind == 0x08:
        facts["data"] = "here"
        if body[:1] in (b"\x03", b"\x04", b"\x05") and body[1:2] == b"\x03":
            file.probe.find(EXTERNAL, "a virtual dataset, made of data of other files")
    elif kind == 0x0C:
        _attribute(file, body)
    elif kind == 0x11:
        _group(file, file.offset(body, 0), file.offset(body, file.offsets))
    elif kind in (0x02, 0x15):
        _stored_densely(file, kind, body)


def _stored_densely(file: File, kind: int, body: bytes) -> None:
    """IV.A.2.c (links), IV.A.2.v (attributes): the heap's address is undefined where all stand in the header itself."""
    flags = body[1]
    at = 2 + ((8 if flags & 1 else 0) if kind == 0x02 else (2 if flags & 1 else 0))
    heap, tree = file.offset(body, at), file.offset(body, at + file.offsets)
    if heap == (1 << 8 * file.offsets) - 1:
        return
    try:
        for found in Storage(file.at, file.offsets, file.lengths).objects(heap, tree):
            if kind == 0x02:
                _link(file, found)
            else:
                _attribute(file, found)
    except Unfollowed:
        file.dense = True


def _shape(file: File, body: bytes) -> tuple[int, ...]:
    rank, at = body[1], 8 if body[0] == 1 else 4
    return tuple(file.length(body, at + number * file.lengths) for number in range(min(rank, 32)))


def _dtype(body: bytes) -> str:
    kind, size = body[0] & 0x0F, int.from_bytes(body[4:8], "little")
    return {0: f"I{size * 8}", 1: f"F{size * 8}"}.get(kind, "RECORD")


def _link(file: File, body: bytes) -> None:
    """IV.A.2.g. Kinds: 0 hard, 1 soft, 64 external."""
    flags, at = body[1], 2
    kind = 0
    if flags & 8:
        kind, at = body[at], at + 1
    at += (8 if flags & 4 else 0) + (1 if flags & 0x10 else 0)
    width = 1 << (flags & 3)
    at += width + int.from_bytes(body[at : at + width], "little")
    if kind == 0:
        file.visit(file.offset(body, at))
    elif kind != 1:
        target = body[at + 2 :].strip(b"\x00").replace(b"\x00", b" ")[:100].decode("utf-8", "replace")
        file.probe.find(EXTERNAL, f"a link to {target!r}")


def _group(file: File, tree: int, heap: int) -> None:
    """III.A.1, III.B: the links of an old-style group lie in a B-tree of symbol table nodes; kind 2 of cache is a soft link."""
    waiting, seen = [tree], set[int]()
    while waiting:
        address = waiting.pop()
        if address in seen or len(seen) > OBJECTS:
            continue
        seen.add(address)
        head = file.at(address, 8)
        if head[:4] == b"TREE":
            count, at = int.from_bytes(head[6:8], "little"), 8 + 2 * file.offsets
            raw = file.at(address, at + count * (file.offsets + file.lengths) + file.lengths)
            step = file.lengths + file.offsets
            waiting += [file.offset(raw, at + file.lengths + number * step) for number in range(count)]
        elif head[:4] == b"SNOD":
            count, step = int.from_bytes(head[6:8], "little"), 2 * file.offsets + 24
            raw = file.at(address, 8 + count * step)
            for number in range(count):
                entry = 8 + number * step
                if raw[entry + 2 * file.offsets] != 2:
                    file.visit(file.offset(raw, entry + file.offsets))
        else:
            raise Malformed("neither a tree nor a symbol table", address)
    del heap  # names of links: what they are called changes nothing


def _attribute(file: File, body: bytes) -> None:
    """IV.A.2.m: `model_config` holds the layers of a Keras model as JSON; h5py keeps long strings in a global heap."""
    version, name_size = body[0], int.from_bytes(body[2:4], "little")
    type_size, space_size = int.from_bytes(body[4:6], "little"), int.from_bytes(body[6:8], "little")
    at = 9 if version == 3 else 8
    name = body[at : at + name_size].rstrip(b"\x00")
    if name not in (b"model_config", b"training_config"):
        return
    padded = version == 1  # only version 1 pads each part to eight bytes
    at += _padded(name_size) if padded else name_size
    kind = body[at] & 0x0F
    at += sum(_padded(size) if padded else size for size in (type_size, space_size))
    text = _heap_object(file, body[at:]) if kind == VARIABLE else body[at:]
    if (start := text.find(b"{")) >= 0:
        _config(file, text[start:].rstrip(b"\x00 "))


def _padded(size: int) -> int:
    return size + -size % 8


def _heap_object(file: File, reference: bytes) -> bytes:
    """III.E: a variable-length value is a length, a collection's address and an index in that collection."""
    address = file.offset(reference, 4)
    wanted = int.from_bytes(reference[4 + file.offsets : 8 + file.offsets], "little")
    head = file.at(address, 8 + file.lengths)
    if head[:4] != b"GCOL":
        raise Malformed("a string's heap is not there", address)
    at, end = address + 8 + file.lengths, address + file.length(head, 8)
    step = 8 + file.lengths
    for _ in range(65_536):  # an index has 16 bits
        if at + step > end:
            break
        entry = file.at(at, step)
        index, size = int.from_bytes(entry[:2], "little"), file.length(entry, 8)
        if index == wanted:
            if size > BODY or file.base + at + step + size > file.reader.size:
                raise Malformed(f"a string of {size} bytes", at)
            return file.reader.read(file.base + at + step, size)
        if index == 0:
            break
        at += step + _padded(size)
    raise Malformed("a string is missing from its heap", address)


def _config(file: File, text: bytes) -> None:
    try:
        configuration.judge(configuration.parse(text, file.probe), file.probe)
    except Malformed:
        file.probe.find(OPAQUE, "model_config is no JSON")
        if _LAMBDA.search(text):
            file.probe.find(layers.LAMBDA, "a layer of class Lambda in model_config")


def _search(file: File) -> None:
    """Attributes in heaps and densely stored links, by their bytes; a block's end is kept so that nothing falls between."""
    if file.dense:
        file.probe.find(OPAQUE, "densely stored links or attributes were searched, not followed")
    kept, at = b"", 0
    for block in blocks(file.reader):
        seen = kept + block
        if (found := _LAMBDA.search(seen)) is not None:
            file.probe.find(layers.LAMBDA, "a layer of class Lambda", at - len(kept) + found.start())
        if file.dense and (found := _DENSE_EXTERNAL.search(seen)) is not None:
            file.probe.find(EXTERNAL, "a densely stored link to another file", at - len(kept) + found.start())
        kept, at = block[-256:], at + len(block)


# A link message of version 1 with the type field present and the type 64, as a fractal heap keeps it.
_DENSE_EXTERNAL = re.compile(
    rb"\x01[\x08-\x0b\x0c-\x0f\x18-\x1f]\x40(?:.{8})?.{1,3}[\w./-]{1,200}..\x00[\w./\\: -]{1,300}\x00", re.DOTALL
)
