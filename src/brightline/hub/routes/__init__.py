"""The addresses that clients ask, family by family."""
