"""Alembic's migrations; storage.database applies them."""
