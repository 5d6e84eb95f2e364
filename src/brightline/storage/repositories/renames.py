"""What repositories were called before: old links go on leading to them, until somebody else has the name."""

from sqlalchemy import BigInteger, Column, ColumnElement, Connection, Integer, String, Table, delete, insert, select

from brightline.release.repository import RepoName
from brightline.storage.repositories.changes import change_repo
from brightline.storage.repositories.shelf import Repo, alike, find_repo, repo_of
from brightline.storage.sql.shelves import METADATA

former_names = Table(
    "former_names",
    METADATA,
    Column("kind", String(10), primary_key=True),
    Column("namespace", String(96), primary_key=True),
    Column("name", String(96), primary_key=True),
    Column("repo", BigInteger().with_variant(Integer, "sqlite"), nullable=False, index=True),
)


def find_named(connection: Connection, name: RepoName) -> Repo | None:
    """By its name, by one that a person would take for it, or by one that it had."""
    found = find_repo(connection, name) or alike(connection, name)
    if found is not None:
        return found
    number = connection.execute(select(former_names.c.repo).where(_is(name))).scalar()
    return None if number is None else repo_of(connection, number)


def rename_repo(connection: Connection, repo: Repo, name: RepoName) -> None:
    """The caller has seen that the name is free."""
    take_name(connection, name)
    take_name(connection, repo.name)
    before = {"kind": repo.name.kind.value, "namespace": repo.name.namespace, "name": repo.name.name}
    connection.execute(insert(former_names).values(repo=repo.id, **before))
    change_repo(connection, repo, namespace=name.namespace, name=name.name)


def take_name(connection: Connection, name: RepoName) -> None:
    """It leads nowhere else from now on."""
    connection.execute(delete(former_names).where(_is(name)))


def forget_names(connection: Connection, repo: Repo) -> None:
    """Of a repository that goes."""
    connection.execute(delete(former_names).where(former_names.c.repo == repo.id))


def _is(name: RepoName) -> ColumnElement[bool]:
    own = former_names.c
    return (own.kind == name.kind.value) & (own.namespace == name.namespace) & (own.name == name.name)
