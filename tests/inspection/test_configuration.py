"""JSON and YAML beside a model: what would make a loader run, fetch or open something; and what honest files hold."""

import base64
import contextlib
import json
import pickle
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brightline.inspection.finding import Severity
from brightline.inspection.formats import configuration, yaml
from brightline.inspection.probe import Malformed, Probe
from brightline.release.reader import Memory

LLAMA = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "max_position_embeddings": 2048, "hidden_size": 576,
    "num_hidden_layers": 30, "torch_dtype": "bfloat16", "_attn_implementation": "sdpa", "_attn_implementation_autoset": True,
    "_name_or_path": "HuggingFaceTB/SmolLM2-135M", "rope_scaling": None, "vocab_size": 49152,
}  # fmt: skip
HONEST = {
    "config.json": LLAMA,
    "generation_config.json": {"eos_token_id": [1, 2], "temperature": 0.6, "transformers_version": "4.45.0"},
    "tokenizer_config.json": {"tokenizer_class": "GPT2Tokenizer", "chat_template": "{{ messages[0].content }}", "model_max_length": 8192},
    "model.safetensors.index.json": {"metadata": {"total_size": 8}, "weight_map": {"a": "model-00001-of-00002.safetensors"}},
    "adapter_config.json": {"peft_type": "LORA", "base_model_name_or_path": "org/base", "r": 8, "auto_mapping": None},
    "peft auto_mapping": {"auto_mapping": {"base_model_class": "Llama", "parent_library": "transformers.models.llama.modeling_llama"}},
    "modules.json": [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}],
    "rows of a data set": [{"target": "Paris. It is the capital.", "text": "Y29z is no pickle, it is only a word that looks so"}],
    "vocabulary": {"model": {"vocab": {"Lambda": 1, "auto_map": 2, "__class__": 3, "os.system": 4}}},
    "a keras loss": {"loss": {"module": "builtins", "class_name": "function", "config": "mse", "registered_name": "function"}},
    "a keras layer": {"module": "keras.layers", "class_name": "Dense", "config": {"units": 2}, "registered_name": None},
    "a registered layer": {"module": "keras.src.models", "class_name": "Functional", "registered_name": "Custom>Net", "config": {}},
    "a lookup": {"class_name": "StringLookup", "module": "keras.layers", "config": {"vocabulary": ["a", "b"]}},
}  # fmt: skip
PICKLED = {
    version: base64.b64encode(pickle.dumps({"a": list(range(30))}, protocol=version)).decode() for version in range(6)
}

