"""JSON beside a model: what it makes a loader run, fetch or open; and what it tells of the model."""

import binascii
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from brightline.inspection.finding import Rule, Severity
from brightline.inspection.formats import layers
from brightline.inspection.formats.templates import inspect_template
from brightline.inspection.probe import Malformed, Probe
from brightline.release.archive.damaged import unsafe
from brightline.release.reader import Reader, blocks

SIZE = 16 << 20
NESTING = 200
NODES = 500_000
VALUES = 1_500_000  # commas and brackets; beyond it the values would fill memory

REMOTE = Rule(
    "CONFIG-REMOTE-CODE",
    Severity.BLOCK,
    "Code from another repository",
    "Loading the model with trust_remote_code runs code that is not in this release and can change tomorrow.",
    "Put the code into this release and name it without the other repository.",
    '"auto_map": {"AutoModel": "someone/else--modeling.Net"}',
    "transformers, dynamic_module_utils; CVE-2023-7018",
)
CUSTOM = Rule(
    "CONFIG-CUSTOM-CODE",
    Severity.REVIEW,
    "Custom code is loaded with the model",
    "With trust_remote_code, Python files of this release run on the loading machine.",
    "Have a person read the code; prefer an architecture that the library knows.",
    '"auto_map": {"AutoModel": "modeling.Net"}',
    "transformers documentation, Custom models",
)
KERNEL = Rule(
    "CONFIG-KERNEL",
    Severity.BLOCK,
    "The configuration chooses code to download",
    "An internal field makes the library fetch and run a kernel from a hub, without asking.",
    "Remove the field; attention is chosen by whoever loads the model.",
    '"_attn_implementation_internal": "someone/kernel"',
    "CVE-2026-4372",
)
TARGET = Rule(
    "CONFIG-TARGET",
    Severity.REVIEW,
    "The configuration names a thing to be called",
    "Libraries that instantiate what a configuration names call any importable function.",
    "Have a person check the name, or build the object in code.",
    '"_target_": "package.Class"',
    "CVE-2025-23304 (NeMo), Hydra instantiate",
)
CALL = Rule(
    "CONFIG-CALL",
    Severity.BLOCK,
    "The configuration calls a dangerous name, or carries serialized objects",
    "Loading it runs a command, or unpickles bytes.",
    "Remove it.",
    '"_target_": "os.system"',
    "CVE-2025-23304; jsonpickle documentation; CVE-2020-14343 (PyYAML)",
)
TRUST = Rule(
    "CONFIG-TRUST",
    Severity.REVIEW,
    "The configuration asks for trust in remote code",
    "A file of the release must not decide that its own code is trusted.",
    "Remove the field; whoever loads the model decides.",
    '"trust_remote_code": true',
    "transformers documentation, trust_remote_code",
)
TRAVERSAL = Rule(
    "CONFIG-TRAVERSAL",
    Severity.BLOCK,
    "A file name that leaves the release",
    "The loader opens a file outside the model's folder.",
    "Name files beside the index.",
    '"weight_map": {"w": "../../secret"}',
    "CWE-22; transformers sharded checkpoints",
)
DUPLICATE = Rule(
    "CONFIG-DUPLICATE",
    Severity.REVIEW,
    "A key stands twice",
    "JSON readers differ in which of the two they take.",
    "Write the file again.",
    '{"a": 1, "a": 2}',
    "RFC 8259 section 4",
)
RULES = (REMOTE, CUSTOM, KERNEL, TARGET, CALL, TRUST, TRAVERSAL, DUPLICATE, *layers.RULES)

_DANGEROUS = re.compile(
    r"^(os|posix|nt|sys|subprocess|builtins|__builtin__|importlib|shutil|runpy|pty|socket|ctypes|code|pickle|marshal|torch\.hub|torch\.load|joblib|dill|cloudpickle|pydoc|commands)(\.|$)|(^|\.)(eval|exec|system|popen|spawn\w*|__import__)$"
)
_ATTENTION = frozenset(
    {"eager", "sdpa", "flash_attention_2", "flash_attention_3", "flex_attention", "paged_attention", "flash_attention"}
)
_PICKLED = re.compile(
    r"gA[I-X]|KGRw|KGxw|Y29z|Y3Bvc2l4|Y19fYnVpbHRpbl9f|Y2J1aWx0aW5z"
)  # base64 of pickles' first bytes
_LIBRARIES = ("transformers.", "peft.", "diffusers.", "sentence_transformers.", "torch.")
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")


