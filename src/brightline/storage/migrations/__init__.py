"""Alembic's migrations; storage.database applies them."""

TRIGRAMS = "pg_trgm"  # what lists need of PostgreSQL
