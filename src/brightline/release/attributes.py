"""Which files go beside a commit and which into it, and which are ignored: by their endings, .gitattributes and .gitignore."""

import hashlib
from collections.abc import Callable

from brightline.release.patterns import LINES, matching

ATTRIBUTES, IGNORE = ".gitattributes", ".gitignore"
REGULAR = 1 << 20  # bytes up to which a text is part of the commit itself
ALWAYS_LFS = (  # the Hub's own list, as far as it speaks of endings
    ".7z", ".arrow", ".bin", ".bz2", ".ckpt", ".ftz", ".gguf", ".gz", ".h5", ".joblib", ".mlmodel", ".model",
    ".msgpack", ".npy", ".npz", ".onnx", ".ot", ".parquet", ".pb", ".pickle", ".pkl", ".pt", ".pth", ".rar",
    ".safetensors", ".tar", ".tflite", ".tgz", ".wasm", ".xz", ".zip", ".zst",
)  # fmt: skip
INITIAL = "".join(f"*{ending} filter=lfs diff=lfs merge=lfs -text\n" for ending in ALWAYS_LFS).encode()
OFFICES = hashlib.sha256(INITIAL).hexdigest()  # bytes that nobody has sent


def tracked(attributes: str) -> Callable[[str], bool]:
    """Whether a .gitattributes sends a file beside the commit. What the first one says holds here anyway."""
    if attributes.encode() == INITIAL:
        return lambda _path: False
    words = [line.split() for line in attributes.splitlines()[:LINES]]
    return matching("\n".join(one[0] for one in words if "filter=lfs" in one[1:]))


def is_large(path: str, size: int, sample: bytes) -> bool:
    """Whether a file goes beside the commit and not into it. Empty ones never do: clients insist."""
    if size == 0:
        return False
    return size > REGULAR or b"\0" in sample or path.lower().endswith(ALWAYS_LFS)
