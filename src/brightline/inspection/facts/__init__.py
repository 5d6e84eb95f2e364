"""From what parsers saw and applicants said to figures with intervals and provenance."""
