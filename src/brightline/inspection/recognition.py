"""What a file is, by its content; its name is asked only where content cannot tell, and is never believed against it."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from brightline.release.archive.damaged import Damaged
from brightline.release.reader import Reader

if TYPE_CHECKING:
    from brightline.release.archive.zip import Zip

HEAD = 4096
TAIL = 65_557  # an end-of-central-directory record and the longest comment it may have (APPNOTE 4.3.16)

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"GGUF", "gguf"),
    (b"\x93NUMPY", "npy"),
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
    (b"PAR1", "parquet"),
    (b"PARE", "parquet"),
    (b"ARROW1", "arrow"),
    (b"\xff\xff\xff\xff", "arrow"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "7z"),
    (b"\x7fELF", "executable"),
    (b"\xcf\xfa\xed\xfe", "executable"),
    (b"\xce\xfa\xed\xfe", "executable"),
    (b"\xca\xfe\xba\xbe", "executable"),
    (b"\x00asm", "executable"),
    (b"\x89PNG\r\n\x1a\n", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"fLaC", "audio"),
    (b"ID3", "audio"),
    (b"OggS", "audio"),
    (b"%PDF-", "pdf"),
)
_COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"]\x00\x00", b"\x04\x22\x4d\x18", b"\x28\xb5\x2f\xfd")
_TEXT_BY_NAME = {
    ".py": "python", ".pyi": "python", ".jinja": "jinja", ".jinja2": "jinja", ".j2": "jinja", ".md": "markdown",
    ".yaml": "yaml", ".yml": "yaml", ".toml": "toml", ".csv": "csv", ".tsv": "csv", ".jsonl": "jsonl",
    ".ndjson": "jsonl", ".ipynb": "notebook", ".json": "json", ".keras_metadata": "json",
}  # fmt: skip
_NOT_TEXT = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]")
_JSON = re.compile(rb'(?:\xef\xbb\xbf)?\s*(?:\{\s*["}]|\[\s*[\[{"\d])')
_TORCH_LEGACY = b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."  # LONG1 of 0x1950a86a20f9469cfc6c: torch.save's magic number


@dataclass(frozen=True, slots=True)
class Recognised:
    """`format` is the content's; `zip_behind` says that a zip archive ends a file that does not begin as one."""

    format: str
    zip_behind: bool = False


def suffix(path: str) -> str:
    name = path.rsplit("/", 1)[-1].lower()
    return name[name.rfind(".") :] if "." in name else ""


def recognise(reader: Reader, path: str) -> Recognised:
    """The format of the content behind `path`. Raises Unreadable."""
    if reader.size == 0:
        return Recognised("empty")
    head = reader.read(0, HEAD)
    if _is_text(head, reader.size):
        return Recognised(_text(head, path))
    found = _binary(reader, head, path)
    return Recognised(found, zip_behind=_zip_behind(reader, found))


def _is_text(head: bytes, size: int) -> bool:
    if _NOT_TEXT.search(head):
        return False
    try:
        head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return size > len(head) and error.start > len(head) - 4  # a character cut by the end of what was read
    return True


def _text(head: bytes, path: str) -> str:
    from brightline.inspection.formats.pickles import probable  # noqa: PLC0415 - protocol 0 is text too; see start-up time

    if probable(head):
        return "pickle"
    named = _TEXT_BY_NAME.get(suffix(path))
    if named is None and not suffix(path) and _JSON.match(head):
        return "json"
    return named or "text"


def _binary(reader: Reader, head: bytes, path: str) -> str:
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head[:2] == b"PK" and head[2:4] in (b"\x03\x04", b"\x05\x06", b"\x07\x08"):
        return _zip_kind(reader)
    if head[0] == 0x80 and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return _pickle_kind(reader, head)
    if head[:2] == b"MZ" and b"This program" in head[:512]:
        return "executable"
    if head[:4] == b"RIFF":
        return "image" if head[8:12] == b"WEBP" else "audio"
    if head[4:8] == b"ftyp":
        return "video"
    if head[257:262] == b"ustar" or (suffix(path) == ".tar" and len(head) > 512):
        return _tar_kind(reader)
    if head.startswith(_COMPRESSED) or _is_zlib(head):
        return _compressed_kind(head, path)
    return _by_structure(reader, head, path)


