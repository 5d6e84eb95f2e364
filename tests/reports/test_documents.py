"""Every document against its own standard, and hostile names against every writer."""

import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from jsonschema import Draft202012Validator
from rich.console import Console
from spdx_python_model import v3_0_1 as spdx_model
from tests.assets import bad

from brightline.assembly.lines import find_line
from brightline.assembly.procedure import determine_release, examine_release
from brightline.inspection.report import Inspection
from brightline.reports.cyclonedx import cyclonedx_document
from brightline.reports.document import assessment_document, inspection_document
from brightline.reports.page import render_html
from brightline.reports.sarif import sarif_document
from brightline.reports.spdx import spdx_document
from brightline.reports.text import render_assessment, render_inspection

SCHEMAS = Path(__file__).parents[2] / "src" / "brightline" / "reports" / "schemas"
FIXTURES = Path(__file__).parent / "fixtures"
HOSTILE = "<script>alert(1)</script>\x1b[31m[bold]\u202eexe.pkl"


@pytest.fixture
def blocked(small_model: Path) -> Inspection:
    """A release with a bad file whose name attacks whoever shows it."""
    (small_model / HOSTILE.replace("/", "∕")).write_bytes(bad.CALL)
    return examine_release(str(small_model))


def validate(name: str, document: object) -> None:
    schema = json.loads((SCHEMAS / f"{name}-v1.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(document)


def test_json_fits_its_schema(blocked: Inspection) -> None:
    lines = [find_line("lessig"), find_line("eu-gpai")]
    validate("inspection", inspection_document(blocked))
    validate("assessment", assessment_document(blocked, determine_release(blocked, lines, [])))
    json.dumps(assessment_document(blocked, determine_release(blocked, lines, [])), allow_nan=False)


@pytest.mark.parametrize("fixture", sorted(FIXTURES.glob("*.json")), ids=lambda path: path.name)
def test_every_version_ever_issued_still_fits(fixture: Path) -> None:
    validate(fixture.name.split("-")[0], json.loads(fixture.read_text()))


def test_cyclonedx_is_valid(blocked: Inspection) -> None:
    text = json.dumps(cyclonedx_document(blocked))
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


def test_spdx_is_read_back_by_its_own_model(blocked: Inspection) -> None:
    document = spdx_document(blocked, datetime(2026, 11, 23, tzinfo=UTC))
    objects = spdx_model.SHACLObjectSet()
    spdx_model.JSONLDDeserializer().read(io.BytesIO(json.dumps(document).encode()), objects)
    assert len(list(objects.foreach_type("software_File"))) == len(blocked.manifest.files)
    assert len(list(objects.foreach_type("ai_AIPackage"))) == 1


def test_sarif_names_every_finding(blocked: Inspection) -> None:
    document = sarif_document(blocked)
    run = document["runs"][0]
    assert len(run["results"]) == len(blocked.findings)
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("note", "warning", "error")
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"(?:[A-Za-z0-9\-._~/]|%[0-9A-F]{2})+", uri)


def test_html_runs_nothing_and_asks_nobody(blocked: Inspection) -> None:
    page = render_html(blocked, determine_release(blocked, [find_line("lessig")], []))
    assert "<script" not in page
    assert not re.search(r"""(?:src|href)=["']?https?:""", page)
    assert "\x1b" not in page


def test_html_of_an_inspection_alone(blocked: Inspection) -> None:
    assert "FILE-DISGUISE" in render_html(blocked) or "PICKLE-CALL" in render_html(blocked)


@pytest.mark.parametrize("width", [80, 120])
def test_text_cannot_steer_the_terminal(width: int, blocked: Inspection) -> None:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    render_inspection(blocked, console)
    render_assessment(blocked, determine_release(blocked, [find_line("lessig")], []), console)
    text = console.file.getvalue()
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert max(map(len, text.splitlines())) <= width
