"""A repository goes, with all that is kept for it alone. Listings and blobs stay for whatever else names them."""

from sqlalchemy import Connection

from brightline.storage.repositories import changes
from brightline.storage.repositories.attributes import forget_organisations
from brightline.storage.repositories.discussions import remove_discussions
from brightline.storage.repositories.forks import forks_of
from brightline.storage.repositories.lending import give_back
from brightline.storage.repositories.renames import forget_names
from brightline.storage.repositories.shelf import Repo


def remove_repo(connection: Connection, repo: Repo) -> None:
    """With its proposals. Where it was imported from stays on record."""
    remove_discussions(connection, repo)
    for one in (*forks_of(connection, repo), repo):
        give_back(connection, one)
        forget_organisations(connection, one)
        forget_names(connection, one)
        changes.remove_rows(connection, one)
