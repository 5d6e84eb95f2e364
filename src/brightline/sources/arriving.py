"""A file on its way from another hub: hashed while it is written, and gone on with where it broke off."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from brightline.sources.source import NoSource

BLOCK = 1 << 20


class Contradicted(NoSource):
    """What came is not what was announced."""


@dataclass(frozen=True, slots=True)
class Announced:
    """A file as its source lists it. `oid` is the sha256 where `lfs`, and git's id of the content where not."""

    path: str
    size: int
    oid: str
    lfs: bool


class Arriving:
    """Its place has a name of our own making: nothing of the source's words is part of it."""

    def __init__(self, file: Announced, folder: Path, told: Callable[[int], None]) -> None:
        self.file, self._told, self.furthest = file, told, 0
        self.place = folder / hashlib.sha256(f"{file.oid} {file.path}".encode()).hexdigest()
        self.restart(fresh=not self.place.exists() or self.place.stat().st_size > file.size)
        if self.place.stat().st_size:
            self._again()

    def restart(self, *, fresh: bool = True) -> None:
        """From the first byte."""
        self.size, self._sha256 = 0, hashlib.sha256()
        self._git = hashlib.sha1(b"blob %d\0" % self.file.size)  # noqa: S324 - git's own
        if fresh:
            self.place.write_bytes(b"")

    def _again(self) -> None:
        """What came before a cut is read again: its digest was not kept."""
        with self.place.open("rb") as kept:
            while block := kept.read(BLOCK):
                self._count(block)

    def _count(self, block: bytes) -> None:
        self._sha256.update(block)
        if not self.file.lfs:
            self._git.update(block)
        self.size += len(block)
        self.furthest = max(self.furthest, self.size)  # beginning anew gains nothing
        self._told(len(block))

    def take(self, block: bytes, where: str) -> None:
        """Raises Contradicted where it is more than was announced."""
        if self.size + len(block) > self.file.size:
            self.place.unlink()
            raise Contradicted(f"{self.file.path}: {where} sends more than the {self.file.size} bytes it announced.")
        with self.place.open("ab") as kept:
            kept.write(block)
        self._count(block)

    def checked(self, where: str) -> str:
        """The sha256. Raises Contradicted where the digest is not the one that was announced."""
        found = (self._sha256 if self.file.lfs else self._git).hexdigest()
        if found != self.file.oid:
            self.place.unlink()
            what = "sha256" if self.file.lfs else "git id"
            raise Contradicted(
                f"{self.file.path}: {where} announced the {what} {self.file.oid}, and what came has {found}."
            )
        return self._sha256.hexdigest()
