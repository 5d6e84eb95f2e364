"""Keras v3 files: the configuration inside is judged, every other member is a file of its own."""

import contextlib
import io
import json
import zipfile

import h5py
import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brightline.inspection.finding import Severity
from brightline.inspection.formats import keras
from brightline.inspection.probe import Malformed, Probe
from brightline.release.reader import Memory

DENSE = {"module": "keras.layers", "class_name": "Dense", "config": {"units": 2}, "registered_name": None}
CODE = {"class_name": "__lambda__", "config": {"code": "4wEAAAA=", "defaults": None, "closure": None}}
LAMBDA = {"module": "keras.layers", "class_name": "Lambda", "config": {"function": CODE}, "registered_name": None}


def _model(*layers) -> dict[str, object]:
    return {"module": "keras", "class_name": "Sequential", "config": {"layers": list(layers)}, "registered_name": None}


def _wrapped(layer) -> dict[str, object]:
    return {
        "module": "keras.layers",
        "class_name": "TimeDistributed",
        "config": {"layer": layer},
        "registered_name": None,
    }


def _archive(config: object, **others: bytes) -> bytes:
    weights = io.BytesIO()
    with h5py.File(weights, "w") as file:
        file.create_dataset("layers/dense/vars/0", data=numpy.ones((2, 2), "f4"))
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.5.0"}))
        archive.writestr("config.json", config if isinstance(config, str) else json.dumps(config))
        archive.writestr("model.weights.h5", weights.getvalue())
        for name, content in others.items():
            archive.writestr(name, content)
    return memory.getvalue()


def _look(content: bytes) -> tuple[dict[str, Severity], list[str]]:
    inner: list[str] = []
    probe = Probe("model.keras", nested=lambda name, _reader: inner.append(name))
    keras.inspect(Memory(content), probe)
    return {finding.rule.identity: finding.severity for finding in probe.findings}, inner


def test_an_honest_model_passes_and_its_members_are_inspected():
    assert _look(_archive(_model(DENSE, _wrapped(DENSE)))) == ({}, ["metadata.json", "model.weights.h5"])


@pytest.mark.parametrize("layer", [LAMBDA, _wrapped(LAMBDA), _wrapped(_wrapped(LAMBDA)), _model(DENSE, LAMBDA), CODE])
def test_a_lambda_blocks_at_any_depth(layer):
    assert _look(_archive(_model(DENSE, layer)))[0]["KERAS-LAMBDA"] is Severity.BLOCK


def test_a_lambda_written_with_escapes_blocks():
    text = json.dumps(_model(LAMBDA)).replace("ambda", "\\u0061mbd\\u0061")
    assert "KERAS-LAMBDA" in _look(_archive(text))[0]


@pytest.mark.parametrize(
    "module", ["os", "builtins", "subprocess", "evil_package", "kerasx.layers", "keras.src.saving.saving_lib"]
)
def test_a_module_from_outside_blocks(module):
    layer = {"module": module, "class_name": "system", "config": {}, "registered_name": "system"}
    assert "KERAS-MODULE" in _look(_archive(_model(_wrapped(layer))))[0]


def test_a_layer_that_unpickles_blocks():
    layer = {
        "module": "keras.layers",
        "class_name": "TorchModuleWrapper",
        "config": {"module": "gAJ9"},
        "registered_name": None,
    }
    assert "KERAS-LOADING" in _look(_archive(_model(layer)))[0]


def test_what_else_is_in_the_archive_is_inspected():
    assert "payload.pkl" in _look(_archive(_model(DENSE), **{"payload.pkl": b"x"}))[1]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", _archive("no JSON")])
def test_what_is_no_keras_file_is_refused(content):
    with pytest.raises(Malformed):
        _look(content)


def test_a_cut_archive_blocks():
    assert _look(_archive(_model(DENSE))[:-30])[0]["ARCHIVE-TRUNCATED"] is Severity.BLOCK


_SEED = _archive(_model(DENSE, LAMBDA))


@settings(max_examples=800, deadline=None)
@given(st.integers(0, len(_SEED)), st.binary(min_size=1, max_size=8))
def test_a_mutated_file_ends_in_findings_or_a_refusal(at, piece):
    with contextlib.suppress(Malformed):
        _look(_SEED[:at] + piece + _SEED[at + len(piece) :])
