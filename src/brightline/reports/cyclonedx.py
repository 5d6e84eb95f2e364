"""A release as a CycloneDX 1.6 ML-BOM.

CycloneDX has no field for training compute, parameter counts or a determination: these are properties named brightline:*.
Source: CycloneDX 1.6 JSON schema, modelCard and data.
"""

import hashlib
from typing import Any

from brightline import __version__
from brightline.inspection.facts.licences import spdx
from brightline.inspection.report import FileReport, Inspection
from brightline.release.component import Component
from brightline.release.quantity import Fact, Interval

_TYPES = {
    Component.WEIGHTS: "machine-learning-model", Component.DATA: "data", Component.SOFTWARE: "file", Component.SOURCE: "file",
    Component.DOCUMENTATION: "file",
}  # fmt: skip


def cyclonedx_document(inspection: Inspection) -> dict[str, Any]:
    """The serial number follows from the manifest's digest: the same bytes give the same document."""
    kinds = {file.path: file for file in inspection.manifest.files}
    files = [file for file in inspection.files if file.path in kinds]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{identity(inspection.manifest.digest)}",
        "version": 1,
        "metadata": {
            "tools": {"components": [{"type": "application", "name": "brightline", "version": __version__}]},
            "component": _model(inspection),
            "properties": [
                {"name": "brightline:manifest", "value": inspection.manifest.digest},
                {"name": "brightline:verdict", "value": inspection.clearance.value},
            ],
        },
        "components": [_file(file, kinds[file.path].component, kinds[file.path].sha256) for file in files],
    }


def identity(seed: str) -> str:
    """A UUID of version 8 (RFC 9562, 5.8) made of a sha256."""
    raw = bytearray(hashlib.sha256(seed.encode()).digest()[:16])
    raw[6] = raw[6] & 0x0F | 0x80
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _model(inspection: Inspection) -> dict[str, Any]:
    model: dict[str, Any] = {
        "type": "machine-learning-model",
        "bom-ref": "release",
        "name": inspection.title,
        "modelCard": {"modelParameters": _parameters(inspection)},
        "properties": [pair for name, fact in inspection.facts.items() for pair in _properties(name, fact)],
    }
    licence = inspection.facts.get("licence")
    if licence is not None and not isinstance(licence.value, Interval) and len(licence.value) == 1:
        model["licenses"] = [_licence(licence.value[0])]
    return model


def _licence(name: str) -> dict[str, Any]:
    expression, certain = spdx(name)
    return {"expression": expression} if certain else {"license": {"name": name}}


def _parameters(inspection: Inspection) -> dict[str, Any]:
    parameters: dict[str, Any] = {}
    architecture = inspection.facts.get("architecture")
    if architecture is not None and not isinstance(architecture.value, Interval):
        parameters["modelArchitecture"] = ", ".join(architecture.value)
    modality = inspection.facts.get("modality")
    if modality is not None and not isinstance(modality.value, Interval):
        parameters["outputs"] = [{"format": name} for name in modality.value]
    sources = inspection.declaration.data_sources
    if sources:
        parameters["datasets"] = [{"type": "dataset", "name": name} for name in sources]
    return parameters


def _properties(name: str, fact: Fact) -> list[dict[str, str]]:
    stem = f"brightline:{name}"
    if isinstance(fact.value, Interval):
        pairs = [
            (f"{stem}:low", f"{fact.value.low:.12g}"),
            (f"{stem}:high", f"{fact.value.high:.12g}"),
            (f"{stem}:unit", fact.unit),
        ]
    else:
        pairs = [(stem, value) for value in fact.value]
    return [{"name": key, "value": value} for key, value in [*pairs, (f"{stem}:provenance", fact.provenance.value)]]


def _file(file: FileReport, component: Component, sha256: str) -> dict[str, Any]:
    return {
        "type": _TYPES[component],
        "bom-ref": f"file:{file.path}",
        "name": file.path,
        "hashes": [{"alg": "SHA-256", "content": sha256}],
        "properties": [
            {"name": "brightline:component", "value": component.value},
            {"name": "brightline:format", "value": file.format},
            {"name": "brightline:bytes", "value": str(file.size)},
        ],
    }
