"""Every database comes to the newest tables, from nothing and from each version that was ever made."""

from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import select, text

from brightline import storage
from brightline.storage import shelves
from brightline.storage.database import NEWEST, is_current, migrate, open_database


def scripts() -> ScriptDirectory:
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(storage.__file__).parent / "migrations"))
    return ScriptDirectory.from_config(configuration)


def test_the_newest_migration_is_the_one_that_the_office_asks_for() -> None:
    assert scripts().get_current_head() == NEWEST


def test_a_database_is_current_once_it_was_migrated(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'office.db'}")
    assert not is_current(engine)
    migrate(engine)
    assert is_current(engine)
    engine.dispose()


def test_an_office_from_before_parcels_forgets_its_xorbs_and_goes_on(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'office.db'}")
    migrate(engine)
    with engine.begin() as connection:
        for statement in (
            "DROP TABLE xorbs",
            "DROP TABLE arrivals",
            "DROP TABLE rounds",
            "CREATE TABLE xorbs (repo INTEGER, hash VARCHAR(64), sha256 VARCHAR(64), size BIGINT)",
            "INSERT INTO xorbs VALUES (1, 'a', 'b', 3)",
            "UPDATE alembic_version SET version_num = '0002'",
        ):
            connection.execute(text(statement))
    migrate(engine)
    assert is_current(engine)
    with engine.begin() as connection:
        assert connection.execute(select(shelves.xorbs.c.place)).all() == []
        assert connection.execute(select(shelves.arrivals.c.at)).all() == []
    engine.dispose()
