"""Rows by chance have an index of their own: lists are planned by what a few of them say."""

from alembic import op
from sqlalchemy.schema import CreateIndex

from brightline.storage.lists.catalogue import shown

revision = "0010"
down_revision = "0009"
INDEX = "shown_by_chance"


def upgrade() -> None:
    """A new office has it since its tables were made."""
    for index in shown.indexes:
        if index.name == INDEX:
            op.get_bind().execute(CreateIndex(index, if_not_exists=True))


def downgrade() -> None:
    op.execute(f"DROP INDEX IF EXISTS {INDEX}")
