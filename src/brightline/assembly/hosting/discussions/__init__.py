"""What people propose to one another, and say about it."""
