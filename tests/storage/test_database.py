"""How PostgreSQL is asked: what comes twice is planned once, and lists are planned for what they ask."""

from sqlalchemy import Connection, text
from tests.servers import fresh_database

from brightline.storage.sql.database import open_database, planned_anew

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
