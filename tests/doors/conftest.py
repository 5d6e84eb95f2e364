import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import HfApi
from tests.desk.conftest import start, token
from tests.offices import decided, examined, found
from tests.servers import free_port

from brightline.assembly.office import Office
from brightline.authority.case import Case, State
from brightline.release.component import Component

BOTH = ("hub:read", "hub:write")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with Office(found(tmp_path_factory.mktemp("hub") / "office")) as opened:
        yield opened


@pytest.fixture(scope="module")
def address(office: Office) -> Iterator[str]:
    port = free_port()
    process = start(office.settings.folder, port)
    yield f"http://127.0.0.1:{port}"
    os.killpg(process.pid, 15)
    process.wait(20)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads what another has downloaded or uploaded; nothing asks the public hub."""
    for name in ("HF_HUB_CACHE", "HF_XET_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "HF_HUB_CACHE"))


def secret(office: Office, who: str, *scopes: str) -> str:
    return token(office, who, *(scopes or BOTH))["Authorization"].removeprefix("Bearer ")


def client(address: str, office: Office, who: str | None) -> HfApi:
    """A stock client, signed in as somebody or as nobody."""
    return HfApi(endpoint=address, token=False if who is None else secret(office, who))


def open_cases(office: Office) -> list[int]:
    from sqlalchemy import select

    from brightline.storage.sql import schema

    with office.engine.begin() as connection:
        wanted = select(schema.cases.c.number).where(schema.cases.c.state == State.TENDERED.value)
        return list(connection.execute(wanted.order_by(schema.cases.c.number)).scalars())


def decide_all(office: Office, **narrower: str) -> list[Case]:
    """Every case that waits is accepted, examined, signed by two, and published."""
    from brightline.decision.access import Access

    narrow = {Component(part): Access(access) for part, access in narrower.items()}
    done = []
    for number in open_cases(office):
        examined(office, number)
        done.append(decided(office, number, narrower=narrow))
    return done
