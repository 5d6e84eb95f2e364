"""How PostgreSQL is asked: what comes twice is planned once, and lists are planned for what they ask."""

import asyncio
import time
from pathlib import Path

import httpx
import psycopg
import pytest
from sqlalchemy import Connection, text
from tests.offices import found
from tests.servers import fresh_database, silent

from brightline.assembly.office import Office
from brightline.assembly.serving import make_app
from brightline.storage.sql.database import Unopened, open_database, planned_anew

ASKED = text("SELECT relname FROM pg_class WHERE relname = :name")
PLANS = text("SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE 'SELECT relname%'")


def plans(connection: Connection, times: int) -> tuple[int, int]:
    for _ in range(times):
        connection.execute(ASKED, {"name": "pg_class"}).all()
    generic, custom = connection.execute(PLANS).one()
    return generic, custom


def test_what_comes_twice_is_planned_once_unless_it_is_to_be_planned_anew(server: str) -> None:
    engine = open_database(fresh_database(server))
    with engine.connect() as connection:
        with connection.begin():
            assert plans(connection, 4) == (3, 0), "the first time nothing is prepared"
        with connection.begin():
            planned_anew(connection)
            assert plans(connection, 2) == (3, 2)
        with connection.begin():
            assert plans(connection, 1) == (4, 2), "the transaction is over"
    engine.dispose()


def test_a_server_that_says_nothing_or_is_cut_off_is_given_up(server: str) -> None:
    """Whatever an address says of it itself stands."""
    with silent() as port:
        began = time.monotonic()
        with pytest.raises(Unopened, match="does not answer"):
            open_database(f"postgresql://office@127.0.0.1:{port}/office")
        assert time.monotonic() - began < 60, "two minutes, as the driver has it"
    address = fresh_database(server)
    for given, wanted in (("", "10"), ("connect_timeout=77", "77")):
        engine = open_database(f"{address}{'&' if '?' in address else '?'}{given}" if given else address)
        with engine.connect() as connection:
            said = connection.connection.driver_connection.info.get_parameters()
        assert (said["connect_timeout"], said["tcp_user_timeout"], said["keepalives_idle"]) == (wanted, "30000", "20")
        engine.dispose()


def test_who_asks_while_a_database_starts_again_is_told_to_ask_later(server: str, tmp_path: Path) -> None:
    address = fresh_database(server)
    with psycopg.connect(address) as own, psycopg.connect(server, autocommit=True) as beside:
        name = own.execute("SELECT current_database()").fetchone()[0]
        own.close()
        with Office(found(tmp_path / "office", address)) as office:
            asyncio.run(asked(office, beside, name))


async def asked(office: Office, beside: psycopg.Connection, name: str) -> None:
    transport = httpx.ASGITransport(make_app(office))
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
        beside.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        beside.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        for one in ("/api/models/a/b", "/a/b/resolve/main/x", "/api/models"):
            told = await client.get(one, headers={"Authorization": "Bearer bl_x"})
            assert (told.status_code, told.headers["retry-after"]) == (503, "5")
            assert told.json()["error"] == told.headers["x-error-message"]
        beside.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        assert (await client.get("/api/models")).json() == []
