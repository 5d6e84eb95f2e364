"""A folder as it is, for verification: every file hashed, and nothing forgiven that is not a plain file."""

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

BLOCK = 1 << 20


@dataclass(slots=True)
class Exact:
    """`files`: path -> (size, sha256). `oddities`: a sentence for everything that is no plain file."""

    files: dict[str, tuple[int, str]] = field(default_factory=dict)
    oddities: list[str] = field(default_factory=list)


def read_exactly(folder: Path, progress: Callable[[int], None] = lambda _count: None) -> Exact:
    """Reads every file below the folder. Links are never followed, not even to the inside."""
    found = Exact()
    places = list(_walk(folder, "", found))
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as threads:
        for (path, _), digest in zip(places, threads.map(lambda place: _hash(place[1], progress), places), strict=True):
            if isinstance(digest, str):
                found.oddities.append(f"{path} {digest}")
            else:
                found.files[path] = digest
    return found


def _walk(folder: Path, prefix: str, found: Exact) -> Iterator[tuple[str, Path]]:
    try:
        items = sorted(os.scandir(folder), key=lambda item: item.name)
    except OSError as trouble:
        found.oddities.append(f"{prefix or folder} cannot be read: {trouble.strerror}")
        return
    for item in items:
        path = _printable(prefix + item.name)
        if item.is_symlink():
            found.oddities.append(f"{path} is a link; put the file itself there")
        elif item.is_dir(follow_symlinks=False):
            yield from _walk(Path(item.path), f"{prefix}{item.name}/", found)
        elif item.is_file(follow_symlinks=False):
            yield path, Path(item.path)
        else:
            found.oddities.append(f"{path} is no regular file")


def _printable(path: str) -> str:
    return path.encode("utf-8", "backslashreplace").decode()


def _hash(place: Path, progress: Callable[[int], None]) -> tuple[int, str] | str:
    """Size and sha256, or what was in the way."""
    try:
        descriptor = os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as trouble:
        return f"cannot be opened: {trouble.strerror}"
    hashed, size, buffer = hashlib.sha256(), 0, bytearray(BLOCK)
    view = memoryview(buffer)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return "is no regular file"
        while count := os.readv(descriptor, [buffer]):
            hashed.update(view[:count])
            size += count
            progress(count)
    except OSError as trouble:
        return f"cannot be read: {trouble.strerror}"
    finally:
        os.close(descriptor)
    return size, hashed.hexdigest()
