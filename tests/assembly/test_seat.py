"""Seats: one a process, and free again when the process is dead, however it died."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest
from tests.servers import fresh_database, postgresql

from brightline.assembly.seat import Table, in_folder, is_taken, table_of, take_seat
from brightline.storage.sql.database import open_database


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[str]:
    with postgresql(tmp_path_factory.mktemp("postgresql")) as address:
        yield address


HOLD = """
import sys, time
from functools import partial
from pathlib import Path
from brightline.assembly.seat import in_folder, take_seat, table_of
from brightline.storage.sql.database import open_database
place = sys.argv[1]
table = table_of(Path(), open_database(place)) if ":" in place else partial(in_folder, Path(place))
seat = take_seat(table)
print(seat.name, flush=True)
time.sleep(60)
"""


@pytest.fixture(params=["folder", "database"])
def place(request, tmp_path) -> str:
    """Where the seats are: what one machine shares, or what several do."""
    return str(tmp_path) if request.param == "folder" else fresh_database(request.getfixturevalue("server"))


@pytest.fixture
def table(place) -> Iterator[Table]:
    if ":" not in place:
        yield partial(in_folder, Path(place))
        return
    engine = open_database(place)
    yield table_of(Path(), engine)
    engine.dispose()


def test_two_processes_never_share_a_seat_and_a_dead_one_leaves_its_own(place, table):
    own = take_seat(table)
    with subprocess.Popen([sys.executable, "-c", HOLD, place], stdout=subprocess.PIPE, text=True) as other:
        name = other.stdout.readline().strip()
        assert (own.name, name) == ("seat-0", "seat-1")
        assert is_taken(table, name)
        os.kill(other.pid, signal.SIGKILL)
    for _ in range(50):
        if not is_taken(table, name):
            break
        time.sleep(0.1)
    assert not is_taken(table, name)
    assert is_taken(table, "seat-0")
    own.leave()
    again = take_seat(table)
    assert again.name == "seat-0"
    again.leave()


def test_a_seat_is_taken_again_by_its_holder_once_a_database_that_ended_is_back(server: str) -> None:
    """Else whoever is started next sits on it too, and goes on with jobs that are running."""
    engine = open_database(fresh_database(server))
    table = table_of(Path(), engine)
    seats = [take_seat(table), take_seat(table)]
    with psycopg.connect(server, autocommit=True) as others:
        others.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname <> ''"
        )
    for _ in range(100):
        time.sleep(0.1)
        if all(is_taken(table, seat.name) for seat in seats):
            break
    seats.append(take_seat(table))
    seats[0].leave()
    seats.append(take_seat(table))
    assert [seat.name for seat in seats] == ["seat-0", "seat-1", "seat-2", "seat-0"]
    for seat in seats[1:]:
        seat.leave()
    engine.dispose()


def test_what_is_no_seat_is_nobodys(table):
    assert not is_taken(table, None)
    assert not is_taken(table, "seat-../../x")
