"""Run by Alembic with the connection that storage.sql.database hands over."""

from alembic import context

from brightline.storage.sql.schema import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
