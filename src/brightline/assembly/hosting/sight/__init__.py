"""Who sees what: repositories, revisions and files, asked of what the office knows now, and as documents."""
