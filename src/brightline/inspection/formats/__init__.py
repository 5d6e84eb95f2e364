"""One parser a format: each offers `RULES` and `inspect(reader, probe)`."""
