"""The list of a release's files by content: one changed bit anywhere is another manifest."""

import hashlib
import json
from dataclasses import dataclass
from itertools import pairwise

from brightline.release.component import Component

SCHEMA = "brightline/manifest/v1"


@dataclass(frozen=True, slots=True)
class File:
    """A path with `/` between its parts, its size in bytes, the sha256 of its content in hex, and its component kind."""

    path: str
    size: int
    sha256: str
    component: Component


@dataclass(frozen=True, slots=True)
class Manifest:
    """Files in the order of their paths' UTF-8 bytes. Raises ValueError where a path stands twice."""

    files: tuple[File, ...]

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.files, key=lambda file: file.path.encode("utf-8", "surrogatepass")))
        for earlier, later in pairwise(ordered):
            if earlier.path == later.path:
                raise ValueError(f"the path {later.path!r} stands twice in one release")
        object.__setattr__(self, "files", ordered)

    def canonical(self) -> bytes:
        """JSON with sorted keys, no spaces and ASCII escapes: the same files always give the same bytes."""
        rows = [
            {"path": file.path, "size": file.size, "sha256": file.sha256, "component": file.component.value}
            for file in self.files
        ]
        document = {"schema": SCHEMA, "files": rows}
        return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")

    @property
    def digest(self) -> str:
        """`sha256:` and the hex digest of the canonical bytes."""
        return "sha256:" + hashlib.sha256(self.canonical()).hexdigest()
