"""What the office said: the log, and what is read back from it; and the keys that sign it."""
