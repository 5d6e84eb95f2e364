"""Why an input cannot be worked with."""

from pathlib import Path

LONGEST = 16 << 20  # letters of a file that the user named; a device has no end


class Refused(Exception):
    """The sentence says what, where, and what to do; `code` is documented in docs/reference/refusals.md."""

    def __init__(self, sentence: str, code: str = "INPUT") -> None:
        super().__init__(sentence)
        self.code = code


def read_text(place: str) -> str:
    """A file of text that the user named. Raises Refused."""
    try:
        with Path(place).open(encoding="utf-8") as file:
            text = file.read(LONGEST + 1)
    except OSError as trouble:
        raise Refused(f"{place} cannot be read: {trouble.strerror}. Name a file that exists and may be read.") from None
    except UnicodeDecodeError:
        raise Refused(f"{place} is no UTF-8 text.") from None
    if len(text) > LONGEST:
        raise Refused(f"{place} has more than {LONGEST} letters: nothing that is read here is so long.")
    return text