def _zip_kind(reader: Reader) -> str:
    from brightline.release.archive.zip import open_zip  # noqa: PLC0415 - most files are no zip; see start-up time

    try:
        archive = open_zip(reader, lambda _code, _message, _offset: None)
    except Damaged:
        return "zip"
    return zip_kind(archive)


def zip_kind(archive: "Zip") -> str:
    """Which model format a zip archive is: torch-zip, keras, npz, or plainly zip."""
    names = [member.name for member in archive.members]
    tops = {name.rsplit("/", 1)[-1] for name in names}
    if "data.pkl" in tops or ("constants.pkl" in tops and "version" in tops):
        return "torch-zip"
    if "config.json" in names and ("metadata.json" in names or any(name.endswith(".weights.h5") for name in names)):
        return "keras"
    if names and any(name.endswith(".npy") for name in names) and not any(name.endswith(".py") for name in names):
        return "npz"
    return "zip"


def _pickle_kind(reader: Reader, head: bytes) -> str:
    if _TORCH_LEGACY in head[:32]:
        return "torch-legacy"
    return "joblib" if b"numpy_pickle" in reader.read(0, 1 << 20) else "pickle"


def _tar_kind(reader: Reader) -> str:
    names = {reader.read(0, 100).split(b"\x00")[0].removeprefix(b"./")}
    names.add(reader.read(1024, 100).split(b"\x00")[0].removeprefix(b"./"))
    return "torch-tar" if names & {b"sys_info", b"pickle", b"storages", b"tensors"} else "tar"


def _is_zlib(head: bytes) -> bool:
    return len(head) > 2 and head[0] == 0x78 and (head[0] << 8 | head[1]) % 31 == 0


def _compressed_kind(head: bytes, path: str) -> str:
    """Compressed files that hold a pickle are joblib's; what else is compressed is opened as an archive of one."""
    if suffix(path) in (".joblib", ".pkl", ".pickle", ".z") or _is_zlib(head):
        return "joblib"
    from brightline.release.archive.stream import peek  # noqa: PLC0415 - see start-up time

    inside = peek(head, 512)
    return "joblib" if inside[:1] == b"\x80" and inside[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05") else "gzip"


def _by_structure(reader: Reader, head: bytes, path: str) -> str:
    name = suffix(path)
    length = int.from_bytes(head[:8], "little")
    if (head[8:9] == b"{" and length <= reader.size) or name == ".safetensors":
        return "safetensors"
    for offset in (512, 1024, 2048):  # HDF5 allows a user block before its superblock (HDF5 format specification II.A)
        if head[offset : offset + 8] == b"\x89HDF\r\n\x1a\n":
            return "hdf5"
    from brightline.inspection.formats import onnx, saved_model  # noqa: PLC0415 - see start-up time
    from brightline.inspection.formats.pickles import probable  # noqa: PLC0415

    if name == ".onnx" or onnx.looks_like(reader):
        return "onnx"
    if name == ".pb" or saved_model.looks_like(reader):
        return "saved-model"
    if probable(head):
        return "joblib" if b"numpy_pickle" in head else "pickle"
    base = path.rsplit("/", 1)[-1]
    return "tf-checkpoint" if base.startswith("variables.") or ".data-0000" in base else "binary"


_SELF_ENDED = frozenset({"torch-zip", "keras", "npz", "zip", "parquet", "pdf", "image", "audio", "video", "7z"})


def _zip_behind(reader: Reader, found: str) -> bool:
    if found in _SELF_ENDED:
        return False
    tail = reader.read(max(0, reader.size - TAIL), TAIL)
    at = tail.rfind(b"PK\x05\x06")
    return at >= 0 and len(tail) - at >= 22 and len(tail) - at == 22 + int.from_bytes(tail[at + 20 : at + 22], "little")
