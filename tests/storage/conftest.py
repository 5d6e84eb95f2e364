from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.offices import Clock, found
from tests.servers import fresh_database, postgresql

from brightline.assembly.office import Office


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with postgresql(tmp_path_factory.mktemp("postgresql")) as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A founded office, on each database in turn."""
    if request.param == "sqlite":
        return found(tmp_path / "office")
    return found(tmp_path / "office", fresh_database(request.getfixturevalue("server")))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def office(folder: Path) -> Iterator[Office]:
    with Office(folder) as opened:
        yield opened
