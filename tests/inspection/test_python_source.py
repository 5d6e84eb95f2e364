"""Python source is read as a tree and never run: model code passes, what runs what it decoded does not."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brightline.inspection.finding import Severity
from brightline.inspection.formats import python
from brightline.inspection.probe import Probe
from brightline.release.reader import Memory

MODEL = '''
"""A model in its own file."""
import math, os, re
import torch
from torch import nn
from transformers import PreTrainedModel

class Attention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.proj = nn.Linear(config.hidden_size, config.hidden_size)
        self.pattern = re.compile(r"layer\\.(\\d+)")

    def forward(self, x, mask=None):
        return torch.softmax(self.proj(x) / math.sqrt(x.shape[-1]), dim=-1)

class Net(PreTrainedModel):
    def load(self, path):
        self.eval()
        self.compile()
        getattr(self, "tie_weights")()
        weights = torch.load(os.path.join(path, "w.pt"), weights_only=True)
        text = open(path, "rb").read().decode("utf-8")
        return torch.compile(self), weights, text
'''
DECODED = {
    "at once": "import base64\nexec(base64.b64decode('cHJpbnQoMSk='))",
    "in steps": "import base64, zlib\na = base64.b64decode('x')\nb = zlib.decompress(a)\nexec(b)",
    "imported by name": "from base64 import b64decode as d\nexec(compile(d('x'), 'a', 'exec'))",
    "marshal": "import marshal\nexec(marshal.loads(b'x'))",
    "eval": "eval(bytes.fromhex('31').decode())",
    "shell": "import os, base64\nos.system(base64.b64decode('bHM=').decode())",
    "unparsable": "exec(base64.b64decode('x'))\nprint 'Python 2'",
    "another name": "import base64\nrun = exec\nrun(base64.b64decode('x'))",
    "by builtins": "import base64\n__builtins__['ex' + 'ec'](base64.b64decode('x'))",
    "by getattr": "import base64, builtins\ngetattr(builtins, 'ex' + 'ec')(base64.b64decode('x'))",
}
SUSPECT = {
    "exec(text)": "PYTHON-SHELL",
    "eval(text)": "PYTHON-SHELL",
    "import os\nos.system('true')": "PYTHON-SHELL",
    "from os import system as s\ns('true')": "PYTHON-SHELL",
    "import os\nrun = os.system\nrun('true')": "PYTHON-SHELL",
    "import os as o\no.popen('true')": "PYTHON-SHELL",
    "__import__('os').system('true')": "PYTHON-SHELL",
    "import importlib\nimportlib.import_module('o' + 's').system('true')": "PYTHON-SHELL",
    "import os\ngetattr(os, 'sys' + 'tem')('true')": "PYTHON-SHELL",
    "import os\nvars(os)['system']('true')": "PYTHON-SHELL",
    "import os\nos.__dict__['system']('true')": "PYTHON-SHELL",
    "import sys\nsys.modules['os'].system('true')": "PYTHON-SHELL",
    "import subprocess\nsubprocess.run(['true'])": "PYTHON-SHELL",
    "import ctypes\nctypes.CDLL('x.so')": "PYTHON-SHELL",
    "import pickle\npickle.load(f)": "PYTHON-UNPICKLES",
    "import pickle\npickle.Unpickler(f).load()": "PYTHON-UNPICKLES",
    "import torch\ntorch.load(f, weights_only=False)": "PYTHON-UNPICKLES",
    "import socket\nsocket.create_connection(('a', 1))": "PYTHON-NETWORK",
    "import requests\nrequests.get('https://example.org')": "PYTHON-NETWORK",
    "from urllib.request import urlopen\nurlopen('https://example.org')": "PYTHON-NETWORK",
    "def f(:": "PYTHON-UNPARSED",
    "a = 1\x00": "PYTHON-UNPARSED",
    "print 'Python 2'": "PYTHON-UNPARSED",
}


def _findings(text: str | bytes) -> dict[str, Severity]:
    probe = Probe("modeling.py", nested=lambda _name, _reader: None)
    python.inspect(Memory(text.encode() if isinstance(text, str) else text), probe)
    return {finding.rule.identity: finding.severity for finding in probe.findings}


def test_model_code_passes():
    assert _findings(MODEL) == {}


@pytest.mark.parametrize("name", DECODED)
def test_what_is_decoded_and_run_blocks(name):
    assert _findings(DECODED[name]).get("PYTHON-DECODED") == Severity.BLOCK


@pytest.mark.parametrize("text", SUSPECT)
def test_what_reaches_out_needs_a_person(text):
    assert _findings(text) == {SUSPECT[text]: Severity.REVIEW}


def test_decoding_alone_passes():
    assert _findings("import base64\nimage = base64.b64decode(text)\nshow(image)") == {}


@pytest.mark.parametrize(
    "text",
    ["1;" * 500_000, "a" + "+a" * 90_000, "a" + ".a" * 1400 + "()", "-" * 90_000 + "1", "(" * 90_000, "f" + "()" * 40_000, "lambda:" * 40_000 + "1"],
)  # fmt: skip
def test_hostile_shapes_end_soon(text):
    started = time.process_time()
    assert set(_findings(text)) <= {"PYTHON-UNPARSED"}
    assert time.process_time() - started < 3


@settings(max_examples=1000, deadline=None)
@given(
    st.sampled_from([MODEL, *DECODED.values(), *SUSPECT]), st.integers(0, 900), st.binary(max_size=3), st.integers(0, 4)
)
def test_a_mutated_file_ends_in_findings(text, at, piece, cut):
    content = text.encode()
    _findings(content[:at] + piece + content[at + cut :])
