"""Jinja chat templates, judged by their syntax tree and never rendered.

transformers and llama-cpp-python render them with every message: a template that escapes its sandbox runs code, one that
hides an instruction speaks for the user.
"""

import re
from typing import TYPE_CHECKING, Any

from brightline.inspection.finding import Rule, Severity
from brightline.inspection.probe import Malformed, Probe
from brightline.release.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Callable

    from jinja2 import nodes

SIZE = 1 << 20
NESTING = 200
RANGE = 1_000_000

ESCAPE = Rule(
    identity="TEMPLATE-ESCAPE",
    severity=Severity.BLOCK,
    title="A template that reaches for Python's internals",
    why="Rendered outside a sandbox, it runs any command on the machine that serves the model.",
    remedy="Take the template from the model's authors; an honest one only walks over messages.",
    example="{{ ''.__class__.__mro__[1].__subclasses__() }}",
    source="CVE-2024-34359 (llama-cpp-python); PortSwigger, Server-side template injection",
)
COMPUTED = Rule(
    identity="TEMPLATE-COMPUTED",
    severity=Severity.BLOCK,
    title="An attribute whose name is computed",
    why="Names put together from parts are how a template slips past a search for what is forbidden.",
    remedy="Write the attribute's name out.",
    example="{{ x | attr(a ~ b) }}",
    source="Jinja documentation, Sandbox, security considerations",
)
LOADING = Rule(
    identity="TEMPLATE-LOADING",
    severity=Severity.BLOCK,
    title="A template that loads another",
    why="What it loads is not in the release and was not judged.",
    remedy="Put the whole template into one file.",
    example="{% include '/etc/passwd' %}",
    source="Jinja documentation, Import and Include",
)
ENDLESS = Rule(
    identity="TEMPLATE-ENDLESS",
    severity=Severity.BLOCK,
    title="A loop or a string without a reasonable end",
    why="Rendering one message keeps a server busy for ever or fills its memory.",
    remedy="Loop over messages and tools only.",
    example="{% for i in range(10**9) %}",
    source="CWE-400; Jinja sandbox MAX_RANGE",
)
UNPARSED = Rule(
    identity="TEMPLATE-UNPARSED",
    severity=Severity.REVIEW,
    title="A template that cannot be parsed",
    why="What was not read was not judged; another engine may read it.",
    remedy="Mend the template, or have a person read it.",
    example="{% for m in messages %} without an end",
    source="HOUSE law 6",
)
HIDDEN = Rule(
    identity="TEMPLATE-HIDDEN",
    severity=Severity.REVIEW,
    title="Invisible characters in a template",
    why="They can carry instructions that the model reads and a person does not see.",
    remedy="Remove them.",
    example="Characters of the Unicode tag block in a system prompt.",
    source="Trojan Source, CVE-2021-42574; Unicode TR 36",
)
RULES = (ESCAPE, COMPUTED, LOADING, ENDLESS, UNPARSED, HIDDEN)

_DUNDER = re.compile(r"__\w+__")
_INTERNALS = frozenset({
    "mro", "func_globals", "gi_frame", "gi_code", "f_globals", "f_locals", "f_builtins", "cr_frame", "ag_frame", "tb_frame", "popen",
    "system", "subprocess", "func_code", "co_code", "_module", "builtins", "importlib", "_TemplateReference__context", "exec", "eval",
})  # fmt: skip
_INVISIBLE = re.compile("[\u202a-\u202e\u2066-\u2069\U000e0001-\U000e007f]|[\u200b\u2060]{4,}")
_GENERATION = re.compile(
    r"\{%-?\s*(?:end)?generation\s*-?%\}"
)  # transformers' own tag: which tokens the assistant made


def inspect(reader: Reader, probe: Probe) -> None:
    """A `.jinja` file."""
    if reader.size > SIZE:
        raise Malformed(f"a template of {reader.size} bytes")
    inspect_template(reader.read(0, SIZE).decode("utf-8", "replace"), probe, "the template")


