"""What repositories were called before."""

from alembic import op

from brightline.storage.repositories.renames import former_names
from brightline.storage.sql.shelves import METADATA

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    METADATA.create_all(op.get_bind(), tables=[former_names])


def downgrade() -> None:
    METADATA.drop_all(op.get_bind(), tables=[former_names])
