"""The typed refusal of an archive that cannot be read at all, and how its anomalies are told."""

from collections.abc import Callable

Anomaly = Callable[[str, str, int | None], None]
"""Told (code, sentence, offset) for each thing that is wrong with an archive that can still be read.

Codes: crc, name-mismatch, size-mismatch, overlap, prefix, encrypted, duplicate, bomb, truncated, unsafe-name, symlink, method.
"""


class Damaged(Exception):
    """No member of this archive can be found. The text says why."""

    def __init__(self, message: str, offset: int | None = None) -> None:
        super().__init__(message)
        self.offset = offset


def unsafe(name: str) -> str | None:
    """Why a member's name may not be used as a path; None where it may."""
    if "\x00" in name:
        return "a NUL byte in the name"
    if name.startswith(("/", "\\")) or name[1:2] == ":":
        return "an absolute path"
    if "\\" in name and ".." in name.replace("\\", "/").split("/"):
        return "a path that climbs out of the archive"
    return "a path that climbs out of the archive" if ".." in name.split("/") else None
