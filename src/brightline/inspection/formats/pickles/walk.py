"""A pickle machine that runs nothing: it follows every opcode of one stream and judges what would be imported and called.

Source: the opcode table of CPython's pickletools (protocols 0 to 5), PEP 307, PEP 3154, PEP 574.
"""

from collections.abc import Callable, Mapping
from typing import Any, Self

from brightline.inspection.formats.pickles import rules
from brightline.inspection.formats.pickles.cursor import Cursor
from brightline.inspection.formats.pickles.globals import Grade, grade
from brightline.inspection.formats.pickles.values import (
    OPAQUE,
    Box,
    Global,
    Made,
    Pack,
    weight_of,
)
from brightline.inspection.probe import Malformed, Probe

OPERATIONS = 4_000_000
WEIGHT = 1 << 40
MEMO = 500_000
HEIGHT = 200_000  # of the stack: pickle fills its containers a thousand values at a time


class Hooks:
    """What a format that builds on pickle wants to hear of. The plain pickle hears nothing and vouches for nothing."""

    persistent_ids = False  # whether persistent ids belong to the format

    def called(self, maker: Global, arguments: Any) -> None:
        """A graded name was called with these symbolic arguments."""

    def persistent(self, identity: Any) -> Any:  # noqa: ARG002 - formats that know such ids use it
        """A persistent id was met; returns what stands on the stack for it."""
        return OPAQUE

    def built(self, target: Any, cursor: Cursor) -> None:
        """BUILD ended on `target`; joblib lays raw bytes behind this place."""


class Walk:
    """Follows one stream from the cursor's place to its STOP. Raises Malformed where it breaks."""

    def __init__(self, cursor: Cursor, probe: Probe, hooks: Hooks, budget: int = OPERATIONS) -> None:
        self.cursor, self.probe, self.hooks, self.budget = cursor, probe, hooks, budget
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        self.operations = 0
        self._graded: dict[tuple[str, str], Grade] = {}
        self._bombed = False

    def run(self, table: Mapping[int, Callable[[Self], None]]) -> Any:
        """Follow opcodes, each by its step in `table`; returns the value on top at STOP."""
        code, cursor = 0, self.cursor
        while code != 0x2E:
            code = cursor.code()
            step = table.get(code)
            if step is None:
                what = "ends without STOP" if code < 0 else f"holds the invalid opcode 0x{code:02x}"
                raise Malformed(f"the pickle {what}", cursor.position - (code >= 0))
            self.operations += 1
            if self.operations > self.budget or len(self.stack) > HEIGHT:
                self.probe.find(rules.WORK, f"not followed beyond {self.operations - 1} opcodes", cursor.position)
                raise Exhausted
            step(self)
        return self.stack[-1] if self.stack else OPAQUE

    # -- the stack

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def pop(self) -> Any:
        floor = self.marks[-1] if self.marks else 0
        if len(self.stack) <= floor:
            raise Malformed("an opcode takes more values than there are", self.cursor.position)
        return self.stack.pop()

    def top(self) -> Any:
        if not self.stack:
            raise Malformed("an opcode needs a value and there is none", self.cursor.position)
        return self.stack[-1]

    def to_mark(self) -> list[Any]:
        if not self.marks:
            raise Malformed("an opcode needs a mark and there is none", self.cursor.position)
        at = self.marks.pop()
        items = self.stack[at:]
        del self.stack[at:]
        return items

    def weigh(self, value: Any) -> Any:
        if weight_of(value) > WEIGHT and not self._bombed:
            self._bombed = True
            self.probe.find(
                rules.BOMB, f"a value of more than 2^40 parts in {self.cursor.position} bytes", self.cursor.position
            )
        return value

    # -- names and calls

    def named(self, module: Any, name: Any) -> Global:
        """An import: judged when it is named, since importing alone already runs code."""
        if not isinstance(module, str) or not isinstance(name, str):
            self.probe.find(rules.HIDDEN, "the name of an import is computed and cannot be read", self.cursor.position)
            return Global("?", "?")
        key = (module, name)
        found = self._graded.get(key)
        if found is None:
            found = self._graded[key] = grade(module, name)
            if found is Grade.DANGEROUS:
                self.probe.find(rules.CALL, f"imports {_clean(module)}.{_clean(name)}", self.cursor.position)
            elif found is Grade.UNKNOWN:
                self.probe.find(
                    rules.UNKNOWN, f"imports {_clean(module)}.{_clean(name)}, which is on no list", self.cursor.position
                )
        return Global(module, name)

    def call(self, maker: Any, arguments: Any) -> Made:
        if isinstance(maker, Global):
            self._check_arguments(maker, arguments)
            self.hooks.called(maker, arguments)
        else:
            self.probe.find(rules.COMPUTED, "calls a value that is no imported name", self.cursor.position)
        made = Made(maker, arguments)
        self.weigh(made)
        return made

    def _check_arguments(self, maker: Global, arguments: Any) -> None:
        """Two allowed names that are only harmless with what the save functions give them."""
        items = arguments.items if isinstance(arguments, Pack) else []
        if (maker.module, maker.name) == ("_codecs", "encode") and items[1:] != ["latin1"]:
            self.probe.find(rules.UNKNOWN, "_codecs.encode with another codec than latin1", self.cursor.position)
        if maker.name == "_rebuild_from_type_v2" and items and not isinstance(items[0], Global):
            self.probe.find(rules.COMPUTED, "_rebuild_from_type_v2 calls a computed value", self.cursor.position)

    def build(self) -> None:
        state, target = self.pop(), self.top()
        for part in state.items if isinstance(state, Pack) else [state]:
            names = part.pairs if isinstance(part, Box) else {}
            special = [
                name for name in names if name.startswith("__") and name.endswith("__") and name not in _HARMLESS
            ]
            if special:
                self.probe.find(rules.BUILD, f"sets the special attribute {special[0]}", self.cursor.position)
        if isinstance(target, Global):
            self.probe.find(rules.BUILD, f"sets attributes on {target} itself", self.cursor.position)
        if isinstance(target, Made):
            target.state = state
        self.hooks.built(target, self.cursor)

    def remember(self, index: int) -> None:
        if len(self.memo) >= MEMO:
            self.probe.find(rules.WORK, f"more than {MEMO} memo entries", self.cursor.position)
            raise Exhausted
        self.memo[index] = self.top()

    def recall(self, index: int) -> None:
        if index not in self.memo:
            raise Malformed(f"memo entry {index} was never stored", self.cursor.position)
        self.stack.append(self.memo[index])


class Exhausted(Malformed):
    """The bound on work was reached; the finding is already written."""

    def __init__(self) -> None:
        super().__init__("more work than the bound allows")


_HARMLESS = frozenset({"__dict__", "__doc__", "__module__", "__orig_class__", "__fields_set__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__", "__sklearn_tags__", "__annotations__"})  # fmt: skip


def _clean(name: str) -> str:
    return name.encode("unicode_escape").decode("ascii")[:120]
