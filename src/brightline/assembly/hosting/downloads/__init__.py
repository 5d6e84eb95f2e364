"""Bytes on their way out: which, by which way, and who was handed them."""
