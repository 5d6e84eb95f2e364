"""Bytes: blobs by their sha256, and what comes in and goes out; in a folder or in S3."""
