"""A glance says what the tables say, on both databases, in one question; and a look needs little more than that."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, event
from tests.offices import decided

from brightline.assembly import examination
from brightline.assembly.hosting.hosting import Hosting
from brightline.assembly.office import Office
from brightline.hub.host import Account, Document, Operation, Push
from brightline.release.repository import Kind, RepoName
from brightline.storage.repositories import asking, attributes, changes, origins, shelf
from brightline.storage.repositories.glances import Who, glance_marked, glance_named
from brightline.storage.repositories.lending import Loan, lend, loans_of
from brightline.storage.sql.database import writing

NAME = RepoName(Kind.MODEL, "acme", "tiny")
ACME = Account("acme", "t", frozenset({"hub:read", "hub:write"}))
SOON, LATER = datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC)
FILES = [
    Operation("add", "brightline.toml", b'[training]\ntokens = "1e9"\n'),
    Operation("add", "README.md", b"---\nlicense: mit\n---\n"),
    Operation("add", "w.bin", b"\0w"),
]


@pytest.fixture
def hosting(office: Office) -> Hosting:
    """With one repository whose first revision is decided, and which has a second one, a branch and a tag."""
    opened = Hosting(office)
    opened.create(ACME, NAME, {})
    opened.commit(ACME, NAME, "main", Push("push", "", None, FILES))
    with examination.examining(office):
        office.say("accept", 1, "officer", {"missing": []})
        examination.wait(examination.begin(1, "examiner"), office, 1, lambda _now: None)
        decided(office, 1)
    opened.branch(ACME, NAME, "side", None)
    opened.tag(ACME, NAME, "main", "v1")
    opened.commit(ACME, NAME, "main", Push("again", "", None, [Operation("add", "w.bin", b"\0other")]))
    return opened


@contextmanager
def questions(engine: Engine) -> Iterator[list[str]]:
    asked: list[str] = []

    def note(_connection: object, _cursor: object, said: str, *_rest: object) -> None:
        if said != "BEGIN":
            asked.append(said)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_it_says_what_each_table_says(office: Office, hosting: Hosting) -> None:
    other = RepoName(Kind.MODEL, "acme", "other")
    hosting.create(ACME, other, {})
    with writing(office.engine) as connection:
        repo, beside = shelf.find_repo(connection, NAME), shelf.find_repo(connection, other)
        assert repo is not None
        assert beside is not None
        lend(connection, repo, [Loan("f" * 64, "sha256:1", "globex", "a" * 32), Loan("e" * 64, "sha256:2", "ann", "")])
        lend(connection, beside, [Loan("d" * 64, "sha256:3", "ann", "")])
        asking.set_request(connection, repo, "ann", "accepted", SOON)
        asking.set_request(
            connection, repo, "bob", "accepted", SOON, granted=True, vetted_until=SOON.replace(tzinfo=None)
        )
        asking.set_request(connection, repo, "eve", "rejected", SOON, granted=True)
        attributes.vet_organisation(connection, repo, "institute", LATER)
        attributes.vet_organisation(connection, beside, "elsewhere", LATER)
    with office.engine.begin() as connection, questions(office.engine) as asked:
        found = glance_named(connection, NAME, Who())
        assert len(asked) == 1
        assert found is not None
        assert (found.repo, found.refs) == (repo, shelf.read_refs(connection, repo))
        assert set(found.refs) == {"refs/heads/main", "refs/heads/side", "refs/tags/v1"}
        assert found.trunk == shelf.read_revision(connection, repo, found.refs["refs/heads/main"])
        assert found.published == frozenset(shelf.published(connection, repo))
        assert len(found.published) == 1
        assert found.loans == loans_of(connection, repo)
        assert (found.accepted, found.granted, found.vetted_until) == (False, False, None)

        def standing(*who: str) -> tuple[bool, bool, datetime | None]:
            glance = glance_marked(connection, found.repo.mark, Who(*who))
            assert glance is not None
            return glance.accepted, glance.granted, glance.vetted_until

        assert standing("ann") == (True, False, None)
        assert standing("bob") == (True, True, SOON)
        assert standing("bob", "institute") == (True, True, LATER)
        assert standing("eve", "elsewhere") == (False, False, None)


def test_an_empty_repository_and_none_at_all(office: Office) -> None:
    with writing(office.engine) as connection:
        made = changes.add_repo(connection, NAME, "acme", SOON, private=True, sdk="")
    with office.engine.begin() as connection:
        found = glance_named(connection, NAME, Who("acme"))
        assert found is not None
        assert (found.repo, found.refs, found.trunk) == (made, {}, None)
        assert (found.published, list(found.loans)) == (frozenset(), [])
        assert glance_named(connection, RepoName(Kind.DATASET, "acme", "tiny"), Who()) is None
        assert glance_marked(connection, "0" * 32, Who()) is None


def test_other_letters_and_a_former_name_lead_to_the_same(office: Office, hosting: Hosting) -> None:
    after = RepoName(Kind.MODEL, "acme", "renamed")
    hosting.move(ACME, NAME, after)
    with office.engine.begin() as connection:
        wanted = glance_named(connection, after, Who())
        for name in (NAME, RepoName(Kind.MODEL, "ACME", "Renamed")):
            assert glance_named(connection, name, Who()) == wanted


def test_a_look_asks_little(office: Office, hosting: Hosting) -> None:
    """A glance. Where main is undecided, strangers need a look at what came before; owners are told what was ever pushed."""
    for account, more, weighed in ((ACME, 0, 1), (None, 3, 0)):
        hosting.info(account, NAME, None, sizes=False)
        with questions(office.engine) as asked:
            hosting.info(account, NAME, None, sizes=False)
        assert len(asked) == 1 + more + weighed, asked
        with questions(office.engine) as asked:
            hosting.tree(account, NAME, "main", "", recursive=True, expand=False)
        assert len(asked) == 1 + more, asked


def test_the_first_look_asks_for_the_case_and_the_listing_once_each(office: Office, hosting: Hosting) -> None:
    other = RepoName(Kind.MODEL, "acme", "other")
    hosting.create(ACME, other, {})
    hosting.commit(ACME, other, "main", Push("push", "", None, [*FILES, Operation("add", "more.bin", b"\0more")]))
    with examination.examining(office):
        for number in (3, 2):  # the second push of the first repository is decided, too
            office.say("accept", number, "officer", {"missing": []})
            examination.wait(examination.begin(number, "examiner"), office, number, lambda _now: None)
            decided(office, number)
    fresh = Hosting(office)
    fresh.info(None, NAME, None, sizes=False)
    with questions(office.engine) as asked:
        assert fresh.info(None, other, None, sizes=False)["tags"] == ["license:mit"]
    assert len(asked) == 3, asked


def test_what_was_imported_is_asked_for_where_anything_was(office: Office, hosting: Hosting) -> None:
    with writing(office.engine) as connection:
        repo = shelf.find_repo(connection, NAME)
        assert repo is not None
        oid = shelf.read_refs(connection, repo)["refs/heads/main"]
        known = ("https://hub.example", "acme/tiny", "0" * 40, f"sha256:{'0' * 64}", SOON)
        origins.add_origin(connection, repo, origins.Origin("models/acme/tiny", oid, *known))
    assert hosting.info(ACME, NAME, None, sizes=False)["brightline"]["origin"]["endpoint"] == known[0]


def test_what_is_kept_of_a_folder_is_changed_by_nobody(hosting: Hosting) -> None:
    def tree(*, expand: bool) -> list[Document]:
        return hosting.tree(ACME, NAME, "main", "", recursive=True, expand=expand).rows

    plain, dated = tree(expand=False), tree(expand=True)
    assert all("lastCommit" in row for row in dated)
    assert not any("lastCommit" in row for row in [*plain, *tree(expand=False)])
