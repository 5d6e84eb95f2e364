"""What one format's reading of one file may say, and the bounds it works within."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from brightline.inspection.finding import Finding, Rule, Severity
from brightline.release.reader import Reader

FINDINGS_PER_RULE = 20  # a file of ten thousand bad opcodes is one bad file; the count of the rest is kept

HOLLOW = Rule(
    identity="FILE-INCONSISTENT",
    severity=Severity.BLOCK,
    title="The file contradicts itself, is truncated or cannot be parsed",
    why="What a strict reader refuses, a lenient loader may still run: scanners that fail open are fooled this way.",
    remedy="Write the file again with the framework's own save function, or take it out of the release.",
    example="A GGUF header that announces 2^63 tensors in a file of 24 bytes.",
    source="modelscan issue 354; HOUSE law 6",
)


class Malformed(Exception):
    """A parser's typed refusal: what is wrong with the bytes, and where."""

    def __init__(self, message: str, offset: int | None = None) -> None:
        super().__init__(message)
        self.offset = offset


@dataclass(slots=True)
class Observed:
    """What a format's parser saw that facts are derived from. Absent means: not seen, never: zero."""

    parameters: Counter[str] = field(default_factory=Counter)  # dtype as the format spells it -> elements
    expert_parameters: int = 0  # of these, elements in tensors of routed experts (mixtures of experts)
    attributes: dict[str, str] = field(default_factory=dict)  # architecture, quantisation, licence, base_model, ...
    numbers: dict[str, int] = field(default_factory=dict)  # context_length, experts, experts_used, rows, ...
    config: dict[str, Any] | None = None  # a config.json or the like, parsed and bounded


@dataclass(slots=True)
class Probe:
    """Handed to a format's `inspect(reader, probe)`: findings go in, observations go in, nested files go down.

    `nested(name, reader)` inspects a file found inside this one; it is bounded in depth and number by the caller.
    """

    path: str
    nested: Callable[[str, Reader], None]
    findings: list[Finding] = field(default_factory=list)
    observed: Observed = field(default_factory=Observed)
    _seen: Counter[str] = field(default_factory=Counter)

    def find(self, rule: Rule, message: str, offset: int | None = None) -> None:
        self._seen[rule.identity] += 1
        if self._seen[rule.identity] <= FINDINGS_PER_RULE:
            self.findings.append(Finding(rule, self.path, message, offset))
