"""Every database comes to the newest tables, from nothing and from each version that was ever made."""

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select, text
from tests.offices import decided, examined, found
from tests.servers import fresh_database

from brightline import storage
from brightline.assembly.hosting.hosting import Hosting
from brightline.assembly.office import Office
from brightline.assembly.ordering import issue_order
from brightline.hub.host import Account, Operation, Push, Wanted
from brightline.release.component import Component
from brightline.release.repository import Kind, RepoName
from brightline.storage.accounts import charges
from brightline.storage.lists import catalogue, finding
from brightline.storage.lists.sampling import _draw
from brightline.storage.sql import shelves
from brightline.storage.sql.database import NEWEST, Unopened, is_current, migrate, open_database


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
            "UPDATE alembic_version SET version_num = '0004'",
        ):
            connection.execute(text(statement))
    migrate(engine)
    assert is_current(engine)
    with engine.begin() as connection:
        assert connection.execute(select(shelves.xorbs.c.place)).all() == []
        assert connection.execute(select(shelves.arrivals.c.at)).all() == []
    engine.dispose()


def test_repositories_that_were_there_are_in_the_lists_with_the_tags_they_had(folder: Path) -> None:
    """As version 2 left them: with tags of the newest card beside the repository, and no catalogue."""
    with Office(folder) as office:
        hosting, who = Hosting(office), Account("acme", "t", frozenset({"hub:write"}))
        for number in range(3):
            name = RepoName(Kind.MODEL, "acme", f"m{number}")
            hosting.create(who, name, {})
            pushed = [Operation("add", "README.md", b"---\ntags: [kept]\n---\n%d" % number)]
            hosting.commit(who, name, "main", Push("push", "", None, pushed))
        more = Push("more", "", None, [Operation("add", "more.txt", b"more")])
        name = RepoName(Kind.MODEL, "acme", "m2")
        made = [hosting.commit(who, name, "main", more)["commitOid"]]
        made.append(hosting.commits(who, name, "main")[1]["id"])
        due = hosting.search(who, Wanted(Kind.MODEL, tags=["kept"]))
        assert len(due[0]) == 3
        with office.engine.begin() as connection:
            connection.execute(text("ALTER TABLE repos ADD COLUMN tags TEXT DEFAULT '[\"kept\"]' NOT NULL"))
            configuration = Config()
            configuration.set_main_option("script_location", str(Path(storage.__file__).parent / "migrations"))
            configuration.attributes["connection"] = connection
            command.downgrade(configuration, "0002")
            assert not inspect(connection).has_table("shown")
        migrate(office.engine)
        assert is_current(office.engine)
        assert hosting.search(who, Wanted(Kind.MODEL, tags=["kept"])) == due
        told = [hosting.info(who, name, oid, sizes=False)["tags"] for oid in made]
        assert all("kept" in tags for tags in told), "an earlier commit with the same card has its tags"
        assert "tags" not in {column["name"] for column in inspect(office.engine).get_columns("repos")}


def test_what_was_here_before_quotas_is_charged_to_who_has_it(folder: Path) -> None:
    """Once for each account; what is lent, to its lender."""
    with Office(folder) as office:
        hosting = Hosting(office)
        for who, repo in (("acme", "m0"), ("acme", "m1"), ("zeta", "m0")):
            name = RepoName(Kind.MODEL, who, repo)
            account = Account(who, "t", frozenset({"hub:write"}))
            hosting.create(account, name, {})
            hosting.commit(account, name, "main", Push("push", "", None, [Operation("add", "a.txt", b"the same")]))
        copy, acme = RepoName(Kind.MODEL, "acme", "copy"), Account("acme", "t", frozenset({"hub:write"}))
        hosting.duplicate(acme, RepoName(Kind.MODEL, "acme", "m0"), copy, {})
        with office.engine.begin() as connection:
            configuration = Config()
            configuration.set_main_option("script_location", str(Path(storage.__file__).parent / "migrations"))
            configuration.attributes["connection"] = connection
            command.downgrade(configuration, "0006")
        migrate(office.engine)
        with office.engine.begin() as connection:
            told = [(one, charges.allowance_of(connection, one).used) for one in charges.all_accounts(connection)]
            used = charges.use_of(connection, "acme")
        assert told == [("acme", 8), ("zeta", 8)]
        assert (used.repositories, used.filed, used.waiting) == (8, 0, 0)


