"""brightline decides which parts of an AI model may be released, to whom, and makes that decision hold."""

__version__ = "0.1.0"
