"""One writer. Acts that arrive together are decided one after the other and made durable by one commit."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, NestedTransaction, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from brightline.authority.case import Case
from brightline.authority.records import Refusal
from brightline.permit.charter import Charter, Role
from brightline.permit.envelope import Envelope
from brightline.permit.key import Signer
from brightline.permit.word import Word
from brightline.proof.note import Checkpoint, NoteKey
from brightline.storage.record.log import Edge, checkpoint, load_edge, write_entries, write_head
from brightline.storage.record.records import load_case, load_charters, read_document
from brightline.storage.repositories import revealing
from brightline.storage.sql import schema
from brightline.storage.sql.database import at_the_end, restored, stored, writing

BATCH = 256  # acts that one commit holds at most
LINGER = 0.002  # seconds that a commit waits, at most, for those who were just answered and may ask again
KEPT = 10_000  # cases kept in memory
_HEAD = select(schema.head)
_CASE = {  # both dialects spell it so, and SQLAlchemy has no common word for it
    name: one.on_conflict_do_update(
        index_elements=["number"], set_={"state": one.excluded.state, "moved": one.excluded.moved}
    )
    for name, one in (("sqlite", sqlite.insert(schema.cases)), ("postgresql", postgresql.insert(schema.cases)))
}
_Result = TypeVar("_Result")
Clock = Callable[[], datetime]


class Stale(Exception):
    """The process holds a log key that the charter does not name any more. Nothing was done."""


@dataclass(slots=True)
class Past:
    """What the writer knows from its last batch; forgotten where somebody else wrote since."""

    edge: Edge = field(default_factory=Edge)
    charters: list[Charter] = field(default_factory=list)
    cases: dict[int, Case] = field(default_factory=dict)


class Turn:
    """One act's view of the office, and what it writes. Nothing of it lasts unless the act comes to its end, and is not refused."""

    def __init__(self, connection: Connection, past: Past, batch: "Batch", at: datetime) -> None:
        self._connection, self.at = connection, at
        self._own: NestedTransaction | None = None
        self._past, self._batch = past, batch
        self.words: list[Word] = []
        self.documents: dict[str, bytes] = {}
        self.cases: dict[int, Case] = {}
        self.rows: list[tuple[Any, dict[str, Any]]] = []  # statements that are executed with the batch
        self.new_cases = self.new_orders = 0

    @property
    def connection(self) -> Connection:
        """For acts that read and write by themselves: what they write goes where the act does. Saying words needs none."""
        if self._own is None:
            self._own = self._connection.begin_nested()
        return self._connection

    def end(self, *, stands: bool) -> None:
        if self._own is not None and stands:
            self._own.commit()
        elif self._own is not None:
            self._own.rollback()

    def charter(self, version: int) -> Charter:
        return self._past.charters[version - 1]

    @property
    def newest(self) -> Charter:
        return self._past.charters[-1]

    def document(self, digest: str) -> bytes | None:
        for kept in (self.documents, self._batch.documents):
            if digest in kept:
                return kept[digest]
        return read_document(self._connection, digest)

    def case(self, number: int) -> Case | None:
        for kept in (self.cases, self._batch.cases, self._past.cases):
            if number in kept:
                return kept[number]
        case = load_case(self._connection, number, self)
        if case is not None:
            self._past.cases[number] = case
        return case

    def next_case(self) -> int:
        self.new_cases += 1
        return self._batch.last_case + self.new_cases

    def next_order(self) -> int:
        self.new_orders += 1
        return self._batch.last_order + self.new_orders

    @property
    def unwritten(self) -> list[Word]:
        """What other acts of this commit have said: in force, and not in the tables yet."""
        return self._batch.words

    @property
    def next_entry(self) -> int:
        """The number that this act's first entry will have."""
        return self._past.edge.size + len(self._batch.words)


@dataclass(slots=True)
class Batch:
    """What the acts of one commit have written so far."""

    last_case: int
    last_order: int
    words: list[Word] = field(default_factory=list)
    documents: dict[str, bytes] = field(default_factory=dict)
    cases: dict[int, Case] = field(default_factory=dict)
    rows: list[tuple[Any, dict[str, Any]]] = field(default_factory=list)

    def take(self, turn: Turn) -> None:
        self.words += turn.words
        self.documents |= turn.documents
        self.cases |= turn.cases
        self.rows += turn.rows
        self.last_case += turn.new_cases
        self.last_order += turn.new_orders