@pytest.mark.filterwarnings(
    "ignore:Skipped unsupported reflection of expression-based index"
)  # rows by chance have one
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_lists_from_before_signatures_are_walked_as_new_ones(
    database: str, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "RARE", 0)
    found(tmp_path / "office", fresh_database(server) if database == "postgresql" else "sqlite:///office.db")
    with Office(tmp_path / "office") as office:
        hosting, who = Hosting(office), Account("acme", "t", frozenset({"hub:write"}))
        for number in range(4):
            name = RepoName(Kind.MODEL, "acme", f"m{number}")
            hosting.create(who, name, {})
            tags = [f"own{number}", *(["kept"] if number else [])]
            card = f"---\ntags: [{', '.join(tags)}]\n---\n".encode()
            hosting.commit(who, name, "main", Push("push", "", None, [Operation("add", "README.md", card)]))
        due = hosting.search(who, Wanted(Kind.MODEL, tags=["kept"]))
        assert len(due[0]) == 3
        with office.engine.begin() as connection:
            for sort in ("downloads", "modified", "created"):
                connection.execute(text(f"DROP INDEX shown_by_{sort}"))
                connection.execute(text("ALTER TABLE shown DROP COLUMN signature" if sort == "created" else "SELECT 1"))
                connection.execute(text(f"CREATE INDEX shown_by_{sort} ON shown (place, {sort}, repo)"))
            connection.execute(text("CREATE INDEX shown_keys ON shown (id, place)"))
            connection.execute(text("UPDATE alembic_version SET version_num = '0008'"))
        migrate(office.engine)
        assert is_current(office.engine)
        table = catalogue.shown.c
        with office.engine.begin() as connection:
            rows = connection.execute(select(table.labels, table.signature)).all()
        assert rows
        assert all(catalogue.signature(row.labels) == row.signature != 0 for row in rows)
        indices = {index["name"]: index["column_names"] for index in inspect(office.engine).get_indexes("shown")}
        assert "shown_keys" not in indices
        assert indices["shown_by_modified"] == ["place", "modified", "repo", *catalogue.SEEN]
        assert hosting.search(who, Wanted(Kind.MODEL, tags=["kept"])) == due


def test_a_catalogue_from_before_samples_is_sampled_as_a_new_one(folder: Path) -> None:
    with Office(folder) as office:
        hosting, who = Hosting(office), Account("acme", "t", frozenset({"hub:write"}))
        for number in range(64):
            hosting.create(who, RepoName(Kind.MODEL, "acme", f"m{number}"), {})
        with office.engine.begin() as connection:
            due = _draw(connection, 1, 64)
            connection.execute(text("DROP INDEX shown_by_chance"))
            connection.execute(text("UPDATE alembic_version SET version_num = '0009'"))
        migrate(office.engine)
        with office.engine.begin() as connection:
            connection.execute(text("DROP INDEX shown_by_chance"))
            told = _draw(connection, 1, 64)
        assert sorted(name for name, _ in told) == sorted(name for name, _ in due) != []


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_lists_forget_what_they_were_told_of_what_is_hidden(database: str, server: str, tmp_path: Path) -> None:
    """As offices have it that showed the front matter of any README.md, whoever may read that, and of closed repositories as of open ones."""
    found(tmp_path / "office", fresh_database(server) if database == "postgresql" else "sqlite:///office.db")
    with Office(tmp_path / "office") as office:
        hosting, who = Hosting(office), Account("acme", "t", frozenset({"hub:write"}))
        content = b"---\ntags: [sesame]\n---\n"
        cases = {}
        for number, declared in enumerate(("", '[components]\n"README.md" = "data"\n', "", "")):
            name = RepoName(Kind.MODEL, "acme", f"m{number}")
            hosting.create(who, name, {})
            words = f'[training]\ntokens = "{number + 1}e9"\n{declared}'.encode()
            pushed = [Operation("add", "README.md", content), Operation("add", "brightline.toml", words)]
            hosting.commit(who, name, "main", Push("push", "", None, pushed))
            case = hosting.info(who, name, None, sizes=False)["brightline"]["case"]
            examined(office, case)
            cases[number] = decided(office, case)
        office.say("withdraw", cases[2].number, "acme", {"reason": "We leave."})
        issue_order(office, cases[3].manifest, (Component.DOCUMENTATION,), "country in {X}", "x", None)

        def told() -> list[tuple[str, bool, bool]]:
            rows = hosting.search(None, Wanted(Kind.MODEL, words=["acme"], card=True))[0]
            return sorted((row["id"], row["disabled"], row["cardData"] != {}) for row in rows)

        due = told()
        assert due == [
            ("acme/m0", False, True),
            ("acme/m1", False, False),
            ("acme/m2", True, True),
            ("acme/m3", False, False),
        ]
        cards, shown = catalogue.cards, catalogue.shown
        with office.engine.begin() as connection:
            found_card = connection.execute(select(cards).where(cards.c.content.contains("sesame"))).first()
            assert found_card is not None
            connection.execute(cards.update().values(content=found_card.content))
            commits = shelves.commits.c
            here = (commits.repo == shown.c.repo) & (commits.oid == shown.c.sha) & (commits.files == cards.c.listing)
            card = select(cards.c.id).where(here).correlate(shown).scalar_subquery()
            connection.execute(shown.update().values(card=card, disabled=False))
            connection.execute(text("UPDATE alembic_version SET version_num = '0011'"))
        assert told() == [(name, False, True) for name, _, _ in due]
        migrate(office.engine)
        assert told() == due


def test_a_server_without_trigrams_is_refused_in_words(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brightline.storage.migrations.TRIGRAMS", "pg_trgm_that_nobody_has")
    engine = open_database(fresh_database(server))
    with pytest.raises(Unopened, match=r"lists need PostgreSQL's extension pg_trgm.*contrib"):
        migrate(engine)
    assert not is_current(engine)
    engine.dispose()
