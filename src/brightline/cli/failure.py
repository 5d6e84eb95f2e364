"""Why a command could not do its work: a sentence for a person and an exit code for a script."""

from enum import IntEnum


class Exit(IntEnum):
    """The contract of all commands; 64 and above are those of sysexits.h."""

    DONE = 0  # inspect: pass; assess: every component open
    REVIEW = 1  # inspect: a person must look
    BLOCK = 2  # inspect: do not load it; assess: blocked by inspection
    RESTRICTED = 3  # assess: something is not open, and that is settled
    UNSETTLED = 4  # assess: evidence is missing; the cautious access stands until it comes
    REFUSED = 5  # the office: the act did not happen, and the sentence says why
    UNPROVEN = 6  # verify, exec, log monitor: something did not hold
    USAGE = 64
    NO_INPUT = 66
    FAULT = 70  # our own


class Failure(Exception):
    """Printed as one sentence on standard error; the process ends with `code`."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