def inspect(reader: Reader, probe: Probe) -> None:
    """Any JSON file; what is too large to be held as values is searched as text."""
    if reader.size > SIZE:
        _huge(reader, probe)
        return
    text = reader.read(0, reader.size)
    if sum(map(text.count, (b",", b"[", b"{"))) > VALUES:
        _huge(reader, probe)
    else:
        judge(parse(text, probe), probe)


def parse(text: bytes, probe: Probe) -> Any:
    """JSON, bounded in depth; a key that stands twice is told. Raises Malformed."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            probe.find(DUPLICATE, "a key stands twice in one object")
        return found

    if _depth(text) > NESTING:
        raise Malformed(f"nested deeper than {NESTING} levels")
    try:
        return json.loads(text.decode("utf-8-sig"), object_pairs_hook=once)
    except (ValueError, RecursionError) as trouble:
        raise Malformed(f"no JSON: {trouble}"[:200]) from None


def _depth(text: bytes) -> int:
    """An upper bound of the nesting, where it matters: runs of opening brackets, or many more opened than a document has."""
    if text.count(b"[") + text.count(b"{") <= NESTING:
        return 0
    depth = deepest = 0
    for bracket in re.finditer(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', text):
        first = bracket[0][:1]
        if first in b"[{":
            depth += 1
            deepest = max(deepest, depth)
            if deepest > NESTING:
                break
        elif first in b"]}":
            depth -= 1
    return deepest


def _huge(reader: Reader, probe: Probe) -> None:
    """A tokenizer's vocabulary and the like: searched for what would matter, a block at a time."""
    kept, at = b"", 0
    marks = [(re.compile(pattern), rule) for pattern, rule in _MARKS]
    for block in blocks(reader):
        seen = kept + block
        for mark, rule in marks:
            for found in mark.finditer(seen, max(0, len(kept) - 256)):
                message = f"{found[0][:80].decode('utf-8', 'replace')} in a JSON file too large to be read whole"
                probe.find(rule, message, at - len(kept) + found.start())
        kept, at = block[-256:], at + len(block)


_MARKS: tuple[tuple[bytes, Rule], ...] = (
    (rb'"(?:auto_map|custom_pipelines|chat_template)"\s{0,20}:', CUSTOM),
    (rb'"_attn_implementation_internal"\s{0,20}:\s{0,20}"', KERNEL),
    (rb'"class_name"\s{0,20}:\s{0,20}"(?:Lambda|__lambda__)"', layers.LAMBDA),
    (rb'"(?:py/(?:object|reduce|function|type)|__reduce__)"\s{0,20}:', CALL),
    (rb'"_target_"\s{0,20}:\s{0,20}"', TARGET),
    (rb'"trust_remote_code"\s{0,20}:\s{0,20}true', TRUST),
)


def judge(document: Any, probe: Probe) -> None:
    """Findings of the whole document, and facts of its top."""
    for key, value in (("", document), *_walk(document)):
        _entry(key, value, probe)
    if isinstance(document, dict):
        _files(document, probe)
        note(document, probe)


def _walk(document: Any) -> Iterator[tuple[str, Any]]:
    """(key, value) of every entry of every object, without recursion; a list's objects count as entries of its key."""
    waiting: list[tuple[str, Any]] = [("", document)]
    count = 0
    while waiting:
        parent, node = waiting.pop()
        for key, value in _pairs(parent, node):
            count += 1
            if count > NODES and isinstance(value, str | int | float) and key not in _BY_KEY:
                continue  # a vocabulary: only containers can still matter
            yield str(key), value
            if isinstance(value, dict | list):
                waiting.append((str(key), value))


