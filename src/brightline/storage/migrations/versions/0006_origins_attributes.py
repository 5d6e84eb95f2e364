"""Where imported revisions came from, what callers wished to have from upstream; and what is said of token holders."""

from alembic import op

from brightline.storage.repositories.attributes import attributes, vettings
from brightline.storage.repositories.origins import origins, wishes
from brightline.storage.sql.shelves import METADATA

revision = "0006"
down_revision = "0005"
TABLES = [origins, wishes, attributes, vettings]


def upgrade() -> None:
    METADATA.create_all(op.get_bind(), tables=TABLES)


def downgrade() -> None:
    METADATA.drop_all(op.get_bind(), tables=TABLES)
