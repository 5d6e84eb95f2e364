"""The list of a release's files by content: one changed bit anywhere is another manifest."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from json.encoder import encode_basestring_ascii as encode
from operator import attrgetter

from brightline.release.component import Component

SCHEMA = "brightline/manifest/v1"
_path = attrgetter("path")


@dataclass(frozen=True, slots=True)
class File:
    """A path with `/` between its parts, its size in bytes, the sha256 of its content in hex, and its component kind."""

    path: str
    size: int
    sha256: str
    component: Component


def _row(file: File) -> str:
    """JSON, as its own encoder writes it: a release may have 100,000 files."""
    path, sha256 = encode(file.path), encode(file.sha256)
    return f'{{"component":"{file.component.value}","path":{path},"sha256":{sha256},"size":{file.size}}}'


@dataclass(frozen=True)
class Manifest:
    """Files in the order of their paths' UTF-8 bytes. Raises ValueError where a path stands twice."""

    files: tuple[File, ...]

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.files, key=_path))  # by code points, which UTF-8 keeps in their order
        if len({file.path for file in ordered}) < len(ordered):
            twice = next(later.path for earlier, later in pairwise(ordered) if earlier.path == later.path)
            raise ValueError(f"the path {twice!r} stands twice in one release")
        object.__setattr__(self, "files", ordered)

    def canonical(self) -> bytes:
        """JSON with sorted keys, no spaces and ASCII escapes: the same files always give the same bytes."""
        rows = ",".join(map(_row, self.files))
        return f'{{"files":[{rows}],"schema":"{SCHEMA}"}}'.encode("ascii")

    @cached_property
    def digest(self) -> str:
        """`sha256:` and the hex digest of the canonical bytes."""
        return "sha256:" + hashlib.sha256(self.canonical()).hexdigest()
