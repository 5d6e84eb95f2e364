"""Alembic's migrations; storage.sql.database applies them."""
