"""Accounts: who somebody is, who is let in, and who is named for study."""
