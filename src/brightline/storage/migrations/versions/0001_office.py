"""The office's first tables."""

from alembic import op

from brightline.storage.sql.schema import METADATA

revision = "0001"
down_revision = None


def upgrade() -> None:
    """The first version is the schema itself; later ones say what they change."""
    METADATA.create_all(op.get_bind())


def downgrade() -> None:
    METADATA.drop_all(op.get_bind())
