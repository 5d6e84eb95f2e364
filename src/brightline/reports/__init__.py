"""An inspection and its determinations, written for people and for machines."""
