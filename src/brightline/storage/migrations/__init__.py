"""Alembic's migrations; storage.sql.database applies them."""

TRIGRAMS = "pg_trgm"  # what lists need of PostgreSQL
