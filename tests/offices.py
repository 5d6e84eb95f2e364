"""Offices for tests: real ones, in a folder; tests/servers.py has the databases and stores they may lie on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from brightline.assembly import deciding, examination
from brightline.assembly.deciding import Wanted
from brightline.assembly.filing import Filing, file_release
from brightline.assembly.founding import Terms, found_office
from brightline.assembly.office import Office
from brightline.authority.case import Case
from brightline.decision.access import Access
from brightline.release.component import Component

DECLARED = '[training]\ntokens = "1e9"\n'


@dataclass
class Clock:
    """A clock that tests set; it goes nowhere by itself."""

    at: datetime = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **span: float) -> None:
        self.at += timedelta(**span)


def write_model(folder: Path, seed: int = 0, declared: str = DECLARED) -> Path:
    """A small model with weights, software, a card and a declaration."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file({"w": np.random.default_rng(seed).random((64, 8), dtype=np.float32)}, folder / "model.safetensors")
    (folder / "config.json").write_text('{"model_type": "llama", "hidden_size": 8}')
    (folder / "README.md").write_text("# Tiny\n")
    (folder / "brightline.toml").write_text(declared)
    return folder


def found(folder: Path, database: str = "sqlite:///office.db", blobs: str = "file:blobs", **terms: int) -> Path:
    figures = {"delay": 0, "hearing_days": 0, **terms}
    found_office(folder, Terms("test.example/office", database=database, blobs=blobs, **figures))
    return folder


def approvers(office: Office) -> list[str]:
    return [str(office.settings.keys / f"approver-{number}.pem") for number in (1, 2, 3)]


def file_case(office: Office, model: Path, applicant: str = "acme") -> Case:
    return file_release(office, Filing(str(model), applicant))


def examined(office: Office, number: int) -> Case:
    """Accepted and examined, by the real durable job."""
    office.say("accept", number, "officer", {"missing": []})
    with examination.examining(office):
        return examination.wait(examination.begin(number, "examiner"), office, number, lambda _now: None)


def decided(
    office: Office,
    number: int,
    *,
    expires: datetime | None = None,
    narrower: Mapping[Component, Access] | None = None,
) -> Case:
    """Drafted, signed by two of three, decided and published."""
    deciding.draft_case(office, number, "officer", Wanted(expires=expires, narrower=narrower))
    for key in approvers(office)[:2]:
        deciding.sign_case(office, number, key)
    office.say("decide", number, "officer", {})
    return deciding.publish_case(office, number, "officer")
