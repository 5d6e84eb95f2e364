"""Join the parts once."""
