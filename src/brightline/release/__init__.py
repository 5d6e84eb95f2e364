"""What is judged: files, their digests, their component kind."""
