"""What people really release passes: files written by the real libraries, and torch's layouts written as torch writes them."""

import argparse
import collections
import datetime
import decimal
import fractions
import gzip
import io
import json
import pathlib
import pickle
import types
import uuid
from collections.abc import Callable
from pathlib import Path

import h5py
import joblib
import numpy as np
import onnx
import pyarrow as pa
import pyarrow.parquet
import pytest
import safetensors.numpy
from bench import subjects
from onnx import TensorProto, helper
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tests.assets import bad

from brightline.assembly.procedure import examine_release

PLAIN = {
    "counter": collections.Counter("aab"), "ordered": collections.OrderedDict(a=1), "default": collections.defaultdict(list),
    "moment": datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), "decimal": decimal.Decimal("1.5"), "third": fractions.Fraction(1, 3),
    "uuid": uuid.UUID(int=7), "path": pathlib.PurePosixPath("/x"), "space": types.SimpleNamespace(a=1), "args": argparse.Namespace(b=2),
    "complex": 1 + 2j, "bytes": b"abc", "set": {1, 2}, "frozen": frozenset([1]), "buffer": bytearray(b"x"), "array": np.arange(9.0),
    "scalar": np.float32(1), "objects": np.array(["a", 1], dtype=object), "state": np.random.RandomState(0), "rng": np.random.default_rng(1),
}  # fmt: skip


def forest() -> object:
    rng = np.random.default_rng(0)
    labels = np.array(["yes", "no"] * 25, dtype=object)
    return make_pipeline(StandardScaler(), RandomForestClassifier(5, random_state=0)).fit(rng.random((50, 3)), labels)


def dumped(value: object, **options: object) -> bytes:
    buffer = io.BytesIO()
    joblib.dump(value, buffer, **options)
    return buffer.getvalue()


def saved(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def archived(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def onnx_model() -> bytes:
    weights = helper.make_tensor("w", TensorProto.FLOAT, [2, 2], [1.0, 2.0, 3.0, 4.0])
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 2]) for name in ("x", "y")]
    return onnx.helper.make_model(helper.make_graph([node], "g", value[:1], value[1:], [weights])).SerializeToString()


def torch_legacy() -> bytes:
    """As torch.save(..., _use_new_zipfile_serialization=False) writes one tensor."""
    magic, protocol = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", b"\x80\x02M\xe9\x03."
    system = pickle.dumps({"protocol_version": 1001, "little_endian": True}, 2)
    state = subjects._state_dict(1, 4)
    return magic + protocol + system + state + pickle.dumps(["0"], 2) + (4).to_bytes(8, "little") + bytes(16)


CHATML = "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou are helpful<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
QWEN = "{%- if tools %}{%- for tool in tools %}{{- tool | tojson }}{%- endfor %}{%- endif %}{%- set ns = namespace(last=messages|length - 1) %}{%- for message in messages[::-1] %}{%- set index = (messages|length - 1) - loop.index0 %}{%- if '</think>' in message.content %}{%- set content = message.content.split('</think>')[-1].lstrip('\n') %}{%- endif %}{%- if message.role not in ['user', 'assistant'] %}{{ raise_exception('Unknown role') }}{%- endif %}{%- for key, value in message.items() %}{{ key }}{%- endfor %}{%- endfor %}{{ strftime_now('%d %b %Y') }}{% generation %}{{ 'x' }}{% endgeneration %}{% break %}"

FILES: dict[str, Callable[[], bytes]] = {
    **{f"protocol_{number}.pkl": (lambda number=number: pickle.dumps(PLAIN, protocol=number)) for number in range(6)},  # type: ignore[misc]
    "forest.joblib": lambda: dumped(forest()),
    "forest_zlib.joblib": lambda: dumped(forest(), compress=3),
    "forest_xz.joblib": lambda: dumped(forest(), compress=("xz", 3)),
    "forest.pkl": lambda: pickle.dumps(forest()),
    "floats.npy": lambda: saved(np.arange(10.0)),
    "labels.npy": lambda: saved(np.array(["a", "b"], dtype=object)),
    "arrays.npz": lambda: archived(a=np.arange(5), b=np.ones((2, 3))),
    "model.safetensors": lambda: safetensors.numpy.save({"a": np.zeros((2, 3), np.float32), "b": np.ones(5, np.float16)}),
    "fp8.safetensors": lambda: bad.safetensors({"a": {"dtype": "F8_E4M3", "shape": [4], "data_offsets": [0, 4]}, "__metadata__": {"format": "pt"}}, bytes(4)),
    "model.onnx": onnx_model,
    "legacy.pth": torch_legacy,
    "chat_template.jinja": lambda: CHATML.encode(),
    "tools.jinja": lambda: QWEN.encode(),
    "tokenizer_config.json": lambda: json.dumps({"chat_template": CHATML, "tokenizer_class": "PreTrainedTokenizerFast"}).encode(),
    "config.json": lambda: json.dumps({"model_type": "llama", "architectures": ["LlamaForCausalLM"], "_attn_implementation": "sdpa"}).encode(),
    "saved_model.pb": lambda: bad.saved_model("MatMul"),
    "plain.keras": lambda: bad.keras_file({"module": "keras", "class_name": "Sequential", "config": {"layers": [{"module": "keras.layers", "class_name": "Dense", "config": {}, "registered_name": None}]}}),
    "README.md": lambda: b"---\nlicense: mit\n---\n# A model\n",
    "notes.txt": lambda: b"(see below)\n\ncat dog\nsystem x\n",
}  # fmt: skip


