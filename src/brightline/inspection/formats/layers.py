"""Keras objects as a configuration writes them: what loading them imports, calls, opens or unmarshals.

Source: keras/src/saving/serialization_lib.py, deserialize_keras_object and _retrieve_class_or_fn.
"""

import re
from typing import Any

from brightline.inspection.finding import Rule, Severity
from brightline.inspection.probe import Probe

KERAS = Rule(
    "KERAS-MODULE",
    Severity.BLOCK,
    "A layer from outside Keras",
    "Loading the model imports the module and calls the name in it.",
    "Use layers of Keras, or registered custom objects whose code is in the release.",
    '"module": "builtins", "class_name": "exec"',
    "CVE-2025-1550, CVE-2025-8747",
)
LAMBDA = Rule(
    "KERAS-LAMBDA",
    Severity.BLOCK,
    "A Lambda layer with code",
    "It carries marshalled Python byte code that runs when the model is loaded.",
    "Replace the Lambda layer by a registered layer.",
    '"class_name": "Lambda"',
    "CVE-2024-3660, CVE-2025-9905",
)
LOADING = Rule(
    "KERAS-LOADING",
    Severity.BLOCK,
    "A layer that opens another file",
    "Loading the model unpickles, runs or reads what the layer names, wherever that lies.",
    "Put the layer's weights or vocabulary into the model.",
    '"class_name": "TorchModuleWrapper"',
    "CVE-2025-49655 (TorchModuleWrapper), CVE-2025-12058 (StringLookup), CVE-2025-12060 (get_file)",
)
RULES = (KERAS, LAMBDA, LOADING)

_MODULES = frozenset(
    {"keras", "keras_hub", "keras_cv", "keras_nlp", "tf_keras", "tensorflow", "tensorflow_addons", "keras_core"}
)
# Inside Keras and TensorFlow, what a layer has no business to be; the first three turn safe loading into the unsafe one.
_ABUSED = re.compile(
    r"(?:^|\.)(?:enable_unsafe_deserialization|load_model|get_file|save_model|load_weights|file_utils|io_utils|model_from_\w+|"
    r"saving|saving_lib|python_utils|raw_ops|io\.\w+|gfile|py_function|numpy_function|load_library|load_op_library)(?:\.|$)"
)
_LOADERS = frozenset({"TorchModuleWrapper", "TFSMLayer", "JaxLayer", "FlaxLayer"})
_LOOKUPS = frozenset({"StringLookup", "IntegerLookup", "IndexLookup", "TextVectorization"})
_PYTHON = frozenset(
    {"exec", "eval", "compile", "open", "__import__", "getattr", "setattr", "globals", "vars", "input", "breakpoint"}
)


def judge(layer: dict[str, Any], probe: Probe) -> None:
    """One serialized object: what is imported is `module`, what is called is `class_name`, or for a function `config`."""
    name, module = layer.get("class_name"), layer.get("module")
    config = layer.get("config")
    if not isinstance(name, str):
        return
    if name in ("Lambda", "__lambda__"):
        probe.find(LAMBDA, f"a layer of class {name}")
    if name in _LOADERS:
        probe.find(LOADING, f"a layer of class {name}")
    if name in _LOOKUPS and isinstance(config, dict) and isinstance(config.get("vocabulary"), str):
        probe.find(LOADING, f"{name} reads its vocabulary from {config['vocabulary'][:80]!r}")
    if isinstance(module, str):
        _imported(module, name, config, probe)
    elif name == "function" and isinstance(config, str) and config in _PYTHON:
        probe.find(KERAS, f"calls {config}")


def _imported(module: str, name: str, config: Any, probe: Probe) -> None:
    called = config if name == "function" and isinstance(config, str) else name
    if module == "builtins" and name == "function" and called not in _PYTHON:
        return  # Keras writes its own functions so: {"module": "builtins", "class_name": "function", "config": "relu"}
    whole = f"{module}.{called}"
    if module.partition(".")[0] not in _MODULES or _ABUSED.search(whole):
        probe.find(KERAS, f"imports {module[:80]!r} for {called[:60]!r}")
