"""From what was read of the files to what follows for the release: kinds, manifest, declaration, facts, openness."""

from collections.abc import Sequence

from brightline.inspection.examination import Examined
from brightline.inspection.facts.derivation import derive
from brightline.inspection.finding import Finding, Rule, Severity
from brightline.inspection.report import FileReport, Inspection
from brightline.release.classification import Kinds, classify
from brightline.release.component import Component
from brightline.release.declaration import Declaration
from brightline.release.manifest import File, Manifest

OVERRIDE = Rule(
    identity="DECLARATION-OVERRIDE",
    severity=Severity.REVIEW,
    title="A declaration calls weights something else",
    why="An applicant's word must not open bytes that are weights by their content.",
    remedy="Take the line out of [components]; the content decides for formats that only weights have.",
    example='[components] "model.safetensors" = "documentation"',
    source="HOUSE law 2: doubt is not permission",
)
ABSENT = Rule(
    identity="RELEASE-INCOMPLETE",
    severity=Severity.REVIEW,
    title="A file that another file needs is not in the release",
    why="What will be loaded from elsewhere was not judged here.",
    remedy="Add the file, or remove what refers to it.",
    example="An ONNX model whose external data file is missing; a shard index that names an absent shard.",
    source="ONNX IR specification, external data; transformers sharded checkpoints",
)
BASE = Rule(
    identity="ADAPTER-BASE",
    severity=Severity.REVIEW,
    title="An adapter of a model that is not in this release",
    why="Loading the adapter loads the other model too, which was not judged here; what it can do is that model's doing.",
    remedy="Have the base model judged, and name it with its revision; the adapter inherits what is decided of it.",
    example='"base_model_name_or_path": "someone/else" in adapter_config.json',
    source="PEFT, PeftConfig.base_model_name_or_path; EU GPAI guidelines para 60-63 (modifier)",
)
BASE_PLACE = Rule(
    identity="ADAPTER-PLACE",
    severity=Severity.BLOCK,
    title="An adapter whose base is a place of the loading machine or an address",
    why="The loader opens a path outside the release, or fetches from an address that nobody judged.",
    remedy="Name the base model by its repository.",
    example='"base_model_name_or_path": "../../models/other"',
    source="CWE-22; PEFT, PeftConfig.base_model_name_or_path",
)
RULES = (OVERRIDE, ABSENT, BASE, BASE_PLACE)


def conclude(title: str, examined: Examined, kinds: Kinds, declaration: Declaration) -> Inspection:
    """The inspection of one release. `declaration` is already merged from all that the applicant said."""
    findings = list(examined.findings)
    components = _components(examined, kinds, declaration, findings)
    manifest = Manifest(
        tuple(File(report.path, report.size, report.sha256, components[report.path]) for report in examined.reports)
    )
    files = (*examined.reports, *examined.inner)
    derived = derive(files, components, declaration)
    findings += [*derived.findings, *_absent(files), *_bases(files, declaration)]
    ordered = sorted(findings, key=lambda finding: (-finding.severity.rank, finding.path, finding.offset or 0))
    return Inspection(title, manifest, files, tuple(ordered), derived.facts, derived.openness, declaration)


def _components(
    examined: Examined, kinds: Kinds, declaration: Declaration, findings: list[Finding]
) -> dict[str, Component]:
    components: dict[str, Component] = {}
    for report in (*examined.reports, *examined.inner):
        classified = classify(report.path, report.format, report.size, kinds, declaration.components)
        components[report.path] = classified.component
        if classified.ignored_override:
            message = f"declared otherwise, but the content is {report.format}: it stays {classified.component}"
            findings.append(Finding(OVERRIDE, report.path, message))
    return components


def _absent(files: Sequence[FileReport]) -> list[Finding]:
    """Files that other files name (newline-separated under `needs`), relative to the file that names them."""
    paths = {file.path for file in files}
    found: list[Finding] = []
    for file in files:
        folder = file.path.rpartition("/")[0]
        names = filter(None, file.observed.attributes.get("needs", "").split("\n"))
        found += [
            Finding(ABSENT, file.path, f"names {name!r}, which is not in the release")
            for name in names
            if (f"{folder}/{name}" if folder else name) not in paths and len(paths) > 1
        ]
    return found[:100]


def _bases(files: Sequence[FileReport], declaration: Declaration) -> list[Finding]:
    """What adapters say they are adapters of."""
    found = []
    for file in files:
        base = file.observed.attributes.get("base_model")
        if base is None or "adapter" not in file.observed.attributes:
            continue
        if base.startswith(("/", ".", "~")) or "\\" in base or "://" in base:
            found.append(Finding(BASE_PLACE, file.path, f"its base is {base[:100]!r}"))
        else:
            said = declaration.base_model
            differs = f", and {said[:80]!r} is declared" if said not in (None, base) else ""
            found.append(Finding(BASE, file.path, f"its base is {base[:100]!r}{differs}"))
    return found
