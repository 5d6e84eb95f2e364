"""The catalogue: what lists show, and how it is found."""
