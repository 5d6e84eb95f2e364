"""What owners make of repositories: pushes, branches, copies, and histories that are cut."""
