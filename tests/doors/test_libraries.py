"""transformers, datasets and the file system, each in a process of its own that knows nothing but HF_ENDPOINT."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import save_file
from tests.doors.conftest import client, decide_all, secret
from tests.offices import DECLARED

from brightline.assembly.office import Office

LLAMA = {
    "model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 8, "intermediate_size": 16,
    "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 2, "vocab_size": 4,
    "max_position_embeddings": 16, "tie_word_embeddings": False, "eos_token_id": 3, "bos_token_id": 0,
}  # fmt: skip
WORDS: dict[str, object] = {
    "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
    "pre_tokenizer": {"type": "Whitespace"}, "post_processor": None, "decoder": None,
    "model": {"type": "WordLevel", "vocab": {"[UNK]": 0, "hello": 1, "world": 2, "!": 3}, "unk_token": "[UNK]"},
}  # fmt: skip


def write_llama(folder: Path) -> Path:
    """A Llama of 900 parameters with a tokenizer of four words."""
    shapes = {
        "model.embed_tokens": (4, 8), "lm_head": (4, 8), "model.norm": (8,),
        "model.layers.0.input_layernorm": (8,), "model.layers.0.post_attention_layernorm": (8,),
        **{f"model.layers.0.self_attn.{name}_proj": (8, 8) for name in "qkvo"},
        "model.layers.0.mlp.gate_proj": (16, 8), "model.layers.0.mlp.up_proj": (16, 8),
        "model.layers.0.mlp.down_proj": (8, 16),
    }  # fmt: skip
    chance = np.random.default_rng(1)
    tensors = {f"{name}.weight": chance.random(shape, dtype=np.float32) for name, shape in shapes.items()}
    folder.mkdir()
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    (folder / "config.json").write_text(json.dumps(LLAMA))
    (folder / "tokenizer.json").write_text(json.dumps(WORDS))
    kind = {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "[UNK]"}
    (folder / "tokenizer_config.json").write_text(json.dumps(kind))
    (folder / "brightline.toml").write_text(DECLARED)
    return folder


def run(address: str, place: Path, code: str, token: str = "") -> "subprocess.CompletedProcess[str]":
    quiet = {
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "DISABLE_SAFETENSORS_CONVERSION": "1",
    }
    own = {"HF_ENDPOINT": address, "HF_HOME": str(place / "home"), **quiet, **({"HF_TOKEN": token} if token else {})}
    return subprocess.run(
        [sys.executable, "-c", code], env=os.environ | own, capture_output=True, text=True, check=False, timeout=200
    )


def said(done: "subprocess.CompletedProcess[str]") -> list[str]:
    assert done.returncode == 0, done.stderr[-3_000:]
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def llama(address: str, office: Office, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Its weights are gated; everything else is open."""
    acme = client(address, office, "acme")
    acme.create_repo("acme/llama")
    acme.upload_folder(repo_id="acme/llama", folder_path=write_llama(tmp_path_factory.mktemp("llama") / "model"))
    decide_all(office, weights="gated")
    acme.grant_access("acme/llama", user="ann")
    return "acme/llama"


def test_transformers_reads_configuration_and_tokenizer(address: str, llama: str, tmp_path: Path) -> None:
    code = f"""
from transformers import AutoConfig, AutoTokenizer
print(AutoConfig.from_pretrained({llama!r}).hidden_size)
print(AutoTokenizer.from_pretrained({llama!r})("hello world")["input_ids"])
"""
    assert said(run(address, tmp_path, code)) == ["8", "[1, 2]"]


def test_datasets_loads_and_streams_parquet_and_lines(address: str, office: Office, tmp_path: Path) -> None:
    acme = client(address, office, "acme")
    rows, lines = tmp_path / "rows", tmp_path / "lines"
    (rows / "data").mkdir(parents=True)
    lines.mkdir()
    pq.write_table(pa.table({"text": ["a", "b"]}), rows / "data" / "train.parquet")
    (lines / "train.jsonl").write_text('{"text": "x"}\n{"text": "y"}\n')
    for folder in (rows, lines):
        acme.create_repo(f"acme/{folder.name}", repo_type="dataset")
        acme.upload_folder(repo_id=f"acme/{folder.name}", folder_path=folder, repo_type="dataset")
    decide_all(office)
    code = """
from datasets import load_dataset
for name in ("acme/rows", "acme/lines"):
    print(load_dataset(name)["train"]["text"][:])
    print(next(iter(load_dataset(name, streaming=True, split="train")))["text"])
from huggingface_hub import HfFileSystem
files = HfFileSystem()
print(files.ls("datasets/acme/rows/data", detail=False))
with files.open("datasets/acme/rows/data/train.parquet") as file:
    file.seek(-4, 2)
    print(file.read())
"""
    listed = "['datasets/acme/rows/data/train.parquet']"
    assert said(run(address, tmp_path, code)) == ["['a', 'b']", "a", "['x', 'y']", "x", listed, "b'PAR1'"]


GENERATE = """
from transformers import AutoModelForCausalLM, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained({name!r})
model = AutoModelForCausalLM.from_pretrained({name!r})
given = tokenizer("hello world", return_tensors="pt", return_token_type_ids=False)
print(model.generate(**given, max_new_tokens=3, do_sample=False).shape[0])
"""


@pytest.mark.torch
def test_a_model_is_loaded_and_answers_for_who_may_have_it(
    address: str, office: Office, llama: str, tmp_path: Path
) -> None:
    code = GENERATE.format(name=llama)
    refused = run(address, tmp_path / "nobody", code)
    assert refused.returncode != 0
    assert "gated by determination in case" in refused.stderr
    assert said(run(address, tmp_path / "ann", code, secret(office, "ann", "hub:read"))) == ["1"]


def test_libraries_push_what_they_made(address: str, office: Office, tmp_path: Path) -> None:
    code = """
from datasets import Dataset, load_dataset
from transformers import LlamaConfig
Dataset.from_dict({"text": ["a", "b"]}).push_to_hub("acme/made")
print(load_dataset("acme/made")["train"]["text"][:])
LlamaConfig(hidden_size=8, num_attention_heads=2).push_to_hub("acme/made")
print(LlamaConfig.from_pretrained("acme/made").hidden_size)
"""
    assert said(run(address, tmp_path, code, secret(office, "acme"))) == ["['a', 'b']", "8"]
