"""The acts of the office, as pure functions: a case and a word go in, the next case or a refusal comes out."""
