"""A repository goes, with all that is kept for it alone. Listings and blobs stay for whatever else names them."""

from sqlalchemy import Connection

from brightline.storage import shelf
from brightline.storage.attributes import forget_organisations
from brightline.storage.discussions import remove_discussions
from brightline.storage.forks import forks_of
from brightline.storage.lending import give_back
from brightline.storage.renames import forget_names
from brightline.storage.shelf import Repo


def remove_repo(connection: Connection, repo: Repo) -> None:
    """With its proposals. Where it was imported from stays on record."""
    remove_discussions(connection, repo)
    for one in (*forks_of(connection, repo), repo):
        give_back(connection, one)
        forget_organisations(connection, one)
        forget_names(connection, one)
        shelf.remove_rows(connection, one)
