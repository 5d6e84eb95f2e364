"""The word is bound to the bytes: one changed bit is another manifest, the order of listing is not."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brightline.release.component import Component
from brightline.release.manifest import File, Manifest

FILES = st.lists(
    st.builds(
        File,
        st.text(min_size=1, max_size=12),
        st.integers(0, 1 << 40),
        st.binary(max_size=4).map(lambda raw: hashlib.sha256(raw).hexdigest()),
        st.sampled_from(Component),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda file: file.path,
)


@given(FILES, st.randoms())
def test_order_does_not_matter(files, chance):
    shuffled = files[:]
    chance.shuffle(shuffled)
    assert Manifest(tuple(files)).digest == Manifest(tuple(shuffled)).digest


@given(FILES, st.integers(0, 255))
def test_one_changed_bit_is_another_manifest(files, bit):
    first = files[0]
    changed = f"{int(first.sha256, 16) ^ 1 << bit:064x}"
    other = File(first.path, first.size, changed, first.component)
    assert Manifest(tuple(files)).digest != Manifest((other, *files[1:])).digest


@given(FILES)
def test_another_component_is_another_manifest(files):
    first = files[0]
    kind = next(kind for kind in Component if kind is not first.component)
    other = File(first.path, first.size, first.sha256, kind)
    assert Manifest(tuple(files)).digest != Manifest((other, *files[1:])).digest


def test_canonical_bytes_stay_as_they_were_issued():
    """Version 1, kept for ever: permits will name this digest."""
    manifest = Manifest((File("b", 1, "0" * 64, Component.DATA), File("a/é", 2, "f" * 64, Component.WEIGHTS)))
    assert manifest.canonical() == (
        b'{"files":[{"component":"weights","path":"a/\\u00e9","sha256":"' + b"f" * 64 + b'","size":2},'
        b'{"component":"data","path":"b","sha256":"' + b"0" * 64 + b'","size":1}],"schema":"brightline/manifest/v1"}'
    )
    assert manifest.digest == "sha256:" + hashlib.sha256(manifest.canonical()).hexdigest()


@given(FILES)
def test_canonical_bytes_are_those_of_any_encoder(files):
    manifest = Manifest(tuple(files))
    rows = [
        {"path": one.path, "size": one.size, "sha256": one.sha256, "component": one.component} for one in manifest.files
    ]
    said = json.dumps({"schema": "brightline/manifest/v1", "files": rows}, sort_keys=True, separators=(",", ":"))
    assert manifest.canonical() == said.encode("ascii")
    assert [one.path.encode() for one in manifest.files] == sorted(one.path.encode() for one in files)


def test_a_path_stands_once():
    with pytest.raises(ValueError, match="stands twice"):
        Manifest((File("a", 1, "0" * 64, Component.DATA), File("a", 2, "0" * 64, Component.DATA)))
