"""Repositories of other hubs: fetched with where they come from, into quarantine."""
