"""Read the environment once."""