def inspect_template(text: str, probe: Probe, where: str) -> None:
    """Judge one template; `where` says where it stands in the file."""
    if _INVISIBLE.search(text):
        probe.find(HIDDEN, f"{where}: characters that nobody sees")
    if "{" not in text:
        return
    tree = _parse(text, probe, where)
    if tree is None:
        return
    judge = _Judge(probe, where)
    judge.walk(tree)


def _parse(text: str, probe: Probe, where: str) -> "nodes.Template | None":
    """None where it cannot be parsed; then the text itself is searched."""
    from jinja2 import Environment, TemplateError  # noqa: PLC0415 - only templates need it; see start-up time

    plain = _GENERATION.sub("", text)
    deepest = max((len(run) for run in re.findall(r"[(\[{]{20,}", plain)), default=0)
    if len(text) > SIZE or deepest > NESTING or plain.count("(") > 20_000:
        probe.find(UNPARSED, f"{where}: larger or deeper than any honest template")
        return None
    try:
        environment = Environment(extensions=["jinja2.ext.loopcontrols", "jinja2.ext.do"], autoescape=True)
        return environment.parse(plain)
    except (TemplateError, RecursionError, ValueError, OverflowError) as trouble:
        probe.find(UNPARSED, f"{where}: {type(trouble).__name__}: {trouble}"[:200])
        if _DUNDER.search(_unescaped(plain)):
            probe.find(ESCAPE, f"{where}: names like {_DUNDER.search(_unescaped(plain))[0]}")  # type: ignore[index]
    return None


def _unescaped(text: str) -> str:
    return re.sub(r"\\x([0-9a-fA-F]{2})", lambda match: chr(int(match[1], 16)), text)


class _Judge:
    """Walks a syntax tree, without recursion, and judges every node that can reach outside."""

    def __init__(self, probe: Probe, where: str) -> None:
        self.probe, self.where = probe, where

    def find(self, rule: Rule, message: str) -> None:
        self.probe.find(rule, f"{self.where}: {message}")

    def walk(self, tree: "nodes.Node") -> None:
        from jinja2 import nodes  # noqa: PLC0415

        waiting: list[Any] = [tree]
        while waiting:
            node = waiting.pop()
            waiting.extend(node.iter_child_nodes())
            if isinstance(node, nodes.Getattr):
                self._name(node.attr)
            elif isinstance(node, nodes.Getitem):
                self._item(node)
            elif isinstance(node, nodes.Filter) and node.name in (
                "attr",
                "map",
                "selectattr",
                "rejectattr",
                "groupby",
                "sort",
                "sum",
            ):
                self._filter(node)
            elif isinstance(node, nodes.Include | nodes.Import | nodes.FromImport | nodes.Extends):
                self.find(LOADING, "loads another template")
            elif isinstance(node, nodes.Call):
                self._call(node)
            elif isinstance(node, nodes.Name):
                self._name(node.name)
            elif isinstance(node, nodes.Mul | nodes.Pow | nodes.Concat | nodes.Add | nodes.Const | nodes.Mod):
                self._constant(node)

    def _name(self, name: str) -> None:
        if _DUNDER.search(name) or name in _INTERNALS:
            self.find(ESCAPE, f"uses {name!r}")

    def _item(self, node: "nodes.Getitem") -> None:
        value = fold(node.arg)
        if isinstance(value, str):
            self._name(value)

    def _filter(self, node: "nodes.Filter") -> None:
        """`x|attr(name)`, and the filters that take an attribute's name."""
        named = [*node.args[:1], *(pair.value for pair in node.kwargs if pair.key == "attribute")]
        for argument in named:
            value = fold(argument)
            if isinstance(value, str):
                for part in value.split("."):
                    self._name(part)
            elif node.name == "attr":
                self.find(COMPUTED, "an attribute whose name is computed")

    def _call(self, node: "nodes.Call") -> None:
        from jinja2 import nodes  # noqa: PLC0415

        if isinstance(node.node, nodes.Name) and node.node.name in (
            "getattr",
            "open",
            "exec",
            "eval",
            "compile",
            "__import__",
        ):
            self.find(ESCAPE, f"calls {node.node.name}")
        if isinstance(node.node, nodes.Name) and node.node.name == "range":
            sizes = [fold(argument) for argument in node.args]
            if any(isinstance(size, int) and abs(size) > RANGE for size in sizes):
                self.find(ENDLESS, "a range of more than a million steps")

    def _constant(self, node: Any) -> None:
        value = fold(node)
        if isinstance(value, str) and (_DUNDER.fullmatch(value.strip()) or (_DUNDER.search(value) and len(value) < 64)):
            self.find(ESCAPE, f"puts together the name {_DUNDER.search(value)[0]!r}")  # type: ignore[index]
        if value is VAST:
            self.find(ENDLESS, "a value of more than a million parts")


