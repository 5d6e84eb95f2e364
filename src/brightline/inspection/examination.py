"""One pass over a release: every file hashed, recognised by content, read by its parser; then the facts."""

import hashlib
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib import import_module

from brightline.inspection import identity
from brightline.inspection.facts.licences import of_package, of_text
from brightline.inspection.finding import Finding, Rule, Severity
from brightline.inspection.probe import HOLLOW, Malformed, Observed, Probe
from brightline.inspection.recognition import recognise
from brightline.inspection.report import FileReport
from brightline.release.entry import Entry, Obstacle
from brightline.release.reader import BLOCK, Memory, Reader, Unreadable, blocks

DEPTH = 4  # archives in archives in archives; real releases have one, wheels of models two
INNER_FILES = 50_000
INNER_RATIO = 200  # what is inside one file, against its own size: beyond it is a bomb ...
INNER_BYTES = 256 << 20  # ... unless it is no more than this
SMALL = 1 << 20  # files up to here are read once and kept while they are inspected

DEEP = Rule(
    identity="ARCHIVE-DEPTH",
    severity=Severity.BLOCK,
    title="Archives nested too deeply, or too much inside them",
    why="Nesting hides content from scanners and multiplies a small file into endless work.",
    remedy="Unpack the archives and release the files themselves.",
    example="A zip in a zip in a zip in a zip in a zip.",
    source="Fifield, A better zip bomb, WOOT 2019",
)
RULES = (DEEP,)

_PARSERS = {
    "safetensors": "safetensors", "gguf": "gguf", "onnx": "onnx", "saved-model": "saved_model", "keras": "keras",
    "hdf5": "hdf5", "torch-zip": "torch", "torch-legacy": "torch", "torch-tar": "torch", "pickle": "pickles",
    "joblib": "joblib", "npy": "numpy", "npz": "numpy", "parquet": "parquet", "arrow": "arrow", "jsonl": "rows",
    "csv": "rows", "json": "configuration", "yaml": "yaml", "jinja": "templates", "python": "python",
    "zip": "archive", "tar": "archive", "gzip": "archive",
}  # fmt: skip
# What a parser's code may meet in hostile bytes beyond its own typed refusal. The file is refused all the same (Law 6).
_STUMBLES = (
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    OverflowError,
    RecursionError,
    MemoryError,
    struct.error,
    EOFError,
)

NOTHING = Observed()


@dataclass(slots=True)
class Examined:
    """What was read of the files, before anything is concluded for the release."""

    reports: list[FileReport] = field(default_factory=list)  # the release's own files
    inner: list[FileReport] = field(default_factory=list)  # files inside archives; `outer!/inner`, without digest
    findings: list[Finding] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)  # what the release says of itself: declaration and card


@dataclass(slots=True)
class Examination:
    """Reads entries one by one. `progress` is told how many bytes were read since it was last told."""

    progress: Callable[[int], None] = lambda _count: None
    hashing: bool = True
    examined: Examined = field(default_factory=Examined)
    _inner_files: int = 0
    _inner_bytes: int = 0
    _inner_bound: int = 0
    _given_up: bool = False  # on the file at hand: it is a bomb, and the finding is written

    def read(self, entries: Iterable[Entry | Obstacle]) -> Examined:
        for entry in entries:
            if isinstance(entry, Obstacle):
                self.examined.findings.append(Finding(identity.UNREADABLE, entry.path, entry.reason))
            else:
                self._file(entry)
        return self.examined

    def _file(self, entry: Entry) -> None:
        mark = len(self.examined.findings)
        try:
            with entry.open() as reader:
                kept = Memory(reader.read(0, reader.size)) if reader.size <= SMALL else reader
                self._inner_files = self._inner_bytes = 0
                self._inner_bound, self._given_up = max(INNER_BYTES, INNER_RATIO * reader.size), False
                report = self._inspect(kept, entry.path, depth=0)
                observed = self._listen(kept, entry.path, report)
                digest = self._digest(kept) if self.hashing else ""
        except Unreadable as trouble:
            del self.examined.findings[mark:]
            self.examined.findings.append(Finding(identity.UNREADABLE, entry.path, str(trouble)))
            return
        report = FileReport(report.path, report.size, digest, report.format, observed)
        self.examined.reports.append(report)

    def _listen(self, reader: Reader, path: str, report: FileReport) -> Observed:
        """Keep what the release says of itself, and the licence whose text it holds."""
        name = path.rsplit("/", 1)[-1].lower()
        if report.format not in ("toml", "markdown", "text") or reader.size > SMALL:
            return report.observed
        if path in ("brightline.toml", "README.md"):
            self.examined.texts[path] = reader.read(0, SMALL).decode("utf-8", "replace")
        licence = None
        if name.startswith(("license", "licence", "copying")):
            licence = of_text(reader.read(0, SMALL).decode("utf-8", "replace"))
        elif name == "metadata" and path.endswith(".dist-info/METADATA"):
            licence = of_package(reader.read(0, SMALL).decode("utf-8", "replace"))
        if licence is not None:
            return Observed(attributes={"licence": licence})
        return report.observed

    def _digest(self, reader: Reader) -> str:
        if isinstance(reader, Memory):
            self.progress(reader.size)
            return hashlib.sha256(reader.content).hexdigest()
        hasher = hashlib.sha256()
        for block in blocks(reader, 0, BLOCK):
            hasher.update(block)
            self.progress(len(block))
        return hasher.hexdigest()

    def _inspect(self, reader: Reader, path: str, depth: int) -> FileReport:
        probe = Probe(path, nested=lambda name, inner: self._nested(f"{path}!/{name}", inner, depth + 1))
        recognised = recognise(reader, path)
        identity.judge(probe, path, recognised)
        self._parse(recognised.format, reader, probe)
        if recognised.zip_behind:
            self._parse("zip", reader, probe)
        self.examined.findings.extend(probe.findings)
        observed = (
            NOTHING if probe.observed == NOTHING else probe.observed
        )  # many files show nothing: one object for all
        return FileReport(path, reader.size, "", recognised.format, observed)

    def _parse(self, found: str, reader: Reader, probe: Probe) -> None:
        if found not in _PARSERS:
            return
        parser = import_module(f"brightline.inspection.formats.{_PARSERS[found]}")
        try:
            parser.inspect(reader, probe)
        except Malformed as trouble:
            probe.find(HOLLOW, f"{found}: {trouble}", trouble.offset)
        except _STUMBLES as trouble:
            probe.find(HOLLOW, f"{found}: cannot be parsed ({type(trouble).__name__}: {trouble})"[:300])

    def _nested(self, path: str, reader: Reader, depth: int) -> None:
        if self._given_up:
            return
        self._inner_files += 1
        self._inner_bytes += reader.size
        if depth > DEPTH or self._inner_files > INNER_FILES or self._inner_bytes > self._inner_bound:
            self._too_deep(path)
            return
        try:
            self.examined.inner.append(self._inspect(reader, path, depth))
        except Unreadable as trouble:
            self.examined.findings.append(Finding(identity.UNREADABLE, path, str(trouble)))

    def _too_deep(self, path: str) -> None:
        self._given_up = True
        message = (
            f"not inspected from {path[:200]} on: deeper than {DEPTH} archives, or more than a file of its size holds"
        )
        self.examined.findings.append(Finding(DEEP, path.split("!/", 1)[0], message))
