"""Python source, read as a syntax tree and never run."""

import ast
import re
import warnings

from brightline.inspection.finding import Rule, Severity
from brightline.inspection.probe import Probe
from brightline.release.reader import Reader

SIZE = 4 << 20
TOKENS = 200_000  # beyond it a syntax tree would fill memory; the longest model code in use has a third of it
DEPTH = 50  # of a dotted name

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

_RUN = frozenset({"exec", "eval", "compile", "__import__", "execfile"})
_SHELL = re.compile(
    r"^(os\.(system|popen|exec\w*|spawn\w*|posix_spawn\w*|startfile)|subprocess\.\w+|pty\.spawn|commands\.\w+|ctypes\.(CDLL|cdll\..*|windll\..*)|runpy\.\w+)$"
)
_DECODE = re.compile(
    r"(b64decode|b32decode|b85decode|a85decode|unhexlify|fromhex|decompress|marshal\.loads|rot13|codecs\.decode)$"
)
_DECODED_TEXT = "<decoded>"
_MODULES = frozenset({"os", "subprocess", "builtins", "pickle", "base64", "socket", "__builtins__"})
_UNPICKLE = frozenset({"pickle.Unpickler", "pickle.load", "pickle.loads", "cPickle.load", "dill.load", "dill.loads", "cloudpickle.load", "joblib.load", "marshal.loads", "pandas.read_pickle", "pd.read_pickle", "shelve.open", "_pickle.loads"})  # fmt: skip
_CONNECT = re.compile(
    r"^(socket\.(socket|create_connection)|urllib\.request\.\w+|(?:requests|httpx)\.(get|post|put|request|Session)|http\.client\.\w+|ftplib\.\w+|smtplib\.\w+|paramiko\.\w+|telnetlib\.\w+|urllib2\.urlopen)$"
)


def inspect(reader: Reader, probe: Probe) -> None:
    """Judge every call in the file."""
    if reader.size > SIZE:
        probe.find(UNPARSED, f"a Python file of {reader.size} bytes")
        return
    text = reader.read(0, SIZE)
    if sum(1 for _ in re.finditer(rb"\w+|[^\w\s]", text)) > TOKENS:
        probe.find(UNPARSED, f"more than {TOKENS} tokens")
        return
    tree = _parse(text, probe)
    if tree is None:
        return
    names = _imports(tree)
    _assigned(tree, names)
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


def _assigned(tree: ast.Module, names: dict[str, str]) -> None:
    """`run = os.system` and `code = b64decode(text)`: a name stands for what was assigned to it; decoded text is DECODED."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign) or len(node.targets) != 1 or not isinstance(node.targets[0], ast.Name):
            continue
        target, value = node.targets[0].id, node.value
        alias = _name(value, names)
        if alias in _RUN or _SHELL.match(alias) or alias in _UNPICKLE or alias in _MODULES:
            names[target] = alias
        elif any(_is_decoded(part, names) for part in ast.walk(value)):
            names[target] = _DECODED_TEXT


def _is_decoded(node: ast.AST, names: dict[str, str]) -> bool:
    if isinstance(node, ast.Call):
        return _DECODE.search(_name(node.func, names)) is not None
    return isinstance(node, ast.Name) and names.get(node.id) == _DECODED_TEXT


def _text(node: ast.AST) -> str | None:
    """A string, also one put together by `+`."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and not isinstance(node.left, ast.BinOp):
        left, right = _text(node.left), _text(node.right)
        return left + right if left is not None and right is not None else None
    return None


def _name(node: ast.expr, names: dict[str, str], depth: int = 0) -> str:
    """The dotted name of what is called; `getattr(os, "system")`, `__import__("os").system`, `vars(os)["system"]` too."""
    found = _spelled(node, names, depth)
    return re.sub(r"^(?:__builtins__|builtins)\.|^sys\.modules\.", "", found)


def _spelled(node: ast.expr, names: dict[str, str], depth: int) -> str:
    if depth > DEPTH:
        return ""
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        owner = _name(node.value, names, depth + 1)
        return owner if node.attr == "__dict__" else f"{owner}.{node.attr}"
    if isinstance(node, ast.Subscript) and (key := _text(node.slice)) is not None:
        return f"{_name(node.value, names, depth + 1)}.{key}"
    if isinstance(node, ast.Call) and node.args:
        called, first = _name(node.func, names, depth + 1), node.args[0]
        if called in ("__import__", "importlib.import_module"):
            return _text(first) or ""
        if called == "vars":
            return _name(first, names, depth + 1)
        if called == "getattr" and len(node.args) > 1 and (key := _text(node.args[1])) is not None:
            return f"{_name(first, names, depth + 1)}.{key}"
    return ""


def _call(node: ast.Call, names: dict[str, str], probe: Probe) -> None:
    called = _name(node.func, names)
    if called in _RUN or _SHELL.match(called):
        if any(_is_decoded(part, names) for argument in node.args for part in ast.walk(argument)):
            probe.find(DECODED, f"line {node.lineno}: {called} of something decoded")
        elif called not in ("compile", "__import__"):
            probe.find(SHELL, f"line {node.lineno}: {called}(...)")
    elif called in _UNPICKLE or (called == "torch.load" and _unsafe_load(node)):
        probe.find(UNPICKLES, f"line {node.lineno}: {called}(...)")
    elif _CONNECT.match(called):
        probe.find(NETWORK, f"line {node.lineno}: {called}(...)")


def _unsafe_load(node: ast.Call) -> bool:
    return any(
        word.arg == "weights_only" and isinstance(word.value, ast.Constant) and word.value.value is False
        for word in node.keywords
    )
