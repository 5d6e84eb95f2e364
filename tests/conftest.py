"""What several rooms' tests share."""

import gc
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

COMMAND = str(Path(sys.executable).with_name("brightline"))
gc.disable()  # until all tests are collected: modules are a great many objects, and none of them is garbage


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


@pytest.fixture
def brightline() -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """The installed command as a process: arguments in; code, output and errors out."""

    def run(*words: object, **options: Any) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [COMMAND, *map(str, words)], capture_output=True, text=True, check=False, timeout=120, **options
        )

    return run


@pytest.fixture
def small_model(tmp_path: Path) -> Path:
    """A release with a file of every component kind, and a declaration."""
    folder = tmp_path / "small-model"
    folder.mkdir()
    header = json.dumps({"w": {"dtype": "F32", "shape": [4, 8], "data_offsets": [0, 128]}}).encode()
    (folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(128))
    (folder / "config.json").write_text(
        json.dumps({"model_type": "llama", "architectures": ["LlamaForCausalLM"], "max_position_embeddings": 2048})
    )
    (folder / "train.py").write_text("print('training')\n")
    (folder / "data.jsonl").write_text('{"text": "a"}\n{"text": "b"}\n')
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n# Small\n")
    (folder / "brightline.toml").write_text('[training]\ntokens = "1e9"\n')
    return folder
