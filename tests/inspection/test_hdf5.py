"""HDF5 as h5py writes it: what lies in the file is counted, what lies outside it is told."""

import contextlib
import io
import json
import time

import h5py
import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brightline.inspection.formats import hdf5
from brightline.inspection.probe import Malformed, Probe
from brightline.release.reader import Memory

DENSE = {"class_name": "Dense", "config": {"name": "dense", "units": 4, "activation": "relu"}}
LAMBDA = {"class_name": "Lambda", "config": {"name": "f", "function": ["4wEAAAA=", None, None]}}
PLAIN = {"class_name": "Sequential", "config": {"name": "m", "layers": [DENSE]}}
CODED = {"class_name": "Sequential", "config": {"layers": [DENSE, LAMBDA]}}
NESTED = {
    "class_name": "Functional",
    "config": {"layers": [{"class_name": "TimeDistributed", "config": {"layer": CODED}}]},
}
IMPORTING = {
    "class_name": "Functional",
    "config": {"layers": [{"module": "builtins", "class_name": "exec", "config": {}}]},
}


def _file(write, **how) -> bytes:
    memory = io.BytesIO()
    with h5py.File(memory, "w", **how) as file:
        write(file)
    return memory.getvalue()


def _weights(file, layers=3, track_order=None) -> None:
    """As Keras writes weights: groups of groups, names of layers and weights as attributes."""
    names = [f"dense_{number}" for number in range(layers)]
    file.attrs["layer_names"] = [name.encode() for name in names]
    file.attrs["backend"], file.attrs["keras_version"] = "tensorflow", "2.15.0"
    for name in names:
        group = file.create_group(name, track_order=track_order)
        group.attrs["weight_names"] = [b"kernel:0", b"bias:0"]
        inner = group.create_group(name)
        inner.create_dataset("kernel:0", data=numpy.ones((8, 4), "f4"))
        inner.create_dataset("bias:0", data=numpy.ones(4, "f2"))


def _model(config, fixed=False):
    def write(file) -> None:
        text = json.dumps(config) if isinstance(config, dict) else config
        file.attrs["model_config"] = numpy.bytes_(text.encode()) if fixed else text
        _weights(file.create_group("model_weights"))

    return write


def _look(content: bytes) -> Probe:
    probe = Probe("model.h5", nested=lambda _name, _reader: None)
    hdf5.inspect(Memory(content), probe)
    return probe


def _rules(content: bytes) -> set[str]:
    return {finding.rule.identity for finding in _look(content).findings}


@pytest.mark.parametrize("how", [{}, {"libver": "latest"}, {"libver": ("earliest", "v110")}, {"userblock_size": 1024}])
def test_plain_weights_pass_and_are_counted(how):
    probe = _look(_file(_weights, **how))
    assert probe.findings == []
    assert probe.observed.parameters == {"F32": 96, "F16": 12}


def test_many_layers_are_all_counted():
    probe = _look(_file(lambda file: _weights(file, layers=300)))
    assert probe.findings == []
    assert probe.observed.parameters == {"F32": 9600, "F16": 1200}


@pytest.mark.parametrize("fixed", [True, False])
@pytest.mark.parametrize("how", [{}, {"libver": "latest"}])
def test_an_honest_model_passes(fixed, how):
    assert _rules(_file(_model(PLAIN, fixed), **how)) == set()


@pytest.mark.parametrize("fixed", [True, False])
@pytest.mark.parametrize("how", [{}, {"libver": "latest"}, {"userblock_size": 512}])
@pytest.mark.parametrize("config", [CODED, NESTED])
def test_a_lambda_blocks_wherever_it_stands(config, how, fixed):
    assert "KERAS-LAMBDA" in _rules(_file(_model(config, fixed), **how))


@pytest.mark.parametrize("fixed", [True, False])
def test_a_lambda_written_with_escapes_blocks(fixed):
    text = json.dumps(CODED).replace("Lambda", "\\u004cambda")
    assert "KERAS-LAMBDA" in _rules(_file(_model(text, fixed)))


@pytest.mark.parametrize("fixed", [True, False])
def test_a_module_from_outside_keras_blocks(fixed):
    assert "KERAS-MODULE" in _rules(_file(_model(IMPORTING, fixed)))


