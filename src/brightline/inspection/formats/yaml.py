"""YAML: searched as text for tags that make a loader build Python objects."""

import re

from brightline.inspection.finding import Rule, Severity
from brightline.inspection.formats.configuration import CALL, TARGET
from brightline.inspection.probe import Probe
from brightline.release.reader import BLOCK, Reader, blocks

OBJECT = Rule(
    identity="YAML-OBJECT",
    severity=Severity.BLOCK,
    title="A YAML tag that builds a Python object",
    why="An unsafe loader imports and calls what the tag names.",
    remedy="Write plain values.",
    example="!!python/object/apply:os.system ['echo']",
    source="CVE-2020-14343; PyYAML documentation, Loading YAML",
)
RULES = (OBJECT,)
_TAG = re.compile(r"!!?(?:<tag:yaml\.org,2002:)?python/[a-z]+\S{0,200}|tag:yaml\.org,2002:p\S{0,200}")
_ESCAPE = re.compile(r"%([0-9a-fA-F]{2})")
_TARGET = re.compile(r"^\s*-?\s*(_target_|class_path)\s*:\s*[\"']?([\w.]+)", re.MULTILINE)
_DANGEROUS = re.compile(
    r"^(os|subprocess|builtins|sys|shutil|importlib|runpy|pickle|posix|ctypes)\.|\.(eval|exec|system|popen)$"
)


def inspect(reader: Reader, probe: Probe) -> None:
    """The whole file, a block at a time; a block's end is kept so that nothing falls between."""
    kept, at = "", 0
    for block in blocks(reader):
        # A tag may hold URI escapes, and a loader undoes them (YAML 1.2, 5.6): `!!pyth%6fn/object`.
        text = kept + _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), block.decode("utf-8", "replace"))
        _search(text, at, probe)
        kept, at = text[-256:] if len(block) == BLOCK else "", at + len(block)


def _search(text: str, at: int, probe: Probe) -> None:
    """Tags and targets in a piece of the file that begins near byte `at`."""
    for tag in _TAG.finditer(text):
        if not tag[0].endswith(_PLAIN):
            probe.find(OBJECT, f"the tag {tag[0][:100]!r}", at + tag.start())
    for target in _TARGET.finditer(text):
        if "." in target[2]:
            rule = CALL if _DANGEROUS.search(target[2]) else TARGET
            probe.find(rule, f"{target[1]}: {target[2][:100]}", at + target.start())


_PLAIN = tuple(
    f"python/{name}"
    for name in ("tuple", "none", "bool", "str", "int", "float", "list", "dict", "unicode", "complex", "bytes")
)
