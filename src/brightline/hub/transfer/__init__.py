"""Bytes between a client's connection and a file, beside ASGI where they are many."""
