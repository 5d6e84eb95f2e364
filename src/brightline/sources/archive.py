"""An archive whose members are the release's files, read in place: nothing is extracted."""

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from brightline.release.archive.damaged import Damaged
from brightline.release.archive.stream import open_stream
from brightline.release.archive.tar import open_tar
from brightline.release.archive.zip import Member, Zip, open_zip
from brightline.release.entry import Entry, Obstacle
from brightline.release.reader import Memory, Reader, Unreadable, Window
from brightline.sources.source import Listed, NoSource, Oddity

KEPT = 1 << 20


@dataclass(frozen=True, slots=True)
class ZipFile:
    """A member of a zip. Its checksum is compared when it is small enough to be read at once; the parsers check the rest."""

    archive: Zip
    member: Member

    @property
    def path(self) -> str:
        return self.member.name

    @contextmanager
    def open(self) -> Iterator[Reader]:
        content = self.archive.open(self.member)
        if self.member.size > KEPT:
            yield content
            return
        whole = content.read(0, self.member.size)
        if zlib.crc32(whole) != self.member.crc:
            self.archive.anomaly("crc", f"{self.path}: the content has another checksum than the directory says", None)
        yield Memory(whole)


@dataclass(frozen=True, slots=True)
class TarFile:
    path: str
    content: Reader

    @contextmanager
    def open(self) -> Iterator[Reader]:
        yield self.content


class Broken(Exception):
    """No member of the archive can be found: it is a file like any other, and inspection says what is wrong with it."""


def open_archive(reader: Reader, title: str) -> Listed:
    """The files of a zip, a tar or a compressed tar. Raises NoSource where it is empty, Broken where it cannot be read."""
    source = Listed(title, [])

    def tell(code: str, message: str, offset: int | None) -> None:
        source.oddities.append(Oddity(code, message, offset))

    try:
        source.listed.extend(_zip(reader, tell) if reader.read(0, 2) == b"PK" else _tar(reader, tell))
    except (Damaged, Unreadable) as trouble:
        raise Broken(str(trouble)) from None
    if not source.listed:
        raise NoSource(f"the archive {title} holds no file. Name an archive that holds the model's files.")
    return source


def _zip(reader: Reader, tell: Callable[[str, str, int | None], None]) -> list[Entry | Obstacle]:
    archive = open_zip(reader, tell)
    if archive.bomb:
        return [
            Obstacle(member.name, "part of a decompression bomb; it was not unpacked") for member in archive.members[:1]
        ]
    return _distinct(ZipFile(archive, member) for member in archive.members if not member.is_folder)


def _tar(reader: Reader, tell: Callable[[str, str, int | None], None]) -> list[Entry | Obstacle]:
    plain: Reader = reader if reader.read(257, 5) == b"ustar" else open_stream(reader)
    archive = open_tar(plain, tell)
    return _distinct(TarFile(member.name, Window(plain, member.offset, member.size)) for member in archive.members)


def _distinct(entries: Iterator[ZipFile] | Iterator[TarFile]) -> list[Entry | Obstacle]:
    """A name that stands twice is told as an anomaly; the manifest holds the first, and the second as an obstacle."""
    seen: set[str] = set()
    kept: list[Entry | Obstacle] = []
    for entry in entries:
        kept.append(Obstacle(entry.path, "a second file of this name in the archive") if entry.path in seen else entry)
        seen.add(entry.path)
    return kept