def test_a_configuration_that_is_no_json_needs_a_person():
    assert _rules(_file(_model("{'python': 'repr'}"))) == {"HDF5-OPAQUE"}


def _external_link(file) -> None:
    _weights(file)
    file["outside"] = h5py.ExternalLink("other.h5", "/data")


def _external_link_deep(file) -> None:
    _weights(file)
    file.create_group("a").create_group("b")["outside"] = h5py.ExternalLink("other.h5", "/data")


def _external_storage(file) -> None:
    _weights(file)
    file.create_dataset("outside", (4,), "u1", external=[("outside.bin", 0, 4)])


def _virtual(file) -> None:
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "data", (4,))
    file.create_virtual_dataset("outside", layout)


@pytest.mark.parametrize("write", [_external_link, _external_link_deep, _external_storage, _virtual])
@pytest.mark.parametrize("how", [{}, {"libver": "latest"}, {"userblock_size": 512}])
def test_what_lies_outside_the_file_blocks(write, how):
    assert "HDF5-EXTERNAL" in _rules(_file(write, **how))


def test_a_soft_link_passes():
    def write(file) -> None:
        _weights(file)
        file["alias"] = h5py.SoftLink("/dense_0")
        file["again"] = file["dense_0"]

    probe = _look(_file(write))
    assert probe.findings == []
    assert probe.observed.parameters["F32"] == 96


def test_a_false_base_address_hides_nothing():
    """The library counts from the signature; a reader that believed the stored base would look elsewhere."""
    content = bytearray(_file(_external_link))
    content[24:32] = (1 << 10).to_bytes(8, "little")
    content[40:48] = (len(content) + (1 << 10)).to_bytes(8, "little")
    with h5py.File(io.BytesIO(bytes(content))) as file:
        assert "outside" in file
    assert "HDF5-EXTERNAL" in _rules(bytes(content))


def test_a_circle_of_groups_ends():
    def write(file) -> None:
        group = file.create_group("a")
        group["back"] = file["/"]

    assert _rules(_file(write)) == set()


def _crowd(file, count) -> None:
    for number in range(count):
        file.create_dataset(f"w{number}", data=numpy.ones(2, "f4"))


@pytest.mark.parametrize("count", [20, 300, 2500])
@pytest.mark.parametrize("how", [{"libver": "latest"}, {"track_order": True}])
def test_densely_stored_links_are_all_followed(count, how):
    probe = _look(_file(lambda file: _crowd(file, count), **how))
    assert probe.findings == []
    assert probe.observed.parameters == {"F32": 2 * count}


@pytest.mark.parametrize("write", [_external_link, _external_storage, _virtual])
@pytest.mark.parametrize("count", [30, 1200])
def test_what_lies_outside_blocks_from_dense_storage_too(write, count):
    def dense(file) -> None:
        _crowd(file, count)
        write(file)

    assert _rules(_file(dense, libver="latest")) == {"HDF5-EXTERNAL"}


@pytest.mark.parametrize("fixed", [True, False])
def test_densely_stored_attributes_are_read(fixed):
    def write(file) -> None:
        for number in range(40):
            file.attrs[f"a{number}"] = number
        _model(IMPORTING, fixed)(file)

    assert _rules(_file(write, libver="latest")) == {"KERAS-MODULE"}


@pytest.mark.parametrize("at", [7, 8, 30, 100, 600, -10, -1])
def test_a_truncated_file_is_refused(at):
    with pytest.raises(Malformed):
        _look(_file(_weights)[:at])


_SEEDS = [
    _file(_model(CODED)),
    _file(_model(PLAIN), libver="latest"),
    _file(_external_link),
    _file(_virtual, libver="latest"),
]
_STUMBLES = (Malformed, IndexError, ValueError, OverflowError)  # what examination.py turns into FILE-INCONSISTENT


@settings(max_examples=3000, deadline=None)
@given(
    st.sampled_from(_SEEDS),
    st.integers(0, 4096),
    st.sampled_from([b"\xff", b"\x00", b"\xff" * 8, b"\x01", b"\x7f", b"\x00" * 8, b"\x80"]),
)
def test_a_mutated_file_ends_in_findings_or_a_refusal(seed, at, piece):
    started = time.process_time()
    with contextlib.suppress(*_STUMBLES):
        _look(seed[:at] + piece + seed[at + len(piece) :])
    assert time.process_time() - started < 1
