"""The database: opened, its tables, its migrations, and the name of its state."""
