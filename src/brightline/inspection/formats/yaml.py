"""YAML: searched as text for tags that make a loader build Python objects."""

import re

from brightline.inspection.finding import Rule, Severity
from brightline.inspection.formats.configuration import CALL, TARGET
from brightline.inspection.probe import Probe
from brightline.release.reader import Reader

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
SIZE = 8 << 20
_TAG = re.compile(r"!!?(?:<tag:yaml\.org,2002:)?python/[a-z]+[^\s]*|!python\S*|tag:yaml\.org,2002:python/\S*")
_TARGET = re.compile(r"^\s*-?\s*(_target_|class_path)\s*:\s*[\"']?([\w.]+)", re.MULTILINE)
_DANGEROUS = re.compile(
    r"^(os|subprocess|builtins|sys|shutil|importlib|runpy|pickle|posix|ctypes)\.|\.(eval|exec|system|popen)$"
)


def inspect(reader: Reader, probe: Probe) -> None:
    """The first 8 MiB; no honest configuration is longer."""
    text = reader.read(0, SIZE).decode("utf-8", "replace")
    for tag in _TAG.finditer(text):
        if not tag[0].endswith(
            (
                "python/tuple",
                "python/none",
                "python/bool",
                "python/str",
                "python/int",
                "python/float",
                "python/list",
                "python/dict",
                "python/unicode",
            )
        ):
            probe.find(OBJECT, f"the tag {tag[0][:100]!r}", tag.start())
    for target in _TARGET.finditer(text):
        dangerous = _DANGEROUS.search(target[2])
        if "." in target[2]:
            probe.find(CALL if dangerous else TARGET, f"{target[1]}: {target[2][:100]}", target.start())
