"""The files that the benchmarks read, made anew in a temporary folder."""

import json
import os
import pickle
import struct
import zipfile
from pathlib import Path

MEBI = 1 << 20


def torch_checkpoint(place: Path, mebibytes: int = 500, tensors: int = 200) -> Path:
    """A state_dict as torch.save lays it out: a stored zip with data.pkl and one entry a storage."""
    elements = mebibytes * MEBI // tensors // 4
    block = os.urandom(MEBI) * (elements * 4 // MEBI + 1)
    with zipfile.ZipFile(place, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("archive/data.pkl", _state_dict(tensors, elements))
        archive.writestr("archive/byteorder", "little")
        for number in range(tensors):
            archive.writestr(f"archive/data/{number}", block[: elements * 4])
        archive.writestr("archive/version", "3\n")
    return place


def _state_dict(tensors: int, elements: int) -> bytes:
    """Opcodes of {name: _rebuild_tensor_v2(persistent storage, 0, (n,), (1,), False, OrderedDict())}."""
    code = [b"\x80\x02}("]
    for number in range(tensors):
        code += [_text(f"layers.{number}.weight"), b"ctorch._utils\n_rebuild_tensor_v2\n((", _text("storage")]
        code += [b"ctorch\nFloatStorage\n", _text(str(number)), _text("cpu"), _int(elements), b"tQ", _int(0)]
        code += [_int(elements), b"\x85", _int(1), b"\x85", b"\x89", b"ccollections\nOrderedDict\n)Rt", b"R"]
    return b"".join([*code, b"u."])


def _text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def _int(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def safetensors(place: Path, gibibytes: int = 2, tensors: int = 300) -> Path:
    """A header over a sparse file: the facts are in the header, the bytes behind it are zeros."""
    each = gibibytes * 1024 * MEBI // tensors // 2 * 2
    header = {
        f"model.layers.{number}.weight": {
            "dtype": "BF16",
            "shape": [each // 2],
            "data_offsets": [number * each, (number + 1) * each],
        }
        for number in range(tensors)
    }
    text = json.dumps(header).encode()
    with place.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + each * tensors)
    return place


def gguf(place: Path, words: int = 128_256) -> Path:
    """A GGUF whose vocabulary, scores, types and merges are as large as Llama 3's."""

    def string(text: str) -> bytes:
        return struct.pack("<Q", len(text)) + text.encode()

    def strings(key: str, count: int, form: str) -> bytes:
        body = b"".join(string(form % number) for number in range(count))
        return string(key) + struct.pack("<IIQ", 9, 8, count) + body

    pairs = [
        string("general.architecture") + struct.pack("<I", 8) + string("llama"),
        string("llama.context_length") + struct.pack("<II", 4, 8192),
        strings("tokenizer.ggml.tokens", words, "token%d"),
        string("tokenizer.ggml.scores") + struct.pack("<IIQ", 9, 6, words) + bytes(4 * words),
        string("tokenizer.ggml.token_type") + struct.pack("<IIQ", 9, 5, words) + bytes(4 * words),
        strings("tokenizer.ggml.merges", 280_147, "merge %d"),
    ]
    tensor = string("token_embd.weight") + struct.pack("<IQQIQ", 2, 64, words, 0, 0)
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, len(pairs)) + b"".join(pairs) + tensor
    place.write_bytes(head + bytes(-len(head) % 32) + bytes(64 * words * 4))
    return place


def many_files(place: Path, count: int = 10_000, size: int = 64 * 1024) -> Path:
    """A zip of small numpy-free data files, stored; and the same files in a folder beside it for sha256sum."""
    folder = place.with_suffix("")
    folder.mkdir()
    block = os.urandom(size)
    with zipfile.ZipFile(place, "w", zipfile.ZIP_STORED) as archive:
        for number in range(count):
            content = struct.pack("<Q", number) + block[8:]
            (folder / f"part{number:05}.dat").write_bytes(content)
            archive.writestr(f"part{number:05}.dat", content)
    return place


def plain_pickle() -> bytes:
    """A small benign file, for the cost of starting."""
    return pickle.dumps({"epoch": 3, "loss": 0.25})
