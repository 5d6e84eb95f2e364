"""The ids of the folders of long listings: of those that were kept before, they are made when they are asked for."""

from alembic import op

from brightline.storage.sql.shelves import METADATA, folders

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    METADATA.create_all(op.get_bind(), tables=[folders])


def downgrade() -> None:
    METADATA.drop_all(op.get_bind(), tables=[folders])
