"""Where a release comes from: a folder, a file, an archive, a hub."""
