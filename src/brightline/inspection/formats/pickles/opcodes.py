"""What each opcode does to the symbolic machine.

Source: the opcode table of CPython's pickletools (protocols 0 to 5).
"""

from collections.abc import Callable
from typing import Any

from brightline.inspection.formats.pickles import rules
from brightline.inspection.formats.pickles.values import BYTES, LONG_TEXT, OPAQUE, Box, Global, Pack
from brightline.inspection.formats.pickles.walk import Walk
from brightline.inspection.probe import Malformed

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


TABLE: dict[int, Step] = {
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