BAD = {
    "remote code": ({"auto_map": {"AutoModel": "someone/else--modeling.Net"}}, "CONFIG-REMOTE-CODE"),
    "remote code in a list": ({"auto_map": {"AutoTokenizer": [None, "a/b--tok.Fast"]}}, "CONFIG-REMOTE-CODE"),
    "remote code as a list": ({"auto_map": ["a/b--tok.Slow", None]}, "CONFIG-REMOTE-CODE"),
    "remote pipeline": ({"custom_pipelines": {"x": {"impl": "a/b--pipe.P"}}}, "CONFIG-REMOTE-CODE"),
    "custom code": ({"auto_map": {"AutoModel": "modeling.Net"}}, "CONFIG-CUSTOM-CODE"),
    "custom base": ({"auto_mapping": {"base_model_class": "A", "parent_library": "transformers_modules.a.b"}}, "CONFIG-CUSTOM-CODE"),
    "kernel": (LLAMA | {"_attn_implementation_internal": "someone/kernel"}, "CONFIG-KERNEL"),
    "kernel of a part": ({"_attn_implementation_internal": {"vision": "someone/kernel"}}, "CONFIG-KERNEL"),
    "kernel in the open": ({"text_config": {"_attn_implementation": "someone/kernel@main:x"}}, "CONFIG-KERNEL"),
    "trust": ({"a": {"trust_remote_code": True}}, "CONFIG-TRUST"),
    "target": ({"model": {"_target_": "nemo.collections.asr.Model"}}, "CONFIG-TARGET"),
    "target and params": ({"model": {"target": "ldm.models.Net", "params": {}}}, "CONFIG-TARGET"),
    "dangerous target": ({"_target_": "os.system", "command": "id"}, "CONFIG-CALL"),
    "dangerous target, deep": ({"a": [{"b": [{"_target_": "builtins.exec"}]}]}, "CONFIG-CALL"),
    "dangerous target by its tail": ({"_target_": "torch.os.system"}, "CONFIG-CALL"),
    "jsonpickle": ({"py/object": "a.B"}, "CONFIG-CALL"),
    "reduce": ({"a": {"__reduce__": ["os.system", ["id"]]}}, "CONFIG-CALL"),
    "climbing shard": ({"weight_map": {"w": "../../secret.safetensors"}}, "CONFIG-TRAVERSAL"),
    "absolute shard": ({"weight_map": {"w": "/etc/passwd"}}, "CONFIG-TRAVERSAL"),
    "backslash shard": ({"weight_map": {"w": "a\\b"}}, "CONFIG-TRAVERSAL"),
    "shard by address": ({"weight_map": {"w": "https://example.org/w"}}, "CONFIG-TRAVERSAL"),
    "template": ({"chat_template": "{{ ''.__class__ }}"}, "TEMPLATE-ESCAPE"),
    "one template of several": ({"chat_template": [{"name": "tool", "template": "{{ x | attr(y) }}"}]}, "TEMPLATE-COMPUTED"),
    "keras module at the top": ({"module": "builtins", "class_name": "exec", "config": {}}, "KERAS-MODULE"),
    "keras module": ({"config": {"layers": [{"module": "os", "class_name": "system"}]}}, "KERAS-MODULE"),
    "keras function": ({"fn": {"module": "builtins", "class_name": "function", "config": "eval"}}, "KERAS-MODULE"),
    "keras turned against itself": ({"module": "keras.config", "class_name": "enable_unsafe_deserialization"}, "KERAS-MODULE"),
    "keras get_file": ({"fn": {"module": "keras.utils", "class_name": "function", "config": "get_file"}}, "KERAS-MODULE"),
    "lambda": ({"class_name": "Lambda", "config": {}}, "KERAS-LAMBDA"),
    "lambda without a module, deep": ({"a": {"layer": {"config": {"function": {"class_name": "__lambda__"}}}}}, "KERAS-LAMBDA"),
    "torch in keras": ({"layers": [{"class_name": "TorchModuleWrapper", "module": "keras.layers"}]}, "KERAS-LOADING"),
    "vocabulary from a path": ({"class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}}, "KERAS-LOADING"),
}  # fmt: skip


def _look(content: bytes, parser=configuration) -> Probe:
    probe = Probe("config.json", nested=lambda _name, _reader: None)
    parser.inspect(Memory(content), probe)
    return probe


def _rules(content: bytes, parser=configuration) -> set[str]:
    return {finding.rule.identity for finding in _look(content, parser).findings}


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_file_passes(name):
    assert _rules(json.dumps(HONEST[name], indent=2).encode()) == set()


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_seen(name):
    document, rule = BAD[name]
    assert rule in _rules(json.dumps(document).encode())


@pytest.mark.parametrize("name", BAD)
def test_escapes_and_a_byte_order_mark_hide_nothing(name):
    document, rule = BAD[name]
    text = json.dumps(document).replace("a", "\\u0061") if "\\" not in json.dumps(document) else json.dumps(document)
    assert rule in _rules(b"\xef\xbb\xbf" + text.encode())


@pytest.mark.parametrize("version", [2, 3, 4, 5])
def test_a_pickle_in_base64_blocks(version):
    assert _rules(json.dumps({"state": PICKLED[version]}).encode()) == {"CONFIG-CALL"}


def test_a_key_that_stands_twice_needs_a_person():
    assert _rules(b'{"auto_map": 1, "a": 2, "a": 3}') >= {"CONFIG-DUPLICATE"}


@pytest.mark.parametrize(
    "content", [b"", b"{", b"nonsense", b"\xff\xfe{", b"[" * 100_000, b'{"a":' * 5000, b'{"a": 1} x']
)
def test_what_is_no_json_is_refused(content):
    with pytest.raises(Malformed):
        _look(content)


def test_a_long_document_hides_nothing_behind_its_length():
    document = {"vocab": {f"t{number}": number for number in range(600_000)}, "_target_": "os.system"}
    assert _rules(json.dumps(document).encode()) == {"CONFIG-CALL"}


@pytest.mark.parametrize("place", [0, (1 << 20) - 12, 9 << 20, 17 << 20])
def test_a_vast_file_is_searched_everywhere(place):
    padding = b'"Lambda", "a", ' * ((18 << 20) // 15)
    text = padding[:place] + b'{"_attn_implementation_internal": "someone/kernel"}' + padding[place:]
    assert _rules(text) == {"CONFIG-KERNEL"}


def test_a_document_of_countless_values_is_not_held():
    started = time.process_time()
    assert _rules(b"[" + b"[]," * 5_000_000 + b"[]]") == set()
    assert time.process_time() - started < 3


def test_facts_of_a_model():
    observed = _look(json.dumps(LLAMA | {"num_local_experts": 8, "num_experts_per_tok": 2}).encode()).observed
    assert observed.attributes["architecture"] == "LlamaForCausalLM"
    assert observed.numbers == {"context_length": 2048, "experts": 8, "experts_used": 2}
    assert observed.config is not None


def test_facts_of_a_model_with_parts():
    parts = {
        "architectures": ["A"],
        "text_config": {"max_position_embeddings": 131072},
        "quantization_config": {"quant_method": "gptq"},
    }
    observed = _look(json.dumps(parts).encode()).observed
    assert observed.numbers["context_length"] == 131072
    assert observed.attributes["quantisation"] == "gptq"


def test_facts_of_an_adapter_and_of_shards():
    assert _look(json.dumps(HONEST["adapter_config.json"]).encode()).observed.attributes["base_model"] == "org/base"
    observed = _look(json.dumps(HONEST["model.safetensors.index.json"]).encode()).observed
    assert observed.attributes["needs"] == "model-00001-of-00002.safetensors"


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["Lambda", "a/b--c.D", "os.system"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(
            ["auto_map", "chat_template", "class_name", "module", "config", "_target_", "target", "params", "weight_map", "architectures",
             "text_config", "vocabulary", "_attn_implementation", "quantization_config", "parent_library", "base_model_class", "py/object",
             "trust_remote_code", "custom_pipelines", "base_model_name_or_path", "peft_type", "num_experts"]
        ),
        inner,
        max_size=5,
    ),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=1500, deadline=None)
@given(_VALUES)
def test_any_document_ends_in_findings(document):
    _look(json.dumps(document).encode())


@settings(max_examples=1000, deadline=None)
@given(st.sampled_from(sorted(BAD)), st.integers(0, 200), st.binary(max_size=3), st.integers(0, 3))
def test_a_mutated_document_ends_in_findings_or_a_refusal(name, at, piece, cut):
    text = json.dumps(BAD[name][0]).encode()
    with contextlib.suppress(Malformed):
        _look(text[:at] + piece + text[at + cut :])


OBJECTS = {
    "apply": "!!python/object/apply:os.system ['true']",
    "new": "a:\n  - !!python/object/new:type {}",
    "name": "a: !!python/name:os.system",
    "verbatim": "a: !<tag:yaml.org,2002:python/object/apply:os.system> ['true']",
    "directive": "%TAG ! tag:yaml.org,2002:python/\n---\n!object/apply:os.system ['true']",
    "cut directive": "%TAG !p! tag:yaml.org,2002:pyth\n---\n!p!on/object/apply:os.system ['true']",
    "percent": "!!pyth%6fn/object/apply:os.system ['true']",
    "far down": "# padding\n" * 900_000 + "a: !!python/object/apply:os.system ['true']",
}


@pytest.mark.parametrize("name", OBJECTS)
def test_a_tag_that_builds_an_object_blocks(name):
    found = {finding.severity for finding in _look(OBJECTS[name].encode(), yaml).findings}
    assert found == {Severity.BLOCK}


def test_targets_in_yaml_are_graded():
    assert _rules(b"model:\n  _target_: nemo.Model\n", yaml) == {"CONFIG-TARGET"}
    assert _rules(b"model:\n  _target_: os.system\n", yaml) == {"CONFIG-CALL"}


def test_plain_yaml_passes():
    text = b"a: 50%25\nb: !!python/tuple [1, 2]\nlicence: apache-2.0\nlanguages: [python, c]\nd: 'see !important'\n"
    assert _rules(text, yaml) == set()
