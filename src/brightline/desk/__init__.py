"""The desk: the office's own documented HTTP API, under /api/v1."""
