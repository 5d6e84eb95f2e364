"""Origins and wishes, on SQLite and on PostgreSQL."""

from datetime import UTC, datetime, timedelta

from tests.doors.lying import GOOD, Lies, lying, row

from brightline.assembly.hosting.imports.importing import Wanted, import_repository
from brightline.assembly.hosting.sight.shelving import Shelving
from brightline.assembly.office import Office
from brightline.release.repository import Kind, RepoName
from brightline.sources.upstream import Upstream
from brightline.storage.repositories import changes, origins, shelf
from brightline.storage.repositories.origins import DONE, FAILED, FETCHING
from brightline.storage.sql.database import writing

AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
NAME = RepoName(Kind.DATASET, "org", "rows")
HOUR = timedelta(hours=1)


def test_an_import_is_kept_with_its_origin(office: Office) -> None:
    wanted = Wanted(NAME, NAME, "mirror")
    with lying(Lies()) as address:
        made = import_repository(Shelving(office), Upstream(address, patience=0.5), wanted)
        again = import_repository(Shelving(office), Upstream(address, patience=0.5), wanted)
    assert (made.changed, made.fetched, made.case) == (True, len(GOOD), 1)
    assert (again.changed, again.fetched, again.case) == (False, 0, 1)
    with office.engine.begin() as connection:
        repo = shelf.find_repo(connection, NAME)
        assert origins.list_origins(connection) == origins.list_origins(connection, NAME.address) == [made.origin]
        assert origins.last_origin(connection, repo, made.origin.oid) == made.origin
        assert origins.became(connection, repo, made.origin.commit) == made.origin.oid
        assert origins.became(connection, repo, "0" * 40) is None
        assert origins.held_by(connection, "mirror") == len(GOOD)
        assert origins.held_by(connection, "acme") == 0


def test_a_source_goes_on_and_comes_back(office: Office) -> None:
    """A, then B, then A again: three commits on top of each other; and a commit with the same files makes none."""
    wanted, lies, oids = Wanted(NAME, NAME, "mirror"), Lies(), []
    with lying(lies) as address:
        for name, commit in (("model.bin", "c" * 40), ("other.bin", "d" * 40), ("model.bin", "c" * 40)):
            lies.rows, lies.commit, lies.files = [row(name)], commit, {name: GOOD}
            made = import_repository(Shelving(office), Upstream(address, patience=0.5), wanted)
            oids.append(made.origin.oid)
            assert made.changed
            assert made.fetched == (len(GOOD) if len(oids) == 1 else 0), "bytes that are here need not come again"
        lies.commit = "e" * 40
        same = import_repository(Shelving(office), Upstream(address, patience=0.5), wanted)
    assert (same.changed, same.origin.oid, same.origin.commit) == (False, oids[-1], "e" * 40)
    with office.engine.begin() as connection:
        repo = shelf.find_repo(connection, NAME)
        assert [one.oid for one in shelf.history(connection, repo, oids[-1])][:3] == oids[::-1]
        assert [one.commit[0] for one in origins.list_origins(connection)] == list("cdce")


def test_a_wish_is_fulfilled_once_and_looked_at_again_in_its_time(office: Office) -> None:
    with writing(office.engine) as connection:
        assert origins.find_wish(connection, NAME) is None
        wish = origins.begin_wish(connection, NAME, "ann", AT)
        assert (wish.state, wish.tries) == (FETCHING, 1)
        assert origins.fetching(connection) == [wish] == [origins.find_wish(connection, NAME)]
        assert not origins.look_again(connection, NAME, AT + HOUR, HOUR), "it is on its way"
        origins.end_wish(connection, wish.address, DONE, "", AT)
        assert not origins.look_again(connection, NAME, AT + HOUR / 2, HOUR)
        assert origins.look_again(connection, NAME, AT + HOUR, HOUR)
        assert not origins.look_again(connection, NAME, AT + HOUR, HOUR), "one looks"
        assert origins.begin_wish(connection, NAME, "ann", AT + HOUR).tries == 2


def test_wishes_are_counted_and_failed_ones_forgotten(office: Office) -> None:
    names = [RepoName(Kind.MODEL, "org", name) for name in ("one", "two", "three")]
    with writing(office.engine) as connection:
        for number, name in enumerate(names):
            origins.begin_wish(connection, name, "ann", AT + number * HOUR)
            origins.end_wish(connection, name.address, FAILED if number < 2 else DONE, "no", AT + number * HOUR)
        assert origins.wished_since(connection, "ann", AT) == 2
        assert origins.wished_since(connection, "eve", AT - HOUR) == 0
        assert [one.address for one in origins.list_wishes(connection)] == ["org/two", "org/one"]
        origins.forget_failed(connection, AT + HOUR)
        assert [origins.find_wish(connection, name) is None for name in names] == [True, False, False]


def test_a_name_is_somebodys_by_its_token_its_repositories_or_itself(office: Office) -> None:
    def local(namespace: str, name: str = "x") -> bool:
        return origins.is_local(connection, RepoName(Kind.MODEL, namespace, name), "mirror")

    from brightline.storage.accounts import tokens

    with writing(office.engine) as connection:
        tokens.create_token(connection, "t", "Bob", frozenset({"hub:read"}), AT, None)
        changes.add_repo(connection, RepoName(Kind.MODEL, "acme", "one"), "acme", AT, private=True, sdk="")
        changes.add_repo(connection, RepoName(Kind.MODEL, "org", "Given"), "acme", AT, private=True, sdk="")
        changes.add_repo(connection, RepoName(Kind.MODEL, "org", "fetched"), "mirror", AT, private=False, sdk="")
        assert [local("bob"), local("ACME"), local("org", "given")] == [True, True, True]
        assert [local("org"), local("org", "fetched"), local("else")] == [False, False, False]
