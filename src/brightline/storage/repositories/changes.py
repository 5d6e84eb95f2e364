"""Repositories and refs made, changed and taken away: what lists show of them is written anew by the same transaction."""

import secrets
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, delete, insert, update

from brightline.release.repository import RepoName
from brightline.storage.lists import catalogue
from brightline.storage.repositories.revealing import refresh_later
from brightline.storage.repositories.shelf import Repo, Revision, read_revision
from brightline.storage.sql import shelves
from brightline.storage.sql.database import stored


def add_repo(connection: Connection, name: RepoName, owner: str, at: datetime, *, private: bool, sdk: str) -> Repo:
    """The caller has seen that there is none of this name."""
    mark = secrets.token_hex(16)
    values = {
        "mark": mark,
        "kind": name.kind.value,
        "namespace": name.namespace,
        "name": name.name,
        "owner": owner,
        "private": private,
        "gated": "",
        "sdk": sdk,
        "downloads": 0,
        "created": stored(at),
        "moved": stored(at),
    }
    made: int = connection.execute(insert(shelves.repos).values(**values).returning(shelves.repos.c.id)).scalar_one()
    refresh_later(connection, made)
    return Repo(made, mark, name, owner, private, "", sdk, 0, at, at)


def change_repo(connection: Connection, repo: Repo, **values: object) -> None:
    """Columns of the table `repos`."""
    connection.execute(update(shelves.repos).where(shelves.repos.c.id == repo.id).values(**values))
    refresh_later(connection, repo.id)


def remove_rows(connection: Connection, repo: Repo) -> None:
    """Its names, refs and claims: a part of what storage.repositories.leaving does."""
    connection.execute(delete(shelves.repos).where(shelves.repos.c.id == repo.id))
    for table in (shelves.refs, shelves.commits, shelves.possessions, shelves.requests, shelves.xorbs, shelves.rounds):
        connection.execute(delete(table).where(table.c.repo == repo.id))
    refresh_later(connection, repo.id)


def write_ref(connection: Connection, repo: Repo, name: str, oid: str | None) -> None:
    """None takes it away."""
    own = (shelves.refs.c.repo == repo.id) & (shelves.refs.c.name == name)
    connection.execute(delete(shelves.refs).where(own))
    if oid is not None:
        connection.execute(insert(shelves.refs).values(repo=repo.id, name=name, oid=oid))
    refresh_later(connection, repo.id)


def add_revision(connection: Connection, repo: Repo, revision: Revision) -> None:
    """Once; the same commit twice is one. Raises LookupError where git's id is taken by other files."""
    kept = read_revision(connection, repo, revision.oid)
    if kept is not None:
        if kept.files != revision.files:
            raise LookupError(f"the commit {revision.oid} has other files already")
        return
    values = asdict(revision.commit) | {"at": stored(revision.commit.at)}
    connection.execute(
        insert(shelves.commits).values(
            repo=repo.id, oid=revision.oid, files=revision.files, manifest=revision.manifest, **values
        )
    )


def count_downloads(connection: Connection, repo: int, count: int) -> None:
    """In the lists too, which show nothing else of it anew."""
    table = shelves.repos
    connection.execute(update(table).where(table.c.id == repo).values(downloads=table.c.downloads + count))
    catalogue.count_downloads(connection, repo, count)
