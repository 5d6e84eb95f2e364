"""The record: acts logged and acknowledged by 32 writers beside bare group-committed inserts; a proof out of a long log."""

import itertools
import queue
import sqlite3
import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Integer, LargeBinary, MetaData, Table, insert
from tests.offices import file_case, found, write_model
from tests.servers import fresh_database, postgresql

from bench.measure import row, seconds
from brightline.assembly.office import Office
from brightline.assembly.record import prove_entry
from brightline.permit.word import Word
from brightline.proof.verification import log_key
from brightline.storage.ledger import BATCH
from brightline.storage.record.log import checkpoint, load_edge, write_entries, write_head
from brightline.storage.sql.database import open_database, writing

WRITERS, SPAN, TURNS = 32, 2.0, 5  # threads; seconds of a turn
LONG = 1_000_000
QUESTION = "On what was it trained?"


Act = Callable[[int], object]
"""Of one writer."""


def together(act: Act) -> float:
    """Acts a second that 32 threads have done, each one after the other."""
    done, end = [0] * WRITERS, time.monotonic() + SPAN

    def work(writer: int) -> None:
        while time.monotonic() < end:
            act(writer)
            done[writer] += 1

    threads = [threading.Thread(target=work, args=(writer,)) for writer in range(WRITERS)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.monotonic() - began)


def acts(office: Office, model: Path) -> Act:
    """Each writer stops and starts the clock of its own case, again and again."""
    numbers = [file_case(office, model).number for _ in range(WRITERS)]
    for number in numbers:
        office.say("accept", number, "officer", {"missing": []})
    steps = [itertools.cycle((("stop", {"question": QUESTION}), ("restart", {"answer": "On books."}))) for _ in numbers]

    def act(writer: int) -> None:
        name, body = next(steps[writer])
        office.say(name, numbers[writer], "officer", body)

    return act


class Bare:
    """The peer: one thread, one table, as many rows in a commit as wait; nothing is decided, hashed or signed."""

    def __init__(self, write: Callable[[list[bytes]], None]) -> None:
        self._queue: queue.SimpleQueue[tuple[bytes, threading.Event]] = queue.SimpleQueue()
        self._write = write
        threading.Thread(target=self._run, daemon=True).start()

    def insert(self, content: bytes) -> None:
        done = threading.Event()
        self._queue.put((content, done))
        done.wait()

    def _run(self) -> None:
        while True:
            waiting = [self._queue.get()]
            while len(waiting) < BATCH and not self._queue.empty():
                waiting.append(self._queue.get())
            self._write([content for content, _ in waiting])
            for _, done in waiting:
                done.set()


def inserts(write: Callable[[list[bytes]], None], content: bytes) -> Act:
    peer = Bare(write)
    return lambda _writer: peer.insert(content)


def into_sqlite(place: Path) -> Callable[[list[bytes]], None]:
    connection = sqlite3.connect(place, check_same_thread=False, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE bare (number INTEGER PRIMARY KEY, entry BLOB)")

    def write(rows: list[bytes]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO bare (entry) VALUES (?)", [(content,) for content in rows])
        connection.execute("COMMIT")

    return write


def into(database: str) -> Callable[[list[bytes]], None]:
    """Through the same library and with the same settings as the office."""
    engine = open_database(database)
    table = Table("bare", MetaData(), Column("number", Integer, primary_key=True), Column("entry", LargeBinary))
    table.create(engine)

    def write(rows: list[bytes]) -> None:
        with engine.connect().execution_options(writing=True) as connection, connection.begin():
            connection.execute(insert(table), [{"entry": one} for one in rows])

    return write


def throughput(folder: Path) -> None:
    model = write_model(folder / "model")
    with Office(found(folder / "sqlite")) as office:
        entry, act = _entry(office), acts(office, model)
        _compare("SQLite", act, inserts(into(f"sqlite:///{folder / 'bare.db'}"), entry), "bar 500/s, 0.5")
        _compare("SQLite, of sqlite3 alone", act, inserts(into_sqlite(folder / "driver.db"), entry), "")
    with postgresql(folder) as server, Office(found(folder / "postgresql", fresh_database(server))) as office:
        _compare("PostgreSQL", acts(office, model), inserts(into(fresh_database(server)), entry), "")


def _entry(office: Office) -> bytes:
    """As long as those that the acts write."""
    return Word("stop", 1, office.clock(), "officer", 1, {"question": QUESTION}).entry()


def _compare(name: str, ours: Act, theirs: Act, bar: str) -> None:
    """In turn, so that the machine's moods fall on both."""
    rows = [(together(ours), together(theirs)) for _ in range(TURNS)]
    first, second = (statistics.median(column) for column in zip(*rows, strict=True))
    ratio = statistics.median(mine / bare for mine, bare in rows)
    row(f"acts of 32 writers / bare inserts, {name}", f"{first:,.0f}/s / {second:,.0f}/s = {ratio:.2f}", bar)


def long_log(folder: Path) -> None:
    """A million entries, written as the ledger writes them, without anything being decided."""
    with Office(found(folder / "long")) as office:
        key, signer = log_key(office.charter), office.log_signer()
        entry = _entry(office)
        with writing(office.engine) as connection:
            edge = load_edge(connection)
            while edge.size < LONG:
                write_entries(connection, edge, [(0, "stop", entry)] * min(20_000, LONG - edge.size))
            write_head(connection, size=edge.size, checkpoint=checkpoint(edge, signer, key).note())
        answer: Any = office.read(lambda view: prove_entry(view, 1))
        taken = seconds(lambda: office.read(lambda view: prove_entry(view, 1)), runs=51)
        row(f"a proof for entry 1 of {LONG:,} ({len(answer):,} bytes)", f"{taken * 1e3:.2f} ms", "bar 5 ms")


def measure(folder: Path) -> None:
    throughput(folder)
    long_log(folder)
