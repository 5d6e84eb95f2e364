"""From what was read of the files to what follows for the release: kinds, manifest, declaration, facts, openness."""

from collections.abc import Mapping, Sequence

from brightline.inspection.examination import Examined
from brightline.inspection.facts.derivation import derive
from brightline.inspection.finding import Finding, Rule, Severity
from brightline.inspection.report import FileReport, Inspection
from brightline.release.classification import Classified, Kinds, classify
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
INSIDE = Rule(
    identity="ARCHIVE-WEIGHTS",
    severity=Severity.BLOCK,
    title="An archive that counts as something else holds weights",
    why="The archive's bytes are released as what it counts as: the weights would go with them, whatever is decided of weights.",
    remedy="Release the files themselves, or declare the archive as weights under [components].",
    example="data/corpus.zip with a model.safetensors in it.",
    source="HOUSE law 2: doubt is not permission",
)
PERHAPS = Rule(
    identity="ARCHIVE-ARRAYS",
    severity=Severity.REVIEW,
    title="An archive that counts as something else holds what may be weights",
    why="The archive's bytes are released as what it counts as, and what is inside may be trained.",
    remedy="Have a person look at what is inside, or declare the archive as weights under [components].",
    example="data/corpus.zip with a block of unknown bytes in it.",
    source="HOUSE law 2: doubt is not permission",
)
RULES = (OVERRIDE, ABSENT, BASE, BASE_PLACE, INSIDE, PERHAPS)


def conclude(title: str, examined: Examined, kinds: Kinds, declaration: Declaration) -> Inspection:
    """The inspection of one release. `declaration` is already merged from all that the applicant said."""
    findings = list(examined.findings)
    own = _classified(examined.reports, kinds, declaration)
    inner = _classified(examined.inner, kinds, declaration)
    manifest = Manifest(
        tuple(File(report.path, report.size, report.sha256, own[report.path].component) for report in examined.reports)
    )
    findings += [*_overrides(examined.reports, own), *_overrides(examined.inner, inner), *_inside(own, inner)]
    components = {path: one.component for path, one in own.items()}
    components |= {path: Component.WEIGHTS if path in own else one.component for path, one in inner.items()}
    files = (*examined.reports, *examined.inner)
    derived = derive(files, components, declaration)
    findings += [*derived.findings, *_absent(files), *_bases(files, declaration)]
    ordered = sorted(findings, key=lambda finding: (-finding.severity.rank, finding.path, finding.offset or 0))
    return Inspection(title, manifest, files, tuple(ordered), derived.facts, derived.openness, declaration)


def _classified(reports: Sequence[FileReport], kinds: Kinds, declaration: Declaration) -> dict[str, Classified]:
    """By path; of several things inside archives that have one path, the one that is most likely weights."""
    found: dict[str, Classified] = {}
    for report in reports:
        one = classify(report.path, report.format, report.size, kinds, declaration.components)
        if report.path not in found or one.component is Component.WEIGHTS:
            found[report.path] = one
    return found


def _overrides(reports: Sequence[FileReport], classified: Mapping[str, Classified]) -> list[Finding]:
    """Where a declaration was not believed; and where nobody but the applicant says that something is no weights."""
    found = []
    for report in reports:
        one = classified[report.path]
        if one.ignored_override:
            message = f"declared otherwise, but the content is {report.format}: it stays {one.component}"
            found.append(Finding(OVERRIDE, report.path, message))
        elif one.own is Component.WEIGHTS and one.component is not one.own:
            message = (
                f"the content is {report.format}, which counts as weights; that it is {one.component} is declared only"
            )
            found.append(Finding(OVERRIDE, report.path, message))
    return found


def _inside(own: Mapping[str, Classified], inner: Mapping[str, Classified]) -> list[Finding]:
    """Weights in archives that are released as something else: one finding of each sort an archive."""
    found: dict[tuple[str, str], Finding] = {}
    for path, one in inner.items():
        archive = path.partition("!/")[0]
        if one.component is Component.WEIGHTS and archive in own and own[archive].component is not Component.WEIGHTS:
            rule = INSIDE if one.fixed else PERHAPS
            message = f"it counts as {own[archive].component}, and holds {path[len(archive) + 2 :][:200]!r}"
            found.setdefault((archive, rule.identity), Finding(rule, archive, message))
    return list(found.values())


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
