"""Whoever comes to a door: tokens, devices that were let in, and what is charged to them."""
