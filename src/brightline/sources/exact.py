"""A folder as it is, for verification: every file hashed, and nothing forgiven that is not a plain file."""

import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

BLOCK = 1 << 20


@dataclass(slots=True)
class Exact:
    """`files`: path -> (size, sha256). `oddities`: a sentence for everything that is no plain file."""

    files: dict[str, tuple[int, str]] = field(default_factory=dict)
    oddities: list[str] = field(default_factory=list)


Named = Mapping[str, int]
"""The files that are expected, with their sizes: what has another size is another file, and need not be read to its end."""


def read_exactly(
    folder: Path, progress: Callable[[int], None] = lambda _count: None, named: Named | None = None
) -> Exact:
    """Reads every file below the folder. Links are never followed, not even to the inside."""
    found = Exact()
    places = list(_walk(folder, found))

    def read(place: tuple[str, Path]) -> tuple[int, str] | str:
        return _hash(place[1], progress, None if named is None else named.get(place[0], -1))

    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as threads:
        for (path, _), digest in zip(places, threads.map(read, places), strict=True):
            if isinstance(digest, str):
                found.oddities.append(f"{path} {digest}")
            else:
                found.files[path] = digest
    return found


def _walk(top: Path, found: Exact) -> Iterator[tuple[str, Path]]:
    """Every plain file, by its path from the top; however deep the folders are."""
    waiting = [("", top)]
    while waiting:
        prefix, folder = waiting.pop()
        try:
            items = sorted(os.scandir(folder), key=lambda item: item.name)
        except OSError as trouble:
            found.oddities.append(f"{_printable(prefix) or folder} cannot be read: {trouble.strerror}")
            continue
        for item in items:
            path = prefix + item.name
            if path != _printable(path):
                found.oddities.append(f"{_printable(path)} has a name that is no text")
            elif item.is_symlink():
                found.oddities.append(f"{path} is a link; put the file itself there")
            elif item.is_dir(follow_symlinks=False):
                waiting.append((f"{path}/", Path(item.path)))
            elif item.is_file(follow_symlinks=False):
                yield path, Path(item.path)
            else:
                found.oddities.append(f"{path} is no regular file")


def _printable(path: str) -> str:
    """A name that is not UTF-8 could be spelled like another one: it is shown, and never taken for a path."""
    return path.encode("utf-8", "backslashreplace").decode()


def _hash(place: Path, progress: Callable[[int], None], expected: int | None) -> tuple[int, str] | str:
    """Size and sha256, or what was in the way. A file of another size than expected has no digest that could matter."""
    try:
        descriptor = os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as trouble:
        return f"cannot be opened: {trouble.strerror}"
    hashed, size, buffer = hashlib.sha256(), 0, bytearray(BLOCK)
    view = memoryview(buffer)
    try:
        seen = os.fstat(descriptor)
        if not stat.S_ISREG(seen.st_mode):
            return "is no regular file"
        if expected is not None and seen.st_size != expected:
            return seen.st_size, ""
        while count := os.readv(descriptor, [buffer]):
            hashed.update(view[:count])
            size += count
            progress(count)
    except OSError as trouble:
        return f"cannot be read: {trouble.strerror}"
    finally:
        os.close(descriptor)
    return size, hashed.hexdigest()


def read_bounded(place: Path, size: int) -> bytes | None:
    """The content of a plain file; None where it is none, or longer. A pipe or a device is not waited for. Raises OSError."""
    descriptor = os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        content = file.read(size + 1)
    return content if len(content) <= size else None
