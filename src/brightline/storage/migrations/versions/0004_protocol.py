"""Discussions and proposals, bytes that were lent, devices that were let in."""

from alembic import op

from brightline.storage.accounts.approvals import approvals
from brightline.storage.repositories.discussions import discussions, remarks
from brightline.storage.repositories.lending import loans
from brightline.storage.sql.shelves import METADATA

revision = "0004"
down_revision = "0003"
TABLES = [discussions, remarks, loans, approvals]


def upgrade() -> None:
    """Repositories are looked for whatever the case of their letters."""
    METADATA.create_all(op.get_bind(), tables=TABLES)
    op.execute("CREATE INDEX IF NOT EXISTS repos_alike ON repos (kind, lower(namespace), lower(name))")


def downgrade() -> None:
    op.execute("DROP INDEX IF EXISTS repos_alike")
    METADATA.drop_all(op.get_bind(), tables=TABLES)
