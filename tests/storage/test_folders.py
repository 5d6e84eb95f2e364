"""The ids of the folders of a long listing are kept with it, are those that follow from it, and go with it."""

from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from tests.offices import found

from brightline.assembly.hosting.hosting import Hosting
from brightline.assembly.hosting.sight import outline
from brightline.assembly.office import Office
from brightline.hub.host import Account, Document, Operation, Push
from brightline.release.repository import Kind, RepoName
from brightline.storage.collection import drop_listings
from brightline.storage.repositories import listings
from brightline.storage.sql import shelves
from brightline.storage.sql.database import migrate

ACME = Account("acme", "t", frozenset({"hub:read", "hub:write"}))
NAME = RepoName(Kind.MODEL, "acme", "one")


def rows(office: Office) -> list[Document]:
    """As a process tells them that has looked at nothing yet."""
    return list(Hosting(office).tree(ACME, NAME, "main", "", recursive=True, expand=False).rows)


def pushed(office: Office, files: int) -> None:
    hosting = Hosting(office)
    hosting.create(ACME, NAME, {})
    adding = [Operation("add", f"a{at % 3}/b/{at}.txt", b"%d" % at) for at in range(files)]
    hosting.commit(ACME, NAME, "main", Push("push", "", None, adding))


def kept(office: Office) -> int:
    with office.engine.begin() as connection:
        return connection.execute(select(func.count()).select_from(shelves.folders)).scalar_one()


def nobody(_files: object) -> dict[str, str]:
    raise AssertionError("it was known")


def test_they_are_read_where_they_are_kept_and_made_where_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So it is for an office from before too, whose long listings have none."""
    with Office(found(tmp_path / "office")) as office:
        pushed(office, listings.LONG)
        with monkeypatch.context() as patched:
            patched.setattr(outline, "tree_ids", nobody)
            known = rows(office)
        with office.engine.begin() as connection:
            connection.execute(text("DROP TABLE folders"))
            connection.execute(text("UPDATE alembic_version SET version_num = '0010'"))
        migrate(office.engine)
        assert kept(office) == 0
        assert rows(office) == known
        assert sum(row["type"] == "directory" for row in known) == 6


def test_a_short_listing_has_none(tmp_path: Path) -> None:
    with Office(found(tmp_path / "office")) as office:
        pushed(office, 3)
        assert kept(office) == 0


def test_they_go_with_their_listing(tmp_path: Path) -> None:
    with Office(found(tmp_path / "office")) as office:
        pushed(office, listings.LONG)
        assert kept(office) == 1
        with office.engine.begin() as connection:
            connection.execute(shelves.commits.delete())
            drop_listings(connection, list(connection.execute(select(shelves.listings.c.sha256)).scalars()))
        assert kept(office) == 0
