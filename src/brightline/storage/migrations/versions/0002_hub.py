"""The hub's first tables."""

from alembic import op

from brightline.storage.sql.shelves import METADATA

revision = "0002"
down_revision = "0001"
NAMES = ("repos", "refs", "commits", "listings", "possessions", "requests", "xorbs", "keyring")
TABLES = [METADATA.tables[name] for name in NAMES]  # tables that came later have migrations of their own


def upgrade() -> None:
    """The first version is the schema itself; later ones say what they change."""
    METADATA.create_all(op.get_bind(), tables=TABLES)


def downgrade() -> None:
    METADATA.drop_all(op.get_bind(), tables=TABLES)