def more(folder: Path) -> dict[str, bytes]:
    """Files that only their libraries can write, and only to disk: seeds for the mutation runs too."""
    with h5py.File(folder / "model.h5", "w") as file:
        file.create_group("layer").create_dataset("kernel", data=np.zeros((4, 8), np.float32))
        file.attrs["model_config"] = '{"class_name": "Sequential", "config": {"layers": []}}'
    pa.parquet.write_table(pa.table({"text": ["a", "b", "c"]}), folder / "train.parquet")
    with (
        pa.OSFile(str(folder / "data.arrow"), "wb") as sink,
        pa.ipc.new_file(sink, pa.schema([("n", pa.int64())])) as writer,
    ):
        writer.write_batch(pa.record_batch([pa.array([1, 2])], names=["n"]))
    written = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    text = {
        "train.csv": b"a,b\n1,2\n",
        "train.jsonl": b'{"a": 1}\n',
        "conf.yaml": b"a: 1\n_target_: x.y\n",
        "code.py": b"import os\nos.system('x')\n",
    }
    return (
        written
        | text
        | {
            "many.tar.gz": gzip.compress(bad.torch_tar()),
            "files.tar": bad.torch_tar().replace(b"sys_info", b"sys_inf0").replace(b"pickle\0", b"pickl3\0"),
        }
    )


@pytest.mark.parametrize("name", FILES)
def test_passes(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(FILES[name]())
    inspection = examine_release(str(path))
    assert inspection.clearance == "pass", [(item.rule.identity, item.message) for item in inspection.findings]


def test_torch_checkpoint_passes_and_is_counted(tmp_path: Path) -> None:
    inspection = examine_release(str(subjects.torch_checkpoint(tmp_path / "model.pt", mebibytes=4, tensors=4)))
    assert inspection.clearance == "pass"
    assert inspection.facts["parameters"].value.low == inspection.facts["parameters"].value.high == 1 << 20


@pytest.mark.parametrize("version", ["earliest", "latest"])
def test_hdf5_weights_pass_and_are_counted(version: str, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "model.h5", "w", libver=version) as file:
        for number in range(20):
            file.create_group(f"layer_{number}").create_dataset("kernel", data=np.zeros((4, 8), np.float32))
        file.attrs["model_config"] = '{"class_name": "Sequential", "config": {"layers": []}}'
    inspection = examine_release(str(tmp_path / "model.h5"))
    assert inspection.clearance == "pass", inspection.findings
    if version == "earliest":
        assert inspection.facts["parameters"].value.low == 640


def test_parquet_rows_are_counted(tmp_path: Path) -> None:
    pa.parquet.write_table(pa.table({"text": ["a", "b", "c"]}), tmp_path / "train.parquet")
    inspection = examine_release(str(tmp_path / "train.parquet"))
    assert inspection.clearance == "pass"
    assert inspection.facts["data_rows"].value.low == inspection.facts["data_rows"].value.high == 3


def test_arrow_rows_are_counted(tmp_path: Path) -> None:
    with (
        pa.OSFile(str(tmp_path / "data.arrow"), "wb") as sink,
        pa.ipc.new_file(sink, pa.schema([("n", pa.int64())])) as writer,
    ):
        for _ in range(3):
            writer.write_batch(pa.record_batch([pa.array([1, 2])], names=["n"]))
    inspection = examine_release(str(tmp_path / "data.arrow"))
    assert inspection.facts["data_rows"].value.low == 6


def test_sharded_safetensors_add_up(tmp_path: Path) -> None:
    for number in (1, 2):
        part = safetensors.numpy.save({f"w{number}": np.zeros((10, 10), np.float32)})
        (tmp_path / f"model-0000{number}-of-00002.safetensors").write_bytes(part)
    shards = {f"w{number}": f"model-0000{number}-of-00002.safetensors" for number in (1, 2)}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": shards}))
    inspection = examine_release(str(tmp_path))
    assert inspection.clearance == "pass"
    assert inspection.facts["parameters"].value.low == inspection.facts["parameters"].value.high == 200


def test_onnx_with_external_data_beside_it(tmp_path: Path) -> None:
    model = onnx.load_model_from_string(onnx_model())
    onnx.save_model(model, tmp_path / "model.onnx", save_as_external_data=True, location="model.data", size_threshold=0)
    inspection = examine_release(str(tmp_path))
    assert inspection.clearance == "pass", [(item.rule.identity, item.message) for item in inspection.findings]


def test_a_licence_text_speaks_for_the_release_and_for_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "LICENSE").write_text("Permission is hereby granted, free of charge, to any person obtaining a copy")
    (tmp_path / "notes.txt").write_text("nothing")
    inspection = examine_release(str(tmp_path))
    assert inspection.facts["licence"].value == ("MIT",)
    assert [file.path for file in inspection.files if file.observed.attributes] == ["LICENSE"]
