"""A folder on disk: links that stay inside are files, everything that is no readable file is an obstacle."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from brightline.release.entry import Entry, Obstacle
from brightline.sources.file import DiskFile
from brightline.sources.source import Listed, NoSource

_LEFT_OUT = {".git": "version control history"}
_KINDS = {stat.S_IFIFO: "a FIFO", stat.S_IFSOCK: "a socket", stat.S_IFBLK: "a device", stat.S_IFCHR: "a device"}


def open_folder(place: Path, title: str | None = None) -> Listed:
    """Raises NoSource: no permission, or no file in it."""
    root = place.resolve()
    try:
        os.scandir(root).close()
    except OSError as trouble:
        raise NoSource(
            f"the folder {place} cannot be read: {trouble.strerror}. Ask for read permission on it."
        ) from None
    source = Listed(title or root.name, [])
    source.listed.extend(_walk(root, _homes(root), "", source.notes))
    if not source.listed:
        raise NoSource(f"the folder {place} holds no file. Name the folder that holds the model's files.")
    return source


def _homes(root: Path) -> tuple[Path, ...]:
    """Where links may lead: the folder itself, and, in a Hugging Face cache snapshot, the blobs of the same repository."""
    if root.parent.name == "snapshots" and (root.parent.parent / "blobs").is_dir():
        return root, root.parent.parent / "blobs"
    return (root,)


def _walk(folder: Path, homes: tuple[Path, ...], prefix: str, notes: list[str]) -> Iterator[Entry | Obstacle]:
    try:
        items = sorted(os.scandir(folder), key=lambda item: item.name)
    except OSError as trouble:
        yield Obstacle(prefix.rstrip("/"), f"the folder cannot be read: {trouble.strerror}")
        return
    for item in items:
        path = prefix + item.name
        if not _printable(path):
            yield Obstacle(path.encode("utf-8", "backslashreplace").decode(), "its name is not UTF-8")
        elif item.is_dir(follow_symlinks=False):
            if item.name in _LEFT_OUT:
                notes.append(f"left out {path}/: {_LEFT_OUT[item.name]} is no part of a release")
            else:
                yield from _walk(Path(item.path), homes, f"{path}/", notes)
        else:
            yield _one(Path(item.path), path, homes)


def _one(place: Path, path: str, homes: tuple[Path, ...]) -> Entry | Obstacle:
    try:
        real = place.resolve(strict=True)
        mode = real.stat().st_mode
    except (OSError, RuntimeError) as trouble:
        return Obstacle(path, f"a link that leads nowhere: {getattr(trouble, 'strerror', None) or trouble}")
    if not any(real.is_relative_to(home) for home in homes):
        return Obstacle(path, "a link that leads out of the release; put the file itself there")
    if stat.S_ISDIR(mode):
        return Obstacle(path, "a link to a folder; put the folder itself there")
    if not stat.S_ISREG(mode):
        return Obstacle(path, f"{_KINDS.get(stat.S_IFMT(mode), 'a special file')}, no regular file")
    return DiskFile(path, real)


def _printable(path: str) -> bool:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
