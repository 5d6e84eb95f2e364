"""Whoever walks along a sort reads rows in its index alone: what they are tested for lies there too."""

from typing import Any

from alembic import op
from sqlalchemy import Connection, inspect

from brightline.storage.lists.catalogue import shown, signature

revision = "0009"
down_revision = "0008"
SWEPT = 0.005  # of the rows: each that a download changed is read itself again, until it is swept
CHANGED = ("shown_by_downloads", "shown_by_modified", "shown_by_created")
SIGNATURE = """CREATE FUNCTION pg_temp.signature(ids integer[]) RETURNS bigint IMMUTABLE LANGUAGE sql AS $$
    SELECT coalesce(bit_or((1::bigint << (mixed % 63)::integer) | (1::bigint << (mixed / 63 % 63)::integer)), 0)
    FROM (SELECT id * 2654435761 & 4294967295 AS mixed FROM unnest(ids) AS id) AS labels
$$"""


def upgrade() -> None:
    """A new office has all of it since its tables were made."""
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        op.execute(f"ALTER TABLE shown SET (autovacuum_vacuum_scale_factor = {SWEPT})")
    if "signature" in {column["name"] for column in inspect(bind).get_columns("shown")}:
        return
    for name in (*CHANGED, "shown_keys"):
        op.execute(f"DROP INDEX IF EXISTS {name}")
    op.execute("ALTER TABLE shown ADD COLUMN signature BIGINT NOT NULL DEFAULT 0")
    _sign(bind)
    for index in shown.indexes:
        if index.name in CHANGED:
            index.create(bind)


def _sign(connection: Connection) -> None:
    """PostgreSQL writes the table anew, once, and leaves no dead rows in it."""
    if connection.dialect.name == "sqlite":
        driver: Any = connection.connection.driver_connection
        driver.create_function("signature", 1, _signature, deterministic=True)
        op.execute("UPDATE shown SET signature = signature(labels)")
        return
    op.execute(SIGNATURE)
    op.execute("ALTER TABLE shown ALTER COLUMN signature DROP DEFAULT")
    op.execute("ALTER TABLE shown ALTER COLUMN signature TYPE bigint USING pg_temp.signature(labels)")
    op.execute("DROP FUNCTION pg_temp.signature")


def _signature(labels: str) -> int:
    return signature(int(one) for one in labels.split(",") if one)


def downgrade() -> None:
    """The column is left, and so are its indices: what is older does without them."""
