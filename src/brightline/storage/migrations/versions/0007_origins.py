"""Where imported revisions came from, and what callers wished to have from upstream."""

from alembic import op

from brightline.storage.origins import origins, wishes
from brightline.storage.shelves import METADATA

revision = "0007"
down_revision = "0005"
TABLES = [origins, wishes]


def upgrade() -> None:
    METADATA.create_all(op.get_bind(), tables=TABLES)


def downgrade() -> None:
    METADATA.drop_all(op.get_bind(), tables=TABLES)
