"""`brightline verify --online`: asking the office adds to what has to hold, and takes nothing away."""

from pathlib import Path

import pytest

import brightline
from brightline.assembly.export import write_export
from brightline.assembly.office import Office
from brightline.permit.charter import read_chain


@pytest.fixture
def place(office: Office, tmp_path: Path) -> Path:
    """Where the papers lie, beside a model that has nothing to do with them."""
    (tmp_path / "model").mkdir()
    write_export(office, 1, tmp_path)
    return tmp_path


def failed(place: Path, address: str, root: str) -> list[str]:
    verification = brightline.verify(place / "model", place / "permit.json", online=address, root=root)
    return [check.name for check in verification.checks if not check.held]


def test_whoever_asks_the_office_still_trusts_no_other_root(address: str, place: Path) -> None:
    root = read_chain((place / "charter.json").read_bytes())[0][0].digest
    assert failed(place, address, root) == ["files"]
    assert failed(place, address, "sha256:" + "0" * 64) == ["root", "files"]
