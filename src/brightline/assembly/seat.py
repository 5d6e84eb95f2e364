"""Seats at the examiners' table: one a process, held by a lock that the kernel takes back when the process dies.

Whoever takes a seat goes on with the jobs that its last holder left. So a job is never run by two, and never by nobody.
"""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

SEATS = 64


@dataclass(frozen=True, slots=True)
class Seat:
    """`name` is what jobs remember of who runs them."""

    name: str
    descriptor: int

    def leave(self) -> None:
        os.close(self.descriptor)


def take_seat(folder: Path) -> Seat:
    """The first that is free. Raises OSError where all are taken."""
    for number in range(SEATS):
        descriptor = _lock(folder, f"seat-{number}")
        if descriptor is not None:
            return Seat(f"seat-{number}", descriptor)
    raise OSError(f"{SEATS} processes examine already")


def is_taken(folder: Path, name: str | None) -> bool:
    """Whether somebody who lives holds the seat."""
    if name is None or not name.startswith("seat-") or "/" in name:
        return False
    descriptor = _lock(folder, name)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


def _lock(folder: Path, name: str) -> int | None:
    (folder / "seats").mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(folder / "seats" / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
