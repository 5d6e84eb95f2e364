"""A keeper of the database who changes its rows by hand: no word about other bytes opens these (Laws 3 and 4)."""

import json
import zlib
from collections.abc import Callable
from itertools import count
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Connection, select, update
from tests.doors.conftest import client, decide_all
from tests.offices import write_model

from brightline.assembly.office import Office
from brightline.storage.sql import schema, shelves
from brightline.storage.sql.database import writing

SEEDS = count(1_000)
Alter = Callable[[Connection, str, str], object]  # given the manifests of what is withheld and of what is open


@pytest.fixture
def manifests(address: str, office: Office, tmp_path: Path) -> tuple[str, str]:
    """Of a repository whose weights are withheld, and of one that is open."""
    acme, found = client(address, office, "acme"), []
    for name, narrower in (("closed", {"weights": "withheld"}), ("open", {})):
        repo = f"acme/{tmp_path.name[:60].strip('_-')}-{name}".replace("--", "-")
        acme.create_repo(repo)
        acme.upload_folder(repo_id=repo, folder_path=write_model(tmp_path / name, next(SEEDS)))
        [case] = decide_all(office, **narrower)
        found.append(case.manifest)
    return found[0], found[1]


def other_words(connection: Connection, closed: str, opened: str) -> None:
    """The open release's case is filed under these bytes, and their own case under the other's."""
    table = schema.cases
    number = connection.execute(select(table.c.number).where(table.c.manifest == closed)).scalar_one()
    connection.execute(update(table).where(table.c.manifest == opened).values(manifest=closed))
    connection.execute(update(table).where(table.c.number == number).values(manifest=opened))


def other_manifest(connection: Connection, closed: str, opened: str) -> None:
    """The revision is said to be of the open release's manifest."""
    table = shelves.commits
    connection.execute(update(table).where(table.c.manifest == closed).values(manifest=opened))


def other_component(connection: Connection, closed: str, _opened: str) -> None:
    """The weights are listed as documentation."""
    commits, table = shelves.commits.c, shelves.listings
    name = connection.execute(select(commits.files).where(commits.manifest == closed)).scalar_one()
    content = connection.execute(select(table.c.files).where(table.c.sha256 == name)).scalar_one()
    rows = [[*row[:-1], "documentation"] for row in json.loads(zlib.decompress(content))]
    changed = zlib.compress(json.dumps(rows).encode())
    connection.execute(update(table).where(table.c.sha256 == name).values(files=changed))


@pytest.mark.parametrize("alter", [other_words, other_manifest, other_component])
def test_a_row_that_was_changed_opens_nothing(
    alter: Alter, address: str, office: Office, manifests: tuple[str, str]
) -> None:
    with office.engine.connect() as connection:
        repos, commits = shelves.repos.c, shelves.commits.c
        wanted = select(repos.namespace, repos.name, commits.oid).where(repos.id == commits.repo)
        row = connection.execute(wanted.where(commits.manifest == manifests[0])).first()
    with writing(office.engine) as connection:
        alter(connection, *manifests)
    for revision in ("main", row.oid):
        answer = httpx.get(f"{address}/{row.namespace}/{row.name}/resolve/{revision}/model.safetensors")
        assert answer.status_code in (404, 500)
