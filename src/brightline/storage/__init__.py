"""The cellar: SQL, blobs and keys. SQLite and a folder to begin with; PostgreSQL and S3 when outgrown."""