def _pairs(parent: str, node: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(node, dict):
        yield from node.items()
    elif isinstance(node, list):
        yield from ((parent, item) for item in node if isinstance(item, dict | list))


def _entry(key: str, value: Any, probe: Probe) -> None:
    """One entry of one object: by its key, then by what its value is."""
    if key in _BY_KEY:
        _BY_KEY[key](key, value, probe)
    elif key in ("py/object", "py/reduce", "py/function", "py/type", "__reduce__"):
        probe.find(CALL, f"a serialized object ({key})")
    elif isinstance(value, str) and len(value) > 24 and _is_pickled(value):
        probe.find(CALL, f"{key}: base64 of a pickle")
    if isinstance(value, dict):
        _object(value, probe)


def _object(value: dict[str, Any], probe: Probe) -> None:
    """An object that is built when the file is loaded: Keras', or one of `target` and `params` (latent diffusion)."""
    if "class_name" in value:
        layers.judge(value, probe)
    if "target" in value and "params" in value:
        _target("target", value["target"], probe)
    library = value.get("parent_library")
    if "base_model_class" in value and isinstance(library, str) and not library.startswith(_LIBRARIES):
        probe.find(CUSTOM, f"auto_mapping takes the base model from {library[:100]!r}")


def _is_pickled(value: str) -> bool:
    """Base64 whose first bytes begin a pickle and whose last byte ends one."""
    if not _PICKLED.match(value):
        return False
    try:
        return binascii.a2b_base64(value.rstrip("= \n") + "==").endswith(b".")
    except ValueError:
        return False


def _kernel(key: str, value: Any, probe: Probe) -> None:
    """One name, or one for each part of the model."""
    for name in value.values() if isinstance(value, dict) else [value]:
        if isinstance(name, str) and name not in _ATTENTION:
            probe.find(KERNEL, f"{key} = {name[:80]!r}")


def _trust(key: str, value: Any, probe: Probe) -> None:
    if value is True:
        probe.find(TRUST, f"{key} is set")


def _target(key: str, value: Any, probe: Probe) -> None:
    if isinstance(value, str) and _DOTTED.fullmatch(value):
        probe.find(CALL if _DANGEROUS.search(value) else TARGET, f"{key} = {value[:80]!r}")


def _auto_map(key: str, entries: Any, probe: Probe) -> None:
    named = [("tokenizer", entries)] if isinstance(entries, list | str) else []  # the old form: slow and fast tokenizer
    for name, target in entries.items() if isinstance(entries, dict) else named:
        for place in (
            target if isinstance(target, list) else [target.get("impl") if isinstance(target, dict) else target]
        ):
            if isinstance(place, str) and "--" in place:
                probe.find(REMOTE, f"{key}: {name} is {place[:100]!r}, in another repository")
            elif place:
                probe.find(CUSTOM, f"{key}: {name} is {str(place)[:100]!r}")


def _templates(_key: str, value: Any, probe: Probe) -> None:
    """A template, or several with names (transformers)."""
    if isinstance(value, str):
        inspect_template(value, probe, "chat_template")
    for item in value if isinstance(value, list) else []:
        if isinstance(item, dict) and isinstance(item.get("template"), str):
            inspect_template(item["template"], probe, f"chat_template {str(item.get('name'))[:40]!r}")


def _files(document: dict[str, Any], probe: Probe) -> None:
    """A shard index: tensor -> file."""
    shards = document.get("weight_map")
    names = {str(name) for name in shards.values()} if isinstance(shards, dict) else set()
    for name in sorted(names):
        if unsafe(name) is not None or "\\" in name or "://" in name:
            probe.find(TRAVERSAL, f"the index names {name[:100]!r}")
    plain = [name for name in sorted(names) if unsafe(name) is None and "\n" not in name]
    if plain:
        probe.observed.attributes["needs"] = "\n".join(plain[:2000])


def note(document: dict[str, Any], probe: Probe) -> None:
    """Facts of a model's or an adapter's configuration."""
    attributes, numbers = probe.observed.attributes, probe.observed.numbers
    base = document.get("base_model_name_or_path")
    if isinstance(base, str) and ("peft_type" in document or "lora_alpha" in document):
        attributes.update(base_model=base[:300], adapter="yes")
    if "model_type" not in document and "architectures" not in document:
        return
    probe.observed.config = document
    text = document.get("text_config") if isinstance(document.get("text_config"), dict) else document
    first = document.get("architectures")
    if isinstance(first, list) and first and isinstance(first[0], str):
        attributes["architecture"] = first[0][:200]
    for ours, names in _NUMBERS.items():
        value = next((text[name] for name in names if isinstance(text, dict) and type(text.get(name)) is int), None)
        if value is not None and 0 <= value < 1 << 53:
            numbers[ours] = value
    method = document.get("quantization_config")
    if isinstance(method, dict) and isinstance(method.get("quant_method"), str):
        attributes["quantisation"] = method["quant_method"][:60]


_NUMBERS = {
    "context_length": ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "max_sequence_length"),
    "experts": ("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts"),
    "experts_used": ("num_experts_per_tok", "num_experts_per_token", "moe_top_k", "moe_k", "top_k_experts"),
}
_BY_KEY: dict[str, Callable[[str, Any, Probe], None]] = {
    "auto_map": _auto_map,
    "custom_pipelines": _auto_map,
    "_attn_implementation_internal": _kernel,
    "_attn_implementation": _kernel,
    "attn_implementation": _kernel,
    "trust_remote_code": _trust,
    "_target_": _target,
    "class_path": _target,
    "chat_template": _templates,
}
