"""Weights under another name: whoever files them does not choose which component they are."""

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from brightline.assembly.procedure import examine_release
from brightline.inspection.report import Clearance, Inspection
from brightline.release.component import Component

RAW = bytes([7, 0, 200, 255]) + os.urandom(1 << 10)  # as runtimes of their own formats keep weights
TENSORS = save({"w": np.zeros((8, 8), np.float32)})


def inspected(folder: Path, files: dict[str, bytes], declared: str = "") -> Inspection:
    for path, content in {**files, "brightline.toml": declared.encode()}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return examine_release(str(folder))


def zipped(name: str, content: bytes) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr(name, content)
    return whole.getvalue()


def kind(inspection: Inspection, path: str) -> Component:
    return next(file.component for file in inspection.manifest.files if file.path == path)


def found(inspection: Inspection, path: str) -> set[str]:
    return {finding.rule.identity for finding in inspection.findings if finding.path == path}


@pytest.mark.parametrize("path", ["model.bin", "model.npy", "train.py", "corpus.csv"])
def test_no_declaration_makes_documentation(path: str, tmp_path: Path) -> None:
    content = {"model.bin": RAW, "model.npy": b"\x93NUMPY" + RAW}.get(path, b"a,b\n")
    inspection = inspected(tmp_path, {path: content}, '[components]\n"*" = "documentation"\n')
    assert kind(inspection, path) is not Component.DOCUMENTATION
    assert "DECLARATION-OVERRIDE" in found(inspection, path)


def test_that_something_is_no_weights_is_not_believed_unseen(tmp_path: Path) -> None:
    inspection = inspected(tmp_path, {"model.bin": RAW}, '[components]\n"*.bin" = "software"\n')
    assert kind(inspection, "model.bin") is Component.SOFTWARE
    assert inspection.clearance is Clearance.REVIEW


def test_what_a_packaging_tool_says_is_text(tmp_path: Path) -> None:
    inspection = inspected(tmp_path, {"w.dist-info/001": RAW, "w.dist-info/RECORD": b"w,,\n"})
    assert kind(inspection, "w.dist-info/001") is Component.WEIGHTS
    assert kind(inspection, "w.dist-info/RECORD") is Component.DOCUMENTATION


def test_an_archive_of_data_holds_no_weights(tmp_path: Path) -> None:
    inspection = inspected(tmp_path, {"data/corpus.zip": zipped("model.safetensors", TENSORS)})
    assert "ARCHIVE-WEIGHTS" in found(inspection, "data/corpus.zip")
    assert inspection.clearance is Clearance.BLOCK


def test_an_archive_that_is_declared_as_weights_may_hold_them(tmp_path: Path) -> None:
    files = {"data/corpus.zip": zipped("model.safetensors", TENSORS)}
    inspection = inspected(tmp_path, files, '[components]\n"data/*" = "weights"\n')
    assert kind(inspection, "data/corpus.zip") is Component.WEIGHTS
    assert inspection.clearance is Clearance.PASS


def test_an_archive_of_data_with_unknown_bytes_is_for_a_person(tmp_path: Path) -> None:
    inspection = inspected(tmp_path, {"data/corpus.zip": zipped("block", RAW)})
    assert found(inspection, "data/corpus.zip") == {"ARCHIVE-ARRAYS"}
    assert inspection.clearance is Clearance.REVIEW


def test_a_file_is_not_judged_by_another_inside_an_archive_that_is_called_alike(tmp_path: Path) -> None:
    inspection = inspected(tmp_path, {"a.zip": zipped("model", b"# a card\n"), "a.zip!/model": TENSORS})
    assert kind(inspection, "a.zip!/model") is Component.WEIGHTS
    assert inspection.facts["parameters"].value.low == 64
