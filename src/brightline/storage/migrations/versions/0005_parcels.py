"""What is on its way is said before it is kept; xorbs have an age, and lie beside the blobs."""

from alembic import op
from sqlalchemy import inspect

from brightline.storage.sql.shelves import METADATA

revision = "0005"
down_revision = "0004"
TABLES = [METADATA.tables[name] for name in ("arrivals", "rounds")]


def upgrade() -> None:
    """Xorbs that were kept as blobs are forgotten: clients send them again, and `hub collect` removes those blobs."""
    bind = op.get_bind()
    if "place" not in {column["name"] for column in inspect(bind).get_columns("xorbs")}:
        op.drop_table("xorbs")
        METADATA.create_all(bind, tables=[METADATA.tables["xorbs"]])
    METADATA.create_all(bind, tables=TABLES)


def downgrade() -> None:
    METADATA.drop_all(op.get_bind(), tables=TABLES)
