"""What it can do, and how hard its guardrails hold: evidence with intervals."""