VAST = object()


def fold(node: Any, depth: int = 0) -> Any:
    """The value of a constant expression, as far as strings are put together; None where it is not constant."""
    from jinja2 import nodes  # noqa: PLC0415

    if depth > NESTING:
        return None
    if isinstance(node, nodes.Const):
        return node.value
    if isinstance(node, nodes.TemplateData):
        return node.data
    if isinstance(node, nodes.Concat):
        parts = [fold(part, depth + 1) for part in node.nodes]
        return "".join(map(str, parts)) if all(part is not None for part in parts) else None
    if isinstance(node, nodes.List | nodes.Tuple):
        items = [fold(item, depth + 1) for item in node.items]
        return items if all(item is not None for item in items) else None
    if isinstance(node, nodes.Neg):
        value = fold(node.node, depth + 1)
        return -value if isinstance(value, int) else None
    if isinstance(node, nodes.BinExpr):
        return _binary(node, depth)
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Slice):
        value, step = fold(node.node, depth + 1), fold(node.arg.step, depth + 1) if node.arg.step else 1
        plain = node.arg.start is None and node.arg.stop is None
        return value[::step] if isinstance(value, str) and isinstance(step, int) and step and plain else None
    if isinstance(node, nodes.Filter) and node.node is not None:
        return _filtered(node, depth)
    return None


def _binary(node: Any, depth: int) -> Any:
    from jinja2 import nodes  # noqa: PLC0415

    left, right = fold(node.left, depth + 1), fold(node.right, depth + 1)
    if isinstance(node, nodes.Pow) and isinstance(left, int) and isinstance(right, int):
        return VAST if abs(left) > 1 and right > 64 else left**right if right >= 0 else None
    if isinstance(node, nodes.Mul):
        size = len(left) if isinstance(left, str) else 1
        if isinstance(right, int) and isinstance(left, int | str) and size * abs(right) > RANGE * 1000:
            return VAST
        return (
            left * right
            if isinstance(left, int | str) and isinstance(right, int) and size * abs(right) < RANGE
            else None
        )
    if isinstance(node, nodes.Add) and type(left) is type(right) and isinstance(left, str | int | list):
        return left + right
    if isinstance(node, nodes.Mod) and isinstance(left, str) and right is not None:
        return _formatted(left, right)
    return None


def _formatted(left: str, right: Any) -> Any:
    if re.search(r"%\d{4,}", left):
        return VAST
    try:
        return left % (tuple(right) if isinstance(right, list) else right)
    except (TypeError, ValueError, KeyError):
        return None


def _filtered(node: Any, depth: int) -> Any:
    value = fold(node.node, depth + 1)
    arguments = [fold(argument, depth + 1) for argument in node.args]
    if node.name == "join" and isinstance(value, list | str):
        return str(arguments[0] if arguments and arguments[0] is not None else "").join(map(str, value))
    if not isinstance(value, str):
        return None
    simple: dict[str, Callable[[str], str]] = {
        "lower": str.lower,
        "upper": str.upper,
        "trim": str.strip,
        "string": str,
        "safe": str,
        "reverse": lambda text: text[::-1],
    }
    if node.name in simple:
        return simple[node.name](value)
    if node.name == "replace" and len(arguments) == 2 and all(isinstance(part, str) for part in arguments):
        return value.replace(*arguments)
    if node.name == "format" and all(part is not None for part in arguments):
        return _formatted(value, arguments)
    return None
