"""The result of an inspection: what was in each file, and what follows for the release."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from brightline.inspection.finding import Finding
from brightline.inspection.probe import Observed
from brightline.release.component import Component
from brightline.release.declaration import Declaration
from brightline.release.manifest import Manifest
from brightline.release.quantity import Fact


class Clearance(StrEnum):
    """The inspection's own word on the release, before any line is asked."""

    PASS = "pass"  # noqa: S105 - a verdict, not a secret
    REVIEW = "review"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file: its identity, the format its content has (not its name), and what its parser saw."""

    path: str
    size: int
    sha256: str
    format: str
    observed: Observed = field(default_factory=Observed)


@dataclass(frozen=True, slots=True)
class Openness:
    """Model Openness Framework class, the components it rests on, and the OSAID 1.0 checklist.

    `grade` is "I", "II", "III" or "none"; `missing` names what the next better class still asks for; `osaid` maps each
    element of the definition to "met", "not met" or "for a person to judge".
    """

    grade: str
    present: tuple[str, ...]
    missing: tuple[str, ...]
    warnings: tuple[str, ...]
    osaid: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Inspection:
    """All that inspection says about one release. `title` is how a person calls it: the repository's or file's name."""

    title: str
    manifest: Manifest
    files: tuple[FileReport, ...]
    findings: tuple[Finding, ...]
    facts: Mapping[str, Fact]
    openness: Openness
    declaration: Declaration

    @property
    def clearance(self) -> Clearance:
        worst = max((finding.severity.rank for finding in self.findings), default=0)
        return (Clearance.PASS, Clearance.REVIEW, Clearance.BLOCK)[worst]

    @property
    def components(self) -> dict[Component, tuple[str, ...]]:
        """Every component kind, also the empty ones: what is absent is said."""
        kinds = {file.path: file.component for file in self.manifest.files}
        return {kind: tuple(path for path in kinds if kinds[path] is kind) for kind in Component}
