"""Loans, on SQLite and on PostgreSQL."""

from datetime import UTC, datetime

from brightline.assembly.office import Office
from brightline.release.repository import Kind, RepoName
from brightline.storage.repositories import changes
from brightline.storage.repositories.lending import Loan, lend, loans_of
from brightline.storage.sql.database import writing

AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def test_what_was_lent_on_and_comes_from_its_source_too_is_asked_for_there(office: Office) -> None:
    on, direct = Loan("f" * 64, "sha256:1", "acme", ""), Loan("f" * 64, "sha256:1", "acme", "a" * 32)
    with writing(office.engine) as connection:
        for number, given in enumerate(([on, direct], [direct, on], [on, direct, on])):
            name = RepoName(Kind.MODEL, "ann", f"copy-{number}")
            repo = changes.add_repo(connection, name, "ann", AT, private=False, sdk="")
            lend(connection, repo, given[:1])
            lend(connection, repo, given[1:])
            assert loans_of(connection, repo) == [direct], number
