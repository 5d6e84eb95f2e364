"""Why an input cannot be worked with."""

from pathlib import Path


class Refused(Exception):
    """The sentence says what, where, and what to do; `code` is documented in docs/reference/refusals.md."""

    def __init__(self, sentence: str, code: str = "INPUT") -> None:
        super().__init__(sentence)
        self.code = code


def read_text(place: str) -> str:
    """A file of text that the user named. Raises Refused."""
    try:
        return Path(place).read_text(encoding="utf-8")
    except OSError as trouble:
        raise Refused(f"{place} cannot be read: {trouble.strerror}. Name a file that exists and may be read.") from None
    except UnicodeDecodeError:
        raise Refused(f"{place} is no UTF-8 text.") from None
