"""What is known of some bytes: the cases and the orders about them, kept until the log has an entry that is about them."""

from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Connection

from brightline.assembly.office import Office, View
from brightline.authority.case import Case
from brightline.authority.orders import Ordered, as_ordered
from brightline.authority.procedure import replay
from brightline.enforcement.access import Judged
from brightline.enforcement.judging import judge
from brightline.storage.record.casebook import read_casebook
from brightline.storage.record.log import head_size
from brightline.storage.record.records import load_charters, manifests_since
from brightline.storage.repositories.shelf import Repo

if TYPE_CHECKING:
    from brightline.permit.charter import Charter
    from brightline.permit.envelope import Envelope

KEPT = 20_000  # manifests whose cases are kept in memory
Known = tuple[list[Case], list[Ordered]]
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Knowing:
    """Of one office. `log` is the size that the log had when this transaction began to look; it is asked for where it is not given."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self._lock = Lock()
        self._followed = -1  # entries of the log that what is kept has taken account of
        self._known: dict[str, Known] = {}
        self._charters: tuple[list[Envelope], list[Charter]] | None = None

    def view(self, connection: Connection, log: int | None = None) -> View:
        size = self._follow(connection, log)
        kept = self._charters
        if kept is None:
            kept = load_charters(connection)
            with self._lock:
                self._charters = kept if size >= self._followed else None
        return View(connection, *kept)

    def judged(self, connection: Connection, repo: Repo, manifest: str, log: int | None = None) -> Judged:
        """What was decided of these bytes, at the least in a case of this repository's owner."""
        cases, orders = self.known(connection, manifest, log)
        return judge(cases, orders, self.office.clock(), repo.owner)

    def cases(self, connection: Connection, manifest: str) -> list[Case]:
        """All that were ever filed about these bytes."""
        return self.known(connection, manifest)[0]

    def known(self, connection: Connection, manifest: str, log: int | None = None) -> Known:
        """All cases and orders about these bytes."""
        size = self._follow(connection, log)
        known = self._known.get(manifest)
        if known is None:
            known = _look(self.view(connection, size), manifest)
            with self._lock:
                if size >= self._followed:
                    bounded(self._known, KEPT)[manifest] = known
        return known

    def _follow(self, connection: Connection, log: int | None) -> int:
        """Forget what the log's new entries are about, whoever wrote them. Returns the log's size.

        Whoever reads while the log grows keeps nothing: what it read may be older than what was forgotten.
        """
        size = head_size(connection) if log is None else log
        if size > self._followed:
            with self._lock:
                about = set[str]() if self._followed < 0 else manifests_since(connection, self._followed, size)
                if about is None:
                    self._charters = None
                    self._known.clear()
                for manifest in about or ():
                    self._known.pop(manifest, None)
                self._followed = max(size, self._followed)
        return size


def _look(view: View, manifest: str) -> Known:
    """Every word is judged anew, and every signature: no column is believed. Raises LookupError where the words of a case say nothing of these bytes."""
    book = read_casebook(view.connection, manifest)
    records, cases = replace(view, documents=dict(book.documents)), list[Case]()
    for number, words in book.cases.items():
        case = replay(words, records)
        if case is None or case.manifest != manifest:
            raise LookupError(f"the log says nothing of case {number} about {manifest}")
        cases.append(case)
    return cases, [as_ordered(one.content, one.lifted) for one in book.orders]


def bounded(kept: dict[_Key, _Value], most: int) -> dict[_Key, _Value]:
    """With room for one more: the oldest goes."""
    while len(kept) >= most:
        del kept[next(iter(kept))]
    return kept
