"""Every defect of the set is found, by the whole pass over a real file on disk."""

import io
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from tests.assets import bad

from brightline.assembly.procedure import examine_release


def place(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", bad.CASES)
def test_is_blocked(name: str, tmp_path: Path) -> None:
    inspection = examine_release(str(place(tmp_path, name, bad.CASES[name]())))
    assert inspection.clearance == "block", [(item.rule.identity, item.message) for item in inspection.findings]


@pytest.mark.parametrize("name", bad.REVIEWED)
def test_needs_a_person(name: str, tmp_path: Path) -> None:
    inspection = examine_release(str(place(tmp_path, name, bad.REVIEWED[name]())))
    assert inspection.clearance == "review", [(item.rule.identity, item.message) for item in inspection.findings]


@pytest.mark.parametrize("name", ["memo_bomb.pkl", "bomb.pt", "header_length.safetensors", "counts_overflow.gguf"])
def test_bombs_end_soon(name: str, tmp_path: Path) -> None:
    """A bound on work, not a race: a second is a hundred times what they take."""
    path = place(tmp_path, name, bad.CASES[name]())
    began = time.monotonic()
    examine_release(str(path))
    assert time.monotonic() - began < 1


def zeros(count: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(count):
            archive.writestr(f"zeros{number}", bytes(120 << 20), compresslevel=9)
    return buffer.getvalue()


def quine(depth: int) -> bytes:
    """Sixteen copies at each level, as in 42.zip."""
    content = b"x" * 1000
    for level in range(depth):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(16):
                archive.writestr(f"level{level}-{number}.zip", content)
        content = buffer.getvalue()
    return content


@pytest.mark.parametrize(
    ("name", "make"),
    [("zeros.zip", lambda: zeros(1)), ("zeros.pt", lambda: zeros(2)), ("levels.zip", lambda: quine(6))],
)
def test_a_real_zip_bomb_ends_soon(name: str, make: Callable[[], bytes], tmp_path: Path) -> None:
    path = place(tmp_path, name, make())
    began = time.monotonic()
    inspection = examine_release(str(path))
    assert time.monotonic() - began < 1
    assert inspection.clearance == "block"


def test_a_broken_archive_is_a_finding(tmp_path: Path) -> None:
    path = place(tmp_path, "broken.zip", b"PK\x03\x04" + bytes(10))
    assert examine_release(str(path)).clearance == "block"


def test_hdf5_external_link(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "model.h5", "w") as file:
        file["outside"] = h5py.ExternalLink("/etc/passwd", "/data")
    assert "HDF5-EXTERNAL" in rules(tmp_path / "model.h5")


def test_hdf5_external_storage(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "model.h5", "w") as file:
        file.create_dataset("w", shape=(4,), dtype="f4", external=[("other.raw", 0, 16)])
    assert "HDF5-EXTERNAL" in rules(tmp_path / "model.h5")


def test_hdf5_virtual_dataset(tmp_path: Path) -> None:
    layout = h5py.VirtualLayout(shape=(4,), dtype="f4")
    layout[:] = h5py.VirtualSource("other.h5", "w", shape=(4,))
    with h5py.File(tmp_path / "model.h5", "w", libver="latest") as file:
        file.create_virtual_dataset("w", layout)
    assert "HDF5-EXTERNAL" in rules(tmp_path / "model.h5")


def test_hdf5_lambda_in_model_config(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "model.h5", "w") as file:
        file.attrs["model_config"] = '{"class_name": "Sequential", "config": {"layers": [{"class_name": "Lambda"}]}}'
        file.create_dataset("w", data=np.zeros(3, np.float32))
    assert "KERAS-LAMBDA" in rules(tmp_path / "model.h5")


def rules(path: Path) -> set[str]:
    return {finding.rule.identity for finding in examine_release(str(path)).findings}
