"""What stands on the symbolic stack. Values are shared, never expanded: their size is an estimate kept beside them."""

from typing import Any, Final


class Token:
    """A value whose content does not matter."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


MARK: Final = Token("mark")
OPAQUE: Final = Token("a value")
BYTES: Final = Token("bytes")
LONG_TEXT: Final = Token("a long string")


class Global:
    """An imported name."""

    __slots__ = ("module", "name")

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


class Pack:
    """A tuple. `weight` is how many values it would unfold to."""

    __slots__ = ("items", "weight")

    def __init__(self, items: list[Any]) -> None:
        self.items = items
        self.weight = 1 + sum(weight_of(item) for item in items)


class Box:
    """A list, set or dict under construction; the first pairs of a dict are kept, of the others only the weight."""

    __slots__ = ("kind", "pairs", "weight")

    PAIRS = 64

    def __init__(self, kind: str) -> None:
        self.kind, self.weight = kind, 1
        self.pairs: dict[str, Any] = {}

    def put(self, key: Any, value: Any) -> None:
        self.weight += weight_of(key) + weight_of(value)
        if isinstance(key, str) and len(self.pairs) < self.PAIRS:
            self.pairs[key] = value

    def add(self, value: Any) -> None:
        self.weight += weight_of(value)


class Made:
    """The result of a call of an imported name, or of something computed."""

    __slots__ = ("arguments", "maker", "state")

    def __init__(self, maker: Any, arguments: Any) -> None:
        self.maker, self.arguments = maker, arguments
        self.state: Any = None

    @property
    def weight(self) -> int:
        return 1 + weight_of(self.arguments)


def weight_of(value: Any) -> int:
    return value.weight if isinstance(value, Pack | Box | Made) else 1
