"""The rules that the doors obey: who may have this file now."""
