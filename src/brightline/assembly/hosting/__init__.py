"""The hub, joined to the office: what its door asks for, answered under the determinations in force."""
