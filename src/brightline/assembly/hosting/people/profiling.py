"""What can be said of an account, and of a space: as much as the caller can see, and no name of anybody who shows nothing."""

from collections import Counter

from sqlalchemy import Connection

from brightline.assembly.hosting.people.admitting import Admitting
from brightline.assembly.hosting.sight.showing import moment, runtime_document
from brightline.hub.host import Account, Document, Turned
from brightline.release.repository import Kind, RepoName
from brightline.storage.repositories import holdings, shelf


class Profiling(Admitting):
    """Accounts and spaces."""

    def overview(self, account: Account | None, who: str) -> Document:
        """Of oneself, or of somebody whose repositories the caller can see."""

        def ask(connection: Connection) -> Document:
            shown = Counter(
                repo.name.kind
                for repo in shelf.repos_of(connection, who)
                if self._shelving.at(connection, account, repo).visible
            )
            if not shown and (account is None or account.name != who):
                raise Turned(404, f"There is nobody of the name {who[:100]} whom you could see.")
            counts = {f"num{kind.capitalize()}s": shown[kind] for kind in Kind}
            return {"user": who, "fullname": who, "type": "user", "isPro": False, "avatarUrl": "", **counts}

        return self._read(ask)

    def own_repos(self, account: Account | None) -> list[Document]:
        """The caller's own, with the bytes that were sent into each."""
        if account is None:
            raise Turned(401, "This needs a token of this office: `hf auth login --token`.")

        def ask(connection: Connection) -> list[Document]:
            return [
                {
                    "id": str(repo.name),
                    "type": repo.name.kind.value,
                    "updatedAt": moment(repo.moved),
                    "visibility": "private" if repo.private else "public",
                    "storage": holdings.weigh(connection, repo),
                }
                for repo in shelf.repos_of(connection, account.name)
            ]

        return self._read(ask)

    def runtime(self, account: Account | None, name: RepoName) -> Document:
        return runtime_document(self._read(lambda connection: self._shelving.repo(connection, account, name)))
