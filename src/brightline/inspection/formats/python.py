"""Python source, read as a syntax tree and never run."""

import ast
import re
import warnings

from brightline.inspection.finding import Rule, Severity
from brightline.inspection.probe import Probe
from brightline.release.reader import Reader

SIZE = 4 << 20

DECODED = Rule(
    identity="PYTHON-DECODED",
    severity=Severity.BLOCK,
    title="Code that is decoded and then run",
    why="Code that hides itself from readers has a reason to.",
    remedy="Write the code out.",
    example="exec(base64.b64decode(...))",
    source="MITRE ATT&CK T1027",
)
SHELL = Rule(
    identity="PYTHON-SHELL",
    severity=Severity.REVIEW,
    title="Code that starts programs or runs strings",
    why="Loading a model should not start programs.",
    remedy="Remove it, or have a person approve it.",
    example="subprocess.run([...]); eval(text)",
    source="Bandit B102, B307, B602 to B607",
)
UNPICKLES = Rule(
    identity="PYTHON-UNPICKLES",
    severity=Severity.REVIEW,
    title="Code that unpickles",
    why="The pickles that it opens run code of their own.",
    remedy="Read safetensors, or torch.load(..., weights_only=True).",
    example="torch.load(path, weights_only=False)",
    source="Bandit B301, B614",
)
NETWORK = Rule(
    identity="PYTHON-NETWORK",
    severity=Severity.REVIEW,
    title="Code that opens connections",
    why="What it fetches was not judged, and what it sends leaves the machine.",
    remedy="Put what it fetches into the release, or have a person approve it.",
    example="socket.create_connection(...)",
    source="MITRE ATT&CK T1105",
)
UNPARSED = Rule(
    identity="PYTHON-UNPARSED",
    severity=Severity.REVIEW,
    title="Python that cannot be parsed",
    why="What was not read was not judged.",
    remedy="Mend the file, or name it for what it is.",
    example="Python 2, or a truncated file.",
    source="HOUSE law 6",
)
RULES = (DECODED, SHELL, UNPICKLES, NETWORK, UNPARSED)

_RUN = frozenset({"exec", "eval", "compile", "__import__", "builtins.exec", "builtins.eval"})
_SHELL = re.compile(
    r"^(os\.(system|popen|exec\w*|spawn\w*|posix_spawn\w*|startfile)|subprocess\.\w+|pty\.spawn|commands\.\w+|ctypes\.(CDLL|cdll\..*|windll\..*)|runpy\.\w+)$"
)
_DECODE = re.compile(
    r"(b64decode|b32decode|b85decode|a85decode|unhexlify|fromhex|decompress|marshal\.loads|rot13|codecs\.decode)$"
)
_UNPICKLE = frozenset({"pickle.load", "pickle.loads", "cPickle.load", "dill.load", "dill.loads", "cloudpickle.load", "joblib.load", "marshal.loads", "pandas.read_pickle", "pd.read_pickle", "shelve.open", "_pickle.loads"})  # fmt: skip
_CONNECT = re.compile(
    r"^(socket\.(socket|create_connection)|urllib\.request\.\w+|requests\.(get|post|put|request|Session)|http\.client\.\w+|ftplib\.\w+|smtplib\.\w+|paramiko\.\w+|telnetlib\.\w+|urllib2\.urlopen)$"
)


def inspect(reader: Reader, probe: Probe) -> None:
    """Judge every call in the file."""
    if reader.size > SIZE:
        probe.find(UNPARSED, f"a Python file of {reader.size} bytes")
        return
    tree = _parse(reader.read(0, SIZE), probe)
    if tree is None:
        return
    names = _imports(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            _call(node, names, probe)


def _parse(text: bytes, probe: Probe) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a model's invalid escapes are none of our reader's business
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as trouble:
        probe.find(UNPARSED, f"{type(trouble).__name__}: {trouble}"[:200])
        if re.search(rb"exec\s*\(\s*\w*\.?(b64decode|decompress|loads|decode)", text):
            probe.find(DECODED, "exec of something decoded, in a file that cannot be parsed")
        return None


def _imports(tree: ast.Module) -> dict[str, str]:
    """Local name -> what it stands for, so that `from os import system as s` is seen through."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def _name(node: ast.expr, names: dict[str, str]) -> str:
    """The dotted name of what is called; `getattr(os, "system")` and `__import__("os").system` are seen through."""
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        return f"{_name(node.value, names)}.{node.attr}"
    if isinstance(node, ast.Call) and node.args:
        called = _name(node.func, names)
        first = node.args[0]
        if called in ("__import__", "importlib.import_module") and isinstance(first, ast.Constant):
            return str(first.value)
        if called == "getattr" and len(node.args) > 1 and isinstance(node.args[1], ast.Constant):
            return f"{_name(first, names)}.{node.args[1].value!s}"
    return ""


def _call(node: ast.Call, names: dict[str, str], probe: Probe) -> None:
    called = _name(node.func, names)
    if called in _RUN:
        decoded = next((name for name in _inner_calls(node, names) if _DECODE.search(name)), None)
        if decoded:
            probe.find(DECODED, f"line {node.lineno}: {called}({decoded}(...))")
        elif called not in ("compile", "__import__"):
            probe.find(SHELL, f"line {node.lineno}: {called}(...)")
    elif _SHELL.match(called):
        decoded = next((name for name in _inner_calls(node, names) if _DECODE.search(name)), None)
        probe.find(DECODED if decoded else SHELL, f"line {node.lineno}: {called}(...)")
    elif called in _UNPICKLE or (called == "torch.load" and _unsafe_load(node)):
        probe.find(UNPICKLES, f"line {node.lineno}: {called}(...)")
    elif _CONNECT.match(called):
        probe.find(NETWORK, f"line {node.lineno}: {called}(...)")


def _inner_calls(node: ast.Call, names: dict[str, str]) -> list[str]:
    return [_name(inner.func, names) for inner in ast.walk(node) if isinstance(inner, ast.Call) and inner is not node]


def _unsafe_load(node: ast.Call) -> bool:
    return any(
        word.arg == "weights_only" and isinstance(word.value, ast.Constant) and word.value.value is False
        for word in node.keywords
    )
