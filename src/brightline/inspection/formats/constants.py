"""What the constant expressions of a Jinja template come to: names put together from parts are seen whole.

Values are bounded: nothing a template says makes us build a long string or a large number.
"""

import re
from collections.abc import Callable
from typing import Any

LONGEST = 4096  # characters; a name is shorter, and a longer text is only known to be put together
PARTS = 1_000_000  # a string, list or range beyond this is VAST


class Mark:
    """What is known of a value that is not constant."""


UNKNOWN = Mark()  # anything
BUILT = Mark()  # a string that the template itself puts together from parts that are not all known
VAST = Mark()  # so large that rendering it fills memory

_TEXT_FILTERS: dict[str, Callable[[str], str]] = {
    "lower": str.lower, "upper": str.upper, "trim": str.strip, "string": str, "safe": str, "title": str.title,
    "capitalize": str.capitalize, "reverse": lambda text: text[::-1], "first": lambda text: text[:1],
    "last": lambda text: text[-1:], "escape": str, "e": str, "urlencode": str,
}  # fmt: skip
_BUILDING_FILTERS = frozenset({"join", "replace", "format", "reverse"})
_BUILDING_METHODS = frozenset({"join", "format", "format_map", "replace", "translate", "decode"})
_WIDTH = re.compile(r"%[^%a-zA-Z]*(?:\d{4,}|\*)")


class Constants:
    """Values of nodes, asked for in document order, children before parents; `names` holds what `set` has assigned."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {}
        self._values: dict[int, Any] = {}

    def of(self, node: Any) -> Any:
        return UNKNOWN if node is None else self._values.get(id(node), UNKNOWN)

    def take(self, node: Any) -> None:
        """Remember the node's value. Its children's values are needed no longer after `forget`."""
        value = _bounded(self._value(node))
        if value is not UNKNOWN:
            self._values[id(node)] = value

    def forget(self, node: Any) -> None:
        for child in node.iter_child_nodes():
            self._values.pop(id(child), None)

    def _value(self, node: Any) -> Any:
        rule = getattr(self, f"_of_{type(node).__name__.lower()}", None)
        return UNKNOWN if rule is None else rule(node)

    def _of_const(self, node: Any) -> Any:
        return node.value

    def _of_templatedata(self, node: Any) -> Any:
        return node.data

    def _of_name(self, node: Any) -> Any:
        return self.names.get(node.name, UNKNOWN) if node.ctx == "load" else UNKNOWN

    def _of_getattr(self, node: Any) -> Any:
        return self.names.get(f"{getattr(node.node, 'name', '')}.{node.attr}", UNKNOWN)

    def _of_assign(self, node: Any) -> Any:
        target = node.target
        name = f"{target.name}.{target.attr}" if hasattr(target, "attr") else getattr(target, "name", None)
        if name is not None:
            self.names[name] = self.of(node.node)
        return UNKNOWN

    def _of_keyword(self, node: Any) -> Any:
        return self.of(node.value)

    def _of_list(self, node: Any) -> Any:
        items = [self.of(item) for item in node.items]
        known = len(items) <= LONGEST and not any(isinstance(item, Mark) for item in items)
        return items if known and sum(_extent(item) for item in items) <= LONGEST else UNKNOWN

    _of_tuple = _of_list

    def _of_concat(self, node: Any) -> Any:
        parts = [self.of(part) for part in node.nodes]
        return BUILT if any(isinstance(part, Mark) for part in parts) else "".join(map(str, parts))

    def _of_neg(self, node: Any) -> Any:
        value = self.of(node.node)
        return -value if isinstance(value, int) else UNKNOWN

    def _of_add(self, node: Any) -> Any:
        left, right = self.of(node.left), self.of(node.right)
        if type(left) is type(right) and isinstance(left, str | int | list):
            return left + right
        return BUILT if BUILT in (left, right) or isinstance(left, str) or isinstance(right, str) else UNKNOWN

    def _of_mul(self, node: Any) -> Any:
        left, right = self.of(node.left), self.of(node.right)
        if isinstance(left, int) and isinstance(right, str | list):
            left, right = right, left
        if not isinstance(left, int | str | list) or not isinstance(right, int):
            return UNKNOWN
        size = 1 if isinstance(left, int) else _extent(left)
        if not isinstance(left, int) and size * abs(right) > PARTS:
            return VAST
        return left * right if size * abs(right) <= LONGEST or isinstance(left, int) else BUILT

    def _of_pow(self, node: Any) -> Any:
        left, right = self.of(node.left), self.of(node.right)
        if not isinstance(left, int) or not isinstance(right, int) or right < 0:
            return VAST if VAST in (left, right) else UNKNOWN
        return VAST if abs(left) > 1 and right > 64 else left**right

    def _of_mod(self, node: Any) -> Any:
        left, right = self.of(node.left), self.of(node.right)
        return _formatted(left, right) if isinstance(left, str) else UNKNOWN

    def _of_slice(self, node: Any) -> Any:
        ends = [None if end is None else self.of(end) for end in (node.start, node.stop, node.step)]
        return slice(*ends) if all(end is None or isinstance(end, int) for end in ends) else UNKNOWN

    def _of_getitem(self, node: Any) -> Any:
        value, at = self.of(node.node), self.of(node.arg)
        if not isinstance(value, str | list) or not isinstance(at, int | slice):
            return UNKNOWN
        try:
            return value[at]
        except (IndexError, ValueError):
            return UNKNOWN

    def _of_call(self, node: Any) -> Any:
        """`"{}".format(x)` and its kind put strings together; only what they are joined from is looked at."""
        called = getattr(node.node, "attr", None)
        return BUILT if called in _BUILDING_METHODS else UNKNOWN

    def _of_filter(self, node: Any) -> Any:
        value, arguments = self.of(node.node), [self.of(argument) for argument in node.args]
        if node.name == "join" and isinstance(value, list | str):
            between = str(arguments[0]) if arguments else ""
            return between.join(map(str, value)) if len(between) <= 64 else BUILT
        if isinstance(value, str) and node.name in _TEXT_FILTERS:
            return _TEXT_FILTERS[node.name](value)
        if isinstance(value, str) and not any(isinstance(part, Mark) for part in arguments):
            if node.name == "replace" and len(arguments) == 2 and all(isinstance(part, str) for part in arguments):
                grown = value.count(arguments[0]) * len(arguments[1])
                return value.replace(*arguments) if grown <= LONGEST else BUILT
            if node.name == "format":
                return _formatted(value, arguments)
        if node.name in ("center", "indent", "wordwrap") and any(isinstance(n, int) and n > PARTS for n in arguments):
            return VAST
        return BUILT if node.name in _BUILDING_FILTERS or value is BUILT else UNKNOWN


def _extent(value: Any) -> int:
    return len(value) if isinstance(value, str) else 1 + sum(map(_extent, value)) if isinstance(value, list) else 1


def _bounded(value: Any) -> Any:
    if isinstance(value, str) and len(value) > LONGEST:
        return BUILT
    if isinstance(value, list) and len(value) > LONGEST:
        return UNKNOWN
    return VAST if isinstance(value, int) and value.bit_length() > 64 else value


def _formatted(left: str, right: Any) -> Any:
    """`left % right`, if its widths are modest."""
    if _WIDTH.search(left):
        return VAST
    if isinstance(right, Mark):
        return BUILT
    try:
        return left % (tuple(right) if isinstance(right, list) else right)
    except (TypeError, ValueError, KeyError, OverflowError):
        return BUILT
