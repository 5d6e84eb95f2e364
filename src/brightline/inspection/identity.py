"""Findings about what a file claims to be: its name against its content, and content nobody can look into."""

from brightline.inspection.finding import Rule, Severity
from brightline.inspection.probe import HOLLOW, Probe
from brightline.inspection.recognition import Recognised, suffix

UNREADABLE = Rule(
    identity="FILE-UNREADABLE",
    severity=Severity.BLOCK,
    title="A part of the release cannot be read",
    why="What was not read was not judged: it could be anything, and would be served all the same.",
    remedy="Make it a regular file that stands still and may be read, or take it out of the release.",
    example="A FIFO, a link that leaves the folder, a file without read permission, a file that changes while it is read.",
    source="HOUSE law 1 and law 6",
)
DISGUISE = Rule(
    identity="FILE-DISGUISE",
    severity=Severity.BLOCK,
    title="The content is another, more dangerous format than the name says",
    why="Loaders that decide by content run it; scanners and people who decide by the name let it pass.",
    remedy="Save the file in the format its name promises, or give it the name of the format it has.",
    example="A pickle named model.safetensors.",
    source="CVE-2025-1889, CVE-2025-10155 (scan by extension); inspection law: content decides",
)
POLYGLOT = Rule(
    identity="FILE-POLYGLOT",
    severity=Severity.BLOCK,
    title="One file is two formats at once",
    why="A zip archive is found from its end, other formats from their start: two tools see two different files.",
    remedy="Write the file again with one tool; nothing legitimate stands behind a model's last byte.",
    example="A GGUF file with a zip archive appended.",
    source="APPNOTE.TXT 4.3.16 (end of central directory record)",
)
UNKNOWN = Rule(
    identity="FILE-UNKNOWN",
    severity=Severity.INFO,
    title="The format is not known",
    why="Nobody can say what a loader makes of it; therefore it counts as weights.",
    remedy="Declare its component in brightline.toml under [components] if it is something else.",
    example="A raw block of tensor bytes beside an ONNX model.",
    source="HOUSE: what cannot be classified counts as weights",
)
UNFULFILLED = Rule(
    identity="FILE-UNFULFILLED",
    severity=Severity.BLOCK,
    title="The name promises a model format that the content does not have",
    why="It is damaged, encrypted or made for a lenient loader; none of these can be judged.",
    remedy="Write the file again with the framework's own save function.",
    example="model.pt that begins with no pickle, zip or tar.",
    source="HOUSE law 6: an unreadable file is a finding, never silence",
)
SEALED = Rule(
    identity="FILE-SEALED",
    severity=Severity.BLOCK,
    title="An archive that cannot be looked into",
    why="Scanners that do not open it report nothing, while tools that do open it load what is inside.",
    remedy="Unpack it and release the files themselves.",
    example="A PyTorch checkpoint packed with 7z (nullifAI).",
    source="ReversingLabs, nullifAI, February 2025",
)
EXECUTABLE = Rule(
    identity="FILE-EXECUTABLE",
    severity=Severity.REVIEW,
    title="Native code",
    why="A compiled library or program runs with all rights of whoever loads it, and cannot be read here.",
    remedy="Release the source it is built from, or have a person approve the binary.",
    example="A shared library in a model's wheel.",
    source="OpenSSF model signing threat model; MITRE ATLAS AML.T0011",
)
RULES = (HOLLOW, UNREADABLE, DISGUISE, POLYGLOT, UNKNOWN, UNFULFILLED, SEALED, EXECUTABLE)

_RUNS_CODE = frozenset({"pickle", "joblib", "torch-zip", "torch-legacy", "torch-tar", "executable"})
_MAY_BE_PICKLED = frozenset(
    {"", ".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".bin", ".joblib", ".p", ".dat", ".data", ".model", ".sav", ".t7",
     ".mar", ".tar", ".z", ".gz", ".bz2", ".xz", ".lzma", ".zip", ".so", ".dll", ".dylib", ".exe", ".pyd", ".npy", ".pyc"}
)  # fmt: skip
_PROMISES = frozenset(
    {".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".joblib", ".npy", ".npz", ".h5", ".hdf5", ".keras", ".gguf", ".parquet",
     ".arrow", ".zip", ".whl", ".tar"}
)  # fmt: skip


def judge(probe: Probe, path: str, recognised: Recognised) -> None:
    """Compare the name with the content. ".npy" may carry pickled objects by its own specification; its parser judges them."""
    found, name = recognised.format, suffix(path)
    if found in _RUNS_CODE and name not in _MAY_BE_PICKLED and not name[1:].isdigit():
        probe.find(DISGUISE, f"named {name}, but the content is {found}")
    elif found == "executable":
        probe.find(EXECUTABLE, "native code: what it does cannot be read here")
    elif found == "7z":
        probe.find(SEALED, "a 7z or rar archive: its content cannot be looked into")
    elif found in ("binary", "text", "empty") and name in _PROMISES:
        probe.find(UNFULFILLED, f"named {name}, but the content is no format that such a file may have ({found})")
    elif found == "binary":
        probe.find(UNKNOWN, "no known format; it counts as weights")
    if recognised.zip_behind:
        probe.find(POLYGLOT, f"begins as {found} and ends as a zip archive")
