"""A listing as those see it from whom the same is hidden: in order, with its folders. Listings never change, so it is made once.

What is asked for a page costs what the page does: files and folders are found by bisection, and only those of the page are described.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from operator import attrgetter

from brightline.assembly.hosting.sight.showing import file_document, sibling_document
from brightline.hub.host import Document, Rows
from brightline.release.attributes import OFFICES
from brightline.release.revision import tree_ids
from brightline.storage.repositories.listings import Filed

AFTER = chr(ord("/") + 1)  # what a folder's name is followed by behind all that lies in it
Folder = tuple[Rows, str | None]  # a page of one, and the path after which the next page begins
_path = attrgetter("stored.path")


class NoRow(Exception):
    """A page should begin where there is nothing."""


class Outline:
    """Of the files that may be listed, and of nothing else: the ids of folders follow from what lies in them, where they are not known."""

    def __init__(self, files: Iterable[Filed], folders: Mapping[str, str] | None = None) -> None:
        self._known = folders
        self.files = sorted(files, key=_path)
        self._paths = list(map(_path, self.files))
        self._last: tuple[tuple[str, bool, int, str | None], Folder] | None = None

    @cached_property
    def _ids(self) -> Mapping[str, str]:
        return tree_ids(filed.stored for filed in self.files) if self._known is None else self._known

    @cached_property
    def _folders(self) -> list[str]:
        return sorted(self._ids.keys() - {""})

    @cached_property
    def size(self) -> int:
        """Bytes; what lies there twice counts once, and what the office gave not at all."""
        sizes = {filed.stored.sha256: filed.stored.size for filed in self.files}
        sizes.pop(OFFICES, None)
        return sum(sizes.values())

    @cached_property
    def _siblings(self) -> Rows:
        return Rows(sibling_document(filed.stored, sizes=False) for filed in self.files)

    def siblings(self, *, sizes: bool) -> Rows:
        """As an info names them. Without sizes, as nearly everybody asks, they are kept: nobody changes them."""
        return Rows(sibling_document(filed.stored, sizes=True) for filed in self.files) if sizes else self._siblings

    def holds(self, folder: str) -> bool:
        """Whether there is such a folder."""
        return folder in self._ids

    def page(self, folder: str, *, recursive: bool, count: int, after: str | None = None) -> Folder:
        """What lies in a folder, or below it, folders first; and the path after which the next page begins.

        The last one is kept, as most ask for the same: nobody changes it. Raises NoRow where no row has the path `after`.
        """
        asked, last = (folder, recursive, count, after), self._last
        if last is not None and last[0] == asked:
            return last[1]
        found = self._page(*asked)
        self._last = (asked, found)
        return found

    def _page(self, folder: str, recursive: bool, count: int, after: str | None) -> Folder:
        start = f"{folder}/" if folder else ""
        past = None if after is None else self._of(after, start, recursive=recursive)
        folders = () if past is self._paths else _below(self._folders, start, after, recursive=recursive)
        above = [self._folders[at] for at in islice(folders, count + 1)]
        files = _below(self._paths, start, after if past is self._paths else None, recursive=recursive)
        below = [self.files[at] for at in islice(files, count + 1 - len(above))]
        rows = Rows([*map(self._folder, above), *map(file_document, below)][:count])
        return rows, rows[-1]["path"] if len(above) + len(below) > count else None

    def _of(self, path: str, start: str, *, recursive: bool) -> list[str]:
        """The folders or the files, whichever the path is one of, if a page shows it. Raises NoRow where none does."""
        if not path.startswith(start) or (not recursive and "/" in path[len(start) :]) or not self.has(path):
            raise NoRow(path)
        return self._folders if path in self._ids else self._paths

    def has(self, path: str) -> bool:
        """A folder or a file; the root has no path."""
        return bool(path) and (path in self._ids or self._file(path) is not None)

    def _file(self, path: str) -> Filed | None:
        at = bisect_left(self._paths, path)
        return self.files[at] if at < len(self._paths) and self._paths[at] == path else None

    def row(self, path: str) -> Document:
        """Of a folder or a file that is there."""
        filed = self._file(path)
        return self._folder(path) if filed is None else file_document(filed)

    def _folder(self, path: str) -> Document:
        return {"type": "directory", "path": path, "oid": self._ids[path], "size": 0}

    def rows(self, paths: Iterable[str]) -> list[Document]:
        """Those of the paths that are there, in the order of a page."""
        return sorted(
            map(self.row, filter(self.has, set(paths))), key=lambda row: (row["type"] != "directory", row["path"])
        )


def _below(names: Sequence[str], start: str, after: str | None, *, recursive: bool) -> Iterator[int]:
    """Where those of sorted paths are that begin so, from one on; without what lies in folders below, unless that is asked for."""
    at = bisect_left(names, start) if after is None else bisect_right(names, after)
    end = bisect_left(names, start[:-1] + AFTER) if start else len(names)
    if recursive:
        yield from range(at, end)
        return
    while at < end:
        inner = names[at].find("/", len(start))
        if inner < 0:
            yield at
            at += 1
        else:
            at = bisect_left(names, names[at][:inner] + AFTER, at)
