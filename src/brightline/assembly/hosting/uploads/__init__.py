"""Bytes on their way in: links, parts and xorbs, and the files that come of them."""
