"""A release as SPDX 3.0.1 in JSON-LD, with the AI and Dataset profiles.

Source: SPDX 3.0.1 model; names of classes and properties are its own.
"""

from datetime import datetime
from typing import Any

from brightline import __version__
from brightline.inspection.facts.licences import spdx
from brightline.inspection.report import Inspection
from brightline.release.component import Component
from brightline.release.manifest import File
from brightline.release.quantity import Interval
from brightline.reports.cyclonedx import identity

_PURPOSES = {
    Component.WEIGHTS: "model", Component.DATA: "data", Component.SOFTWARE: "executable", Component.SOURCE: "source",
    Component.DOCUMENTATION: "documentation",
}  # fmt: skip
_CREATION = "_:creation"


def spdx_document(inspection: Inspection, moment: datetime) -> dict[str, Any]:
    """`moment` is when the document is made, in UTC."""
    stem = f"urn:uuid:{identity(inspection.manifest.digest)}#"
    files = inspection.manifest.files
    package = _package(inspection, stem)
    elements = [_file(file, f"{stem}file-{number}") for number, file in enumerate(files)]
    relations = [
        _relation(f"{stem}contains", f"{stem}release", "contains", [f"{stem}file-{n}" for n in range(len(files))])
    ]
    extra = _licence(inspection, stem) + _dataset(inspection, stem)
    profiles = ["core", "software", "ai", "simpleLicensing"] + (["dataset"] if _has_data(inspection) else [])
    everything = [package, *elements, *relations, *extra]
    document = {
        "type": "SpdxDocument",
        "spdxId": f"{stem}document",
        "creationInfo": _CREATION,
        "profileConformance": profiles,
        "rootElement": [f"{stem}release"],
        "element": [item["spdxId"] for item in everything],
    }
    return {
        "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
        "@graph": [_creation(stem, moment), _tool(stem), document, *everything],
    }


def _creation(stem: str, moment: datetime) -> dict[str, Any]:
    return {
        "type": "CreationInfo",
        "@id": _CREATION,
        "specVersion": "3.0.1",
        "created": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "createdBy": [f"{stem}brightline"],
    }


def _tool(stem: str) -> dict[str, Any]:
    return {
        "type": "SoftwareAgent",
        "spdxId": f"{stem}brightline",
        "creationInfo": _CREATION,
        "name": f"brightline {__version__}",
    }


def _package(inspection: Inspection, stem: str) -> dict[str, Any]:
    package: dict[str, Any] = {
        "type": "ai_AIPackage",
        "spdxId": f"{stem}release",
        "creationInfo": _CREATION,
        "name": inspection.title,
        "software_primaryPurpose": "model",
        "software_packageVersion": inspection.manifest.digest,
        "verifiedUsing": [
            {"type": "Hash", "algorithm": "sha256", "hashValue": inspection.manifest.digest.removeprefix("sha256:")}
        ],
    }
    compute = inspection.facts.get("training_compute")
    if compute is not None and isinstance(compute.value, Interval):
        text = f"training compute {compute.value.low:.3g} to {compute.value.high:.3g} FLOP ({compute.provenance}): {compute.origin}"
        package["ai_informationAboutTraining"] = text
    for name, key in (("architecture", "ai_typeOfModel"), ("modality", "ai_domain")):
        fact = inspection.facts.get(name)
        if fact is not None and not isinstance(fact.value, Interval):
            package[key] = list(fact.value)
    return package


def _file(file: File, identity_: str) -> dict[str, Any]:
    return {
        "type": "software_File",
        "spdxId": identity_,
        "creationInfo": _CREATION,
        "name": file.path,
        "software_primaryPurpose": _PURPOSES[file.component],
        "verifiedUsing": [{"type": "Hash", "algorithm": "sha256", "hashValue": file.sha256}],
    }


def _relation(identity_: str, start: str, kind: str, ends: list[str]) -> dict[str, Any]:
    return {
        "type": "Relationship",
        "spdxId": identity_,
        "creationInfo": _CREATION,
        "from": start,
        "relationshipType": kind,
        "to": ends,
    }


def _licence(inspection: Inspection, stem: str) -> list[dict[str, Any]]:
    fact = inspection.facts.get("licence")
    if fact is None or isinstance(fact.value, Interval) or len(fact.value) != 1:
        return []
    expression = {
        "type": "simplelicensing_LicenseExpression",
        "spdxId": f"{stem}licence",
        "creationInfo": _CREATION,
        "simplelicensing_licenseExpression": spdx(fact.value[0])[0],
    }
    return [expression, _relation(f"{stem}licensed", f"{stem}release", "hasDeclaredLicense", [f"{stem}licence"])]


def _has_data(inspection: Inspection) -> bool:
    return bool(inspection.components[Component.DATA] or inspection.declaration.data_sources)


def _dataset(inspection: Inspection, stem: str) -> list[dict[str, Any]]:
    """The data of the release, or what its applicant says it was trained on."""
    if not _has_data(inspection):
        return []
    name = ", ".join(inspection.declaration.data_sources) or f"data of {inspection.title}"
    dataset = {
        "type": "dataset_DatasetPackage",
        "spdxId": f"{stem}data",
        "creationInfo": _CREATION,
        "name": name[:500],
        "dataset_datasetType": ["other"],
        "software_primaryPurpose": "data",
    }
    return [dataset, _relation(f"{stem}trained", f"{stem}release", "trainedOn", [f"{stem}data"])]
