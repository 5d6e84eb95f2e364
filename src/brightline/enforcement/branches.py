"""Which commit a branch or a tag is for strangers: of the newest revision that was decided. One rule, for doors and for lists."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from brightline.release.repository import HEADS, TAGS

MAIN = f"{HEADS}main"


@dataclass(frozen=True, slots=True)
class Branches:
    """`lineage` is a commit and those it grew out of, the newest first: commit and manifest; `decided` asks about a manifest."""

    heads: Mapping[str, str]
    lineage: Callable[[str], Iterable[tuple[str, str]]]
    decided: Callable[[str], bool]

    def newest(self, name: str) -> str | None:
        """The newest decided revision of a branch."""
        lineage = self.lineage(self.heads[name]) if name in self.heads else ()
        return next((oid for oid, manifest in lineage if self.decided(manifest)), None)

    def any(self) -> bool:
        """Whether strangers see anything of the repository."""
        return self.newest(MAIN) is not None or any(self._of_its_own(name) for name in self.heads if name != MAIN)

    def shown(self) -> dict[str, str]:
        """Full names, and commits.

        A tag that names an undecided commit, and a branch whose own commits are all undecided, have names that tell something.
        """
        main = self.newest(MAIN)
        found, trunk = ({} if main is None else {MAIN: main}), self._since(main)
        for name in sorted(self.heads):
            newest = self._of_its_own(name) if name != MAIN else None
            if newest is not None and (newest == self.heads[name] or newest not in trunk):
                found[name] = newest
        return found

    def _of_its_own(self, name: str) -> str | None:
        newest = self.newest(name)
        return None if name.startswith(TAGS) and newest != self.heads[name] else newest

    def _since(self, oid: str | None) -> set[str]:
        """What a branch has in common with main says nothing of the branch."""
        others = any(name != MAIN and not name.startswith(TAGS) for name in self.heads)
        if oid is None or not others:
            return set()
        listed = [one for one, _ in self.lineage(self.heads[MAIN])]
        return set(listed[listed.index(oid) :])
