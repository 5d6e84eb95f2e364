"""A permit: a determination, bound to the exact bytes it speaks of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from brightline.decision.access import Access
from brightline.permit.envelope import Envelope
from brightline.permit.notation import Illegible, moment, moment_or_none, natural, only, take, texts, written
from brightline.permit.statement import PERMIT, alike, digest_of, read_statement, statement
from brightline.release.component import JUDGED, Component
from brightline.release.manifest import File, Manifest

_KEYS = (
    "case", "title", "applicant", "affiliates", "manifest", "files", "access", "determination", "conditions", "fails_if",
    "charter", "issued", "effective", "review", "expires", "base", "supersedes",
)  # fmt: skip
_COMPONENTS = {component.value: component for component in Component}


@dataclass(frozen=True, slots=True)
class Permit:
    """What the approvers sign. `determination` is the document of decision.document; `access` is what is enforced.

    `effective` is the earliest moment; what cannot be undone waits for its delay after the log held it as well.
    """

    case: int
    title: str
    applicant: str
    affiliates: tuple[str, ...]
    manifest: Manifest
    access: Mapping[Component, Access]
    determination: Mapping[str, Any]
    conditions: tuple[str, ...]
    fails_if: tuple[str, ...]  # conditions under which the reasons fail
    charter: int  # version
    issued: datetime
    effective: datetime
    review: datetime | None
    expires: datetime | None
    base: str | None  # the manifest digest of the release it derives from
    supersedes: str | None  # the digest of an earlier permit for the same release

    @property
    def one_way(self) -> bool:
        """It opens something to everybody, and what everybody has cannot be called back (Law 4)."""
        held = {file.component for file in self.manifest.files}
        return any(self.access[component] is Access.OPEN for component in JUDGED if component in held)

    def envelope(self) -> Envelope:
        """Unsigned."""
        subjects = [(file.path, file.sha256) for file in self.manifest.files]
        return statement(PERMIT, subjects, self._predicate())

    def _predicate(self) -> dict[str, Any]:
        return {
            "case": self.case,
            "title": self.title,
            "applicant": self.applicant,
            "affiliates": list(self.affiliates),
            "manifest": self.manifest.digest,
            "files": [[file.path, file.size, file.component.value] for file in self.manifest.files],
            "access": {component.value: access.value for component, access in self.access.items()},
            "determination": dict(self.determination),
            "conditions": list(self.conditions),
            "fails_if": list(self.fails_if),
            "charter": self.charter,
            "issued": written(self.issued),
            "effective": written(self.effective),
            "review": None if self.review is None else written(self.review),
            "expires": None if self.expires is None else written(self.expires),
            "base": self.base,
            "supersedes": self.supersedes,
        }


def read_permit(payload: bytes) -> Permit:
    """Raises Illegible, also where the permit contradicts itself."""
    subjects, predicate = read_statement(payload, PERMIT)
    only(predicate, *_KEYS)
    permit = Permit(
        case=natural(predicate, "case", 1),
        title=take(predicate, "title", str),
        applicant=take(predicate, "applicant", str),
        affiliates=texts(predicate, "affiliates"),
        manifest=_manifest(subjects, take(predicate, "files", list)),
        access=_access(take(predicate, "access", dict)),
        determination=take(predicate, "determination", dict),
        conditions=texts(predicate, "conditions"),
        fails_if=texts(predicate, "fails_if"),
        charter=natural(predicate, "charter", 1),
        issued=moment(predicate, "issued"),
        effective=moment(predicate, "effective"),
        review=moment_or_none(predicate, "review"),
        expires=moment_or_none(predicate, "expires"),
        base=_digest_or_none(predicate, "base"),
        supersedes=_digest_or_none(predicate, "supersedes"),
    )
    if permit.manifest.digest != digest_of(take(predicate, "manifest", str)):
        raise Illegible("the permit's files are not those of the manifest it names")
    return permit


def _manifest(subjects: list[tuple[str, str]], rows: list[Any]) -> Manifest:
    if len(subjects) != len(rows):
        raise Illegible("the permit lists other files than its subjects")
    try:
        return Manifest(tuple(_files(subjects, rows)))
    except ValueError as trouble:
        raise Illegible(str(trouble)) from None


def _files(subjects: list[tuple[str, str]], rows: list[Any]) -> Iterable[File]:
    """All together, as subjects are read; one by one where anything is not as it should be. Raises Illegible."""
    if subjects and alike(rows, list, 3):
        paths, sizes, parts = zip(*rows, strict=True)
        names, digests = zip(*subjects, strict=True)
        if (
            alike(parts, str)
            and set(parts) <= _COMPONENTS.keys()
            and alike(sizes, int)
            and min(sizes) >= 0
            and paths == names
        ):
            return map(File, names, sizes, digests, map(_COMPONENTS.__getitem__, parts))
    return [_file(subject, row) for subject, row in zip(subjects, rows, strict=True)]


def _file(subject: tuple[str, str], row: Any) -> File:
    name, digest = subject
    match row:
        case [str(path), int(size), str(component)] if path == name and size >= 0 and not isinstance(size, bool):
            if component not in _COMPONENTS:
                raise Illegible(f"{component[:40]!r} is no component")
            return File(path, size, digest, _COMPONENTS[component])
    raise Illegible(f"the permit's row of {name[:80]!r} is no path, size and component")


def _access(words: dict[str, Any]) -> dict[Component, Access]:
    if set(words) != {component.value for component in Component} or not all(
        word in list(Access) for word in words.values()
    ):
        raise Illegible(f"a permit says one of {', '.join(Access)} for each component")
    if words[Component.DOCUMENTATION.value] != Access.OPEN:
        raise Illegible("documentation is always open")
    return {component: Access(words[component.value]) for component in Component}


def _digest_or_none(predicate: Mapping[str, Any], key: str) -> str | None:
    return None if predicate.get(key, "") is None else digest_of(take(predicate, key, str))
