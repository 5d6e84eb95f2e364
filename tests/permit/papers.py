"""Papers that are nearly right: one member gone, one too many, one of another kind."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

from brightline.permit.notation import Illegible, canonical

Place = tuple[str | int, ...]

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=4,
)


def places(document: Any, here: Place = ()) -> Iterator[Place]:
    """The way to every member and every row, at every depth."""
    rows = document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    for name, value in rows:
        yield (*here, name)
        yield from places(value, (*here, name))


def changed(document: Any, place: Place, change: Callable[[Any, str | int], object]) -> bytes:
    """The canonical bytes after `change(parent, name)` was made at one place of a copy."""
    copy = deepcopy(document)
    parent = copy
    for step in place[:-1]:
        parent = parent[step]
    change(parent, place[-1])
    return canonical(copy)


def replaced(document: Any, place: Place, value: Any) -> bytes:
    return changed(document, place, lambda parent, name: parent.__setitem__(name, value))


def without(document: Any, place: Place) -> bytes:
    return changed(document, place, lambda parent, name: parent.__delitem__(name))


def with_more(document: Any, place: Place) -> bytes:
    """One member more in the object at this place."""
    return replaced(document, (*place, "more"), None)


def mutants(payload: bytes, barred: Callable[[Place], bool] = lambda place: False) -> st.SearchStrategy[bytes]:
    """The document with one value replaced by anything, or taken away; or its bytes with one byte changed."""
    document = json.loads(payload)
    place = st.sampled_from([place for place in places(document) if not barred(place)])
    return (
        st.builds(lambda where, value: replaced(document, where, value), place, JUNK)
        | st.builds(lambda where: without(document, where), place)
        | st.builds(
            lambda at, byte: payload[:at] + bytes([byte]) + payload[at + 1 :],
            st.integers(0, len(payload) - 1),
            st.integers(0, 255),
        )
    )


def read_or_illegible(read: Callable[[bytes], Any], payload: bytes) -> Any | None:
    """What was read, None where it is Illegible. Whatever else is raised goes through."""
    try:
        return read(payload)
    except Illegible:
        return None
