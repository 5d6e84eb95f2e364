"""A pickle machine that runs nothing: it follows every opcode of one stream and judges what would be imported and called.

Source: the opcode table of CPython's pickletools (protocols 0 to 5), PEP 307, PEP 3154, PEP 574.
"""

from collections.abc import Callable
from typing import Any

from brightline.inspection.formats.pickles import rules
from brightline.inspection.formats.pickles.cursor import Cursor
from brightline.inspection.formats.pickles.globals import Grade, grade
from brightline.inspection.formats.pickles.values import (
    BYTES,
    LONG_TEXT,
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

    def run(self) -> Any:
        """The value on top at STOP."""
        code, table, cursor = 0, _TABLE, self.cursor
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


Step = Callable[[Walk], None]


def _text(raw: bytes | None) -> Any:
    return LONG_TEXT if raw is None else raw.decode("utf-8", "surrogatepass") if raw.isascii() else _decoded(raw)


def _decoded(raw: bytes) -> Any:
    try:
        return raw.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return LONG_TEXT


def _constant(value: Any) -> Step:
    return lambda walk: walk.stack.append(value)


def _skipping(count: int) -> Step:
    def step(walk: Walk) -> None:
        walk.cursor.take(count)

    return step


def _integer(count: int, *, signed: bool) -> Step:
    return lambda walk: walk.stack.append(int.from_bytes(walk.cursor.take(count), "little", signed=signed))


def _counted(width: int, make: Callable[[bytes | None], Any]) -> Step:
    def step(walk: Walk) -> None:
        walk.stack.append(make(walk.cursor.payload(walk.cursor.number(width))))

    return step


def _long(width: int) -> Step:
    def step(walk: Walk) -> None:
        raw = walk.cursor.payload(walk.cursor.number(width))
        walk.push(OPAQUE if raw is None else int.from_bytes(raw, "little", signed=True))

    return step


def _float(walk: Walk) -> None:
    walk.cursor.take(8)
    walk.push(OPAQUE)


def _int_line(walk: Walk) -> None:
    raw = walk.cursor.line().rstrip(b"L")
    walk.push(int(raw) if raw.lstrip(b"-").isdigit() and len(raw) < 30 else OPAQUE)


def _opaque_line(walk: Walk) -> None:
    walk.cursor.line()
    walk.push(OPAQUE)


def _string_line(walk: Walk) -> None:
    """STRING: a Python literal. Escapes are undone for what could be a name."""
    raw = walk.cursor.line().strip()
    if len(raw) < 2 or raw[:1] not in (b"'", b'"') or raw[-1:] != raw[:1]:
        raise Malformed("a STRING opcode without quotes", walk.cursor.position)
    walk.push(raw[1:-1].decode("unicode_escape") if walk.cursor.keeps(len(raw)) else LONG_TEXT)


def _unicode_line(walk: Walk) -> None:
    raw = walk.cursor.line()
    walk.push(raw.decode("raw_unicode_escape") if walk.cursor.keeps(len(raw)) else LONG_TEXT)


def _mark(walk: Walk) -> None:
    walk.marks.append(len(walk.stack))


def _pop(walk: Walk) -> None:
    if walk.marks and walk.marks[-1] == len(walk.stack):
        walk.marks.pop()
    else:
        walk.pop()


def _pop_mark(walk: Walk) -> None:
    walk.to_mark()


def _duplicate(walk: Walk) -> None:
    walk.push(walk.top())


def _tuple(walk: Walk) -> None:
    walk.push(walk.weigh(Pack(walk.to_mark())))


def _tuple_of(count: int) -> Step:
    def step(walk: Walk) -> None:
        items = [walk.pop() for _ in range(count)][::-1]
        walk.push(walk.weigh(Pack(items)))

    return step


def _new_box(kind: str, *, marked: bool) -> Step:
    def step(walk: Walk) -> None:
        box = Box(kind)
        items = walk.to_mark() if marked else []
        _fill(box, items)
        walk.push(walk.weigh(box))

    return step


def _fill(box: Any, items: list[Any]) -> None:
    if isinstance(box, Box) and box.kind == "dict":
        for key, value in zip(items[::2], items[1::2], strict=False):
            box.put(key, value)
    elif isinstance(box, Box):
        for item in items:
            box.add(item)


def _append_all(walk: Walk) -> None:
    items = walk.to_mark()
    box = walk.top()
    _fill(box, items)
    walk.weigh(box)


def _append(walk: Walk) -> None:
    item = walk.pop()
    _fill(walk.top(), [item])
    walk.weigh(walk.top())


def _set_item(walk: Walk) -> None:
    value, key = walk.pop(), walk.pop()
    _fill(walk.top(), [key, value])
    walk.weigh(walk.top())


def _global(walk: Walk) -> None:
    module, name = walk.cursor.line(), walk.cursor.line()
    walk.push(walk.named(module.decode("utf-8", "replace"), name.decode("utf-8", "replace")))


def _stack_global(walk: Walk) -> None:
    name, module = walk.pop(), walk.pop()
    walk.push(walk.named(module, name))


def _instance(walk: Walk) -> None:
    module, name = walk.cursor.line(), walk.cursor.line()
    maker = walk.named(module.decode("utf-8", "replace"), name.decode("utf-8", "replace"))
    walk.push(walk.call(maker, Pack(walk.to_mark())))


def _object(walk: Walk) -> None:
    items = walk.to_mark()
    if not items:
        raise Malformed("OBJ without a class", walk.cursor.position)
    walk.push(walk.call(items[0], Pack(items[1:])))


def _reduce(walk: Walk) -> None:
    arguments, maker = walk.pop(), walk.pop()
    walk.push(walk.call(maker, arguments))


def _new_object_ex(walk: Walk) -> None:
    keywords, arguments, maker = walk.pop(), walk.pop(), walk.pop()
    walk.push(walk.call(maker, Pack([arguments, keywords])))


def _extension(count: int) -> Step:
    def step(walk: Walk) -> None:
        code = walk.cursor.number(count)
        walk.probe.find(
            rules.EXTENSION, f"extension code {code} stands for a name that is not in the file", walk.cursor.position
        )
        walk.push(Global("?", "?"))

    return step


def _persist(walk: Walk, identity: Any) -> None:
    if not walk.hooks.persistent_ids:
        walk.probe.find(
            rules.PERSISTENT, "a persistent id: the loading program decides what it means", walk.cursor.position
        )
    walk.push(walk.hooks.persistent(identity))


def _memoize(walk: Walk) -> None:
    walk.remember(len(walk.memo))


def _memo_line(action: Callable[[Walk, int], None]) -> Step:
    def step(walk: Walk) -> None:
        raw = walk.cursor.line()
        if not raw.isdigit() or len(raw) > 20:
            raise Malformed("a memo opcode without a number", walk.cursor.position)
        action(walk, int(raw))

    return step


def _nothing(_walk: Walk) -> None:
    return


_TABLE: dict[int, Step] = {
    0x80: _skipping(1), 0x95: _skipping(8), 0x2E: _nothing,  # PROTO FRAME STOP
    0x4E: _constant(None), 0x88: _constant(True), 0x89: _constant(False),  # NONE NEWTRUE NEWFALSE
    0x49: _int_line, 0x4C: _int_line, 0x46: _opaque_line,  # INT LONG FLOAT
    0x4A: _integer(4, signed=True), 0x4B: _integer(1, signed=False), 0x4D: _integer(2, signed=False),  # BININT*
    0x8A: _long(1), 0x8B: _long(4), 0x47: _float,  # LONG1 LONG4 BINFLOAT
    0x53: _string_line, 0x56: _unicode_line,  # STRING UNICODE
    0x54: _counted(4, _text), 0x55: _counted(1, _text),  # BINSTRING SHORT_BINSTRING
    0x58: _counted(4, _text), 0x8C: _counted(1, _text), 0x8D: _counted(8, _text),  # BINUNICODE*
    0x42: _counted(4, lambda _raw: BYTES), 0x43: _counted(1, lambda _raw: BYTES),  # BINBYTES SHORT_BINBYTES
    0x8E: _counted(8, lambda _raw: BYTES), 0x96: _counted(8, lambda _raw: BYTES),  # BINBYTES8 BYTEARRAY8
    0x97: _constant(BYTES), 0x98: _nothing,  # NEXT_BUFFER READONLY_BUFFER
    0x28: _mark, 0x30: _pop, 0x31: _pop_mark, 0x32: _duplicate,  # MARK POP POP_MARK DUP
    0x29: _constant(Pack([])), 0x74: _tuple, 0x85: _tuple_of(1), 0x86: _tuple_of(2), 0x87: _tuple_of(3),  # TUPLE*
    0x5D: _new_box("list", marked=False), 0x6C: _new_box("list", marked=True),  # EMPTY_LIST LIST
    0x7D: _new_box("dict", marked=False), 0x64: _new_box("dict", marked=True),  # EMPTY_DICT DICT
    0x8F: _new_box("set", marked=False), 0x91: _new_box("set", marked=True),  # EMPTY_SET FROZENSET
    0x61: _append, 0x65: _append_all, 0x73: _set_item, 0x75: _append_all, 0x90: _append_all,  # APPEND* SETITEM* ADDITEMS
    0x63: _global, 0x93: _stack_global, 0x69: _instance, 0x6F: _object,  # GLOBAL STACK_GLOBAL INST OBJ
    0x52: _reduce, 0x81: _reduce, 0x92: _new_object_ex, 0x62: Walk.build,  # REDUCE NEWOBJ NEWOBJ_EX BUILD
    0x82: _extension(1), 0x83: _extension(2), 0x84: _extension(4),  # EXT*
    0x50: lambda walk: _persist(walk, walk.cursor.line().decode("latin-1")), 0x51: lambda walk: _persist(walk, walk.pop()),
    0x70: _memo_line(Walk.remember), 0x71: lambda walk: walk.remember(walk.cursor.number(1)),  # PUT BINPUT
    0x72: lambda walk: walk.remember(walk.cursor.number(4)), 0x94: _memoize,  # LONG_BINPUT MEMOIZE
    0x67: _memo_line(Walk.recall), 0x68: lambda walk: walk.recall(walk.cursor.number(1)),  # GET BINGET
    0x6A: lambda walk: walk.recall(walk.cursor.number(4)),  # LONG_BINGET
}  # fmt: skip
