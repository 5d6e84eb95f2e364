"""What each account sent is charged to it; and possessions are found by their digest."""

from alembic import op
from sqlalchemy import func, insert, inspect, select

from brightline.release.attributes import OFFICES
from brightline.storage.accounts.charges import allowances, charges
from brightline.storage.repositories.lending import loans
from brightline.storage.sql.shelves import METADATA, possessions, repos

revision = "0007"
down_revision = "0006"
TABLES = [charges, allowances]
BY_DIGEST = "possessions_by_sha256"


def upgrade() -> None:
    """What is here already is charged to those who have it; what only borrowers have, to them."""
    bind = op.get_bind()
    METADATA.create_all(bind, tables=TABLES)
    if BY_DIGEST not in {index["name"] for index in inspect(bind).get_indexes("possessions")}:
        op.create_index(BY_DIGEST, "possessions", ["sha256"])
    joined = possessions.join(repos, repos.c.id == possessions.c.repo)
    row = (possessions.c.sha256, repos.c.owner, func.max(possessions.c.size), func.max(repos.c.moved))
    having = (
        select(*row)
        .select_from(joined)
        .where(possessions.c.sha256 != OFFICES)
        .group_by(possessions.c.sha256, repos.c.owner)
    )
    lent = having.where(possessions.c.sha256.not_in(select(charges.c.name)))
    for some in (having.where(repos.c.id.not_in(select(loans.c.repo))), lent):
        bind.execute(insert(charges).from_select(["name", "account", "size", "at"], some))
    used = select(charges.c.account, func.sum(charges.c.size)).group_by(charges.c.account)
    bind.execute(insert(allowances).from_select(["account", "used"], used))


def downgrade() -> None:
    METADATA.drop_all(op.get_bind(), tables=TABLES)
