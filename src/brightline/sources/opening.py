"""From an address to a source: a folder, a file, an archive, or a repository of a hub."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from brightline.inspection.recognition import recognise
from brightline.release.reader import Reader, Unreadable
from brightline.sources.file import DiskFile
from brightline.sources.folder import open_folder
from brightline.sources.source import Listed, NoSource, Source

ARCHIVES = (".whl", ".zip", ".tar", ".tar.gz", ".tgz")


@contextmanager
def open_source(address: str, endpoint: str | None = None, token: str | None = None) -> Iterator[Source]:
    """The release at `address`; `endpoint` and `token` are of the hub that hf:// means. Raises NoSource."""
    if address.startswith("hf://"):
        from brightline.sources.hub import open_repository  # noqa: PLC0415 - the hub's client is an extra, and heavy

        yield open_repository(address, endpoint, token)
        return
    place = Path(address)
    mode = _mode(place)
    if stat.S_ISDIR(mode):
        yield open_folder(place)
    elif not stat.S_ISREG(mode):
        raise NoSource(f"{address} is a FIFO, a socket or a device, no file. Name a file, a folder or an archive.")
    else:
        with _file(place) as source:
            yield source


def _mode(place: Path) -> int:
    try:
        return place.stat().st_mode
    except FileNotFoundError:
        raise NoSource(f"there is nothing at {place}. Name a folder, a file, an archive or hf://org/name.") from None
    except OSError as trouble:
        raise NoSource(f"{place} cannot be looked at: {trouble.strerror}.") from None


@contextmanager
def _file(place: Path) -> Iterator[Source]:
    """One file is a release of one file, unless it is an archive of files (and no model that happens to be a zip)."""
    if not os.access(place, os.R_OK):
        raise NoSource(f"{place} may not be read. Ask for read permission on it.")
    entry = DiskFile(place.name, place.resolve())
    if not place.name.lower().endswith(ARCHIVES):
        yield Listed(place.name, [entry])
        return
    from brightline.sources.archive import Broken, open_archive  # noqa: PLC0415 - most releases are no archive; see start-up time

    try:
        with entry.open() as reader:
            source = None
            if _is_archive(reader, place.name):
                with suppress(Broken):
                    source = open_archive(reader, place.name)
            yield source or Listed(place.name, [entry])
    except Unreadable as trouble:
        raise NoSource(f"{place}: {trouble}.") from None


def _is_archive(reader: Reader, name: str) -> bool:
    found = recognise(reader, name).format
    return found in ("zip", "tar") or (found == "gzip" and name.lower().endswith((".tar.gz", ".tgz")))
