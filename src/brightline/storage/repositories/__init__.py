"""Repositories: their refs, commits and trees, what was sent into them, and what is said of them."""
