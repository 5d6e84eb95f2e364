"""Xet's formats (huggingface.co/docs/xet, specification 1.1.0), as far as receiving takes: chunks, xorbs and shards."""
