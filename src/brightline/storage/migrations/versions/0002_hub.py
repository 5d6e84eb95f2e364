"""The hub's first tables."""

from alembic import op

from brightline.storage.shelves import METADATA

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """The first version is the schema itself; later ones say what they change."""
    METADATA.create_all(op.get_bind())


def downgrade() -> None:
    METADATA.drop_all(op.get_bind())