class Ledger:
    """`perform` returns once the act is durable and its entry is in a signed checkpoint; or raises what the act raised."""

    def __init__(self, engine: Engine, signer: Signer, key: NoteKey, clock: Clock) -> None:
        self._engine, self._signer, self._key, self._clock = engine, signer, key, clock
        self._queue: SimpleQueue[tuple[Callable[[Turn], Any], Future[Any]] | None] = SimpleQueue()
        self._past: Past | None = None
        self._expected = 0  # how many may ask again: those of the last commit, and those who waited then
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._thread.start()

    def perform(self, act: Callable[[Turn], _Result]) -> _Result:
        future: Future[_Result] = Future()
        self._queue.put((act, future))
        return future.result()

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while True:
            waiting = self._next()
            if waiting:
                self._commit([item for item in waiting if item is not None])
            if None in waiting:
                return

    def _next(self) -> list[tuple[Callable[[Turn], Any], Future[Any]] | None]:
        """Whatever waits now, and a moment later where many write at once; the first one is waited for.

        Without that moment two halves of the writers take turns, and each commit carries half of what it could.
        """
        waiting = [self._queue.get()]
        end = time.monotonic() + LINGER
        while len(waiting) < BATCH and waiting[-1] is not None:
            left = end - time.monotonic() if len(waiting) < self._expected else 0
            try:
                waiting.append(self._queue.get(timeout=left) if left > 0 else self._queue.get_nowait())
            except Empty:
                break
        return waiting

    def _commit(self, waiting: list[tuple[Callable[[Turn], Any], Future[Any]]]) -> None:
        done: list[tuple[Future[Any], Any]] = []
        asked = threading.Event()  # the database, for its COMMIT
        try:
            with writing(self._engine) as connection:
                self._decide(connection, waiting, done)
                at_the_end(connection, "ledger", asked.set)
        except Exception as trouble:  # noqa: BLE001 - whatever it is, every caller is told
            self._past = None
            left = [item for item in waiting if not item[1].done()]
            self._fail(left, trouble, again=not (asked.is_set() and _unheard(trouble)))
            return
        self._expected = len(waiting) + self._queue.qsize()
        for future, result in done:
            future.set_result(result)

    def _fail(
        self, waiting: list[tuple[Callable[[Turn], Any], Future[Any]]], trouble: Exception, *, again: bool
    ) -> None:
        """One act that cannot be stored must not fail the others of its commit: each is tried again alone, unless all may be stored."""
        if again and len(waiting) > 1:
            for item in waiting:
                self._commit([item])
        else:
            for _, future in waiting:
                future.set_exception(trouble)

    def _decide(
        self,
        connection: Connection,
        waiting: list[tuple[Callable[[Turn], Any], Future[Any]]],
        done: list[tuple[Future[Any], Any]],
    ) -> None:
        row = connection.execute(_HEAD).one()
        past = self._recall(connection, row.size)
        at = max(self._clock().astimezone(UTC).replace(microsecond=0), restored(row.at))
        batch = Batch(row.cases, row.orders)
        for act, future in waiting:
            turn = Turn(connection, past, batch, at)
            try:
                result = act(turn)
            except Exception as trouble:  # noqa: BLE001 - it is the caller's; the others of the batch go on
                turn.end(stands=False)
                future.set_exception(trouble)
                continue
            stands = not isinstance(result, Refusal)
            turn.end(stands=stands)
            if stands:
                batch.take(turn)
            done.append((future, result))
        if batch.words or batch.documents or batch.rows:
            self._check_key(past.charters[-1], batch)
            self._write(connection, past, batch, at)

    def _check_key(self, charter: Charter, batch: Batch) -> None:
        """After a rotation only the new charter's log key signs, also in a process that was started before it."""
        rotated = any(word.act == "charter" for word in batch.words)
        if not rotated and self._key.key.keyid not in charter.keys(Role.LOG):
            raise Stale("the charter was rotated to another log key: start this process again.")

    def _recall(self, connection: Connection, size: int) -> Past:
        if self._past is None or self._past.edge.size != size or len(self._past.cases) > KEPT:
            self._past = Past(load_edge(connection), load_charters(connection)[1])
        return self._past

    def _write(self, connection: Connection, past: Past, batch: Batch, at: datetime) -> None:
        _write_documents(connection, batch.documents)
        for statement, values in batch.rows:
            connection.execute(statement, values)
        _write_cases(connection, batch.cases)
        if batch.words:
            write_entries(connection, past.edge, [(word.case, word.act, word.entry()) for word in batch.words])
            note = checkpoint(past.edge, self._signer, self._key).note()
            values = {"size": past.edge.size, "at": stored(at), "checkpoint": note}
            write_head(connection, cases=batch.last_case, orders=batch.last_order, **values)
            if any(word.act == "charter" for word in batch.words):
                past.charters = load_charters(connection)[1]
        past.cases |= batch.cases
        revealing.refresh_decided(connection, list(batch.cases.values()))


def _unheard(trouble: Exception) -> bool:
    """Whether the connection ended before the answer: what was asked may have been done."""
    return isinstance(trouble, DBAPIError) and trouble.connection_invalidated


def _write_documents(connection: Connection, documents: dict[str, bytes]) -> None:
    table = schema.documents.c.digest
    known = set(connection.execute(select(table).where(table.in_(list(documents)))).scalars()) if documents else set()
    fresh = [{"digest": digest, "content": content} for digest, content in documents.items() if digest not in known]
    if fresh:
        connection.execute(insert(schema.documents), fresh)


def _write_cases(connection: Connection, cases: dict[int, Case]) -> None:
    if not cases:
        return
    connection.execute(
        _CASE[connection.dialect.name],
        [
            {
                "number": case.number,
                "state": case.state.value,
                "applicant": case.applicant,
                "title": case.title[:400],
                "manifest": case.manifest,
                "moved": stored(case.moved),
            }
            for case in cases.values()
        ],
    )


def found_log(connection: Connection, signer: Signer, key: NoteKey, charter: Envelope, word: Word) -> Checkpoint:
    """The first entry of a new office: its charter."""
    edge = Edge()
    connection.execute(insert(schema.charters).values(version=1, envelope=_json(charter)))
    write_entries(connection, edge, [(word.case, word.act, word.entry())])
    first = checkpoint(edge, signer, key)
    values = {"size": 1, "cases": 0, "orders": 0, "at": stored(word.at), "checkpoint": first.note()}
    connection.execute(insert(schema.head).values(id=1, **values))
    return first


def _json(envelope: Envelope) -> str:
    import json  # noqa: PLC0415 - once in an office's life

    return json.dumps(envelope.document())
