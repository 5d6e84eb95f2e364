"""How open a release is: the class of the Model Openness Framework, and the checklist of the OSAID.

Source: White et al. 2024, The Model Openness Framework, section 5; Open Source AI Definition 1.0.
"""

import re
from collections.abc import Mapping, Sequence

from brightline.inspection.facts.licences import is_open
from brightline.inspection.report import FileReport, Openness
from brightline.release.component import Component
from brightline.release.quantity import Fact, Interval

CLASSES = (
    ("III", ("architecture", "final parameters", "evaluation results", "model card", "data card", "technical report")),
    ("II", ("training code", "inference code", "evaluation code", "evaluation data")),
    ("I", ("datasets", "intermediate parameters", "preprocessing code", "research paper")),
)
_BY_PATH = {
    "evaluation results": r"eval\w*_?results|results.*\.json|benchmark.*\.(json|md|csv)",
    "model card": r"(^|/)readme(\.md|$)|model_?card",
    "data card": r"data_?card|datasheet|dataset_?card",
    "technical report": r"report.*\.(pdf|md)|\.pdf$",
    "research paper": r"paper.*\.pdf|arxiv.*\.pdf|\.pdf$",
    "evaluation code": r"eval\w*.*\.(py|ipynb|sh)$|lm_eval",
    "preprocessing code": r"(pre_?process|tokeniz\w*|prepare|dedup|clean|filter)\w*\.(py|ipynb|sh)$",
    "intermediate parameters": r"checkpoint[-_]?\d+|step[-_]?\d+",
    "evaluation data": r"(^|/)(eval|test|validation)[^/]*(/|\.(parquet|jsonl|csv|arrow)$)",
}


def openness(files: Sequence[FileReport], components: Mapping[str, Component], facts: Mapping[str, Fact]) -> Openness:
    """Which components are there, which class they make, and what the next class still asks for."""
    present = _present(files, components, facts)
    grade, missing = "none", list[str]()
    for name, asked in CLASSES:
        missing = [part for part in asked if part not in present]
        if missing:
            break
        grade = name
    warnings = _warnings(facts, components)
    if warnings:
        grade = "none"
    return Openness(grade, tuple(sorted(present)), tuple(missing), warnings, _osaid(present, facts, components))


def _present(files: Sequence[FileReport], components: Mapping[str, Component], facts: Mapping[str, Fact]) -> set[str]:
    paths = [file.path.lower() for file in files]
    found = {part for part, pattern in _BY_PATH.items() if any(map(re.compile(pattern).search, paths))}
    kinds = set(components.values())
    code = [file.path for file in files if file.format in ("python", "notebook")]
    if "architecture" in facts:
        found.add("architecture")
    if Component.WEIGHTS in kinds:
        found.add("final parameters")
    else:
        found.discard("intermediate parameters")
    if any(components[path] is Component.SOURCE for path in code):
        found.add("training code")
    if any(components[path] is Component.SOFTWARE for path in code):
        found.add("inference code")
    if Component.DATA in kinds:
        found.add("datasets")
    else:
        found.discard("evaluation data")
    return found


def _warnings(facts: Mapping[str, Fact], components: Mapping[str, Component]) -> tuple[str, ...]:
    if Component.WEIGHTS not in components.values():
        return ()
    licence = facts.get("licence")
    if licence is None or isinstance(licence.value, Interval):
        return ("no licence of the weights is named",)
    closed = [name for name in licence.value if not is_open(name)]
    return tuple(f"{name} is no open licence" for name in closed)


def _osaid(present: set[str], facts: Mapping[str, Fact], components: Mapping[str, Component]) -> dict[str, str]:
    """The definition is binary, and its data information needs a person."""
    licensed = Component.WEIGHTS not in components.values() or not _warnings(facts, components)
    return {
        "parameters under OSD-conformant terms": _met("final parameters" in present and licensed),
        "complete source code of training and running": _met({"training code", "inference code"} <= present),
        "data information, sufficiently detailed to rebuild": "for a person to judge",
    }


def _met(value: bool) -> str:
    return "met" if value else "not met"
