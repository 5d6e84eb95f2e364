"""C2SP tlog-tiles: names, contents, and a tree that is read out of them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.proof.deployer import nodes

from brightline.permit.notation import Illegible
from brightline.proof.merkle import inclusion, leaf_hash, root
from brightline.proof.tile import LEVELS, WIDTH, Tile, bundle, fold, nodes_of, read_path, tiles, unbundle

ENTRIES = [f"entry {number}".encode() for number in range(700)]
TILES = st.builds(
    Tile, st.none() | st.integers(0, LEVELS), st.integers(0, 10**9), st.integers(1, WIDTH)
)  # a width of 256 is a whole tile


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(3, 1_234_067), "tile/3/x001/x234/067"),
        (Tile(0, 1_234_067, 5), "tile/0/x001/x234/067.p/5"),
        (Tile(None, 999, 255), "tile/entries/999.p/255"),
        (Tile(None, 1_000), "tile/entries/x001/000"),
    ],
)
def test_a_tile_has_the_name_that_the_specification_gives_it(tile, path):
    assert tile.path == path
    assert read_path(path) == tile


@given(TILES)
def test_a_name_is_read_back_as_the_tile_it_names(tile):
    assert read_path(tile.path) == tile


@given(st.text(alphabet="tile/0123456789xp.entris-", max_size=30) | st.text(max_size=20))
def test_any_text_names_one_tile_or_none(text):
    with suppress(Illegible):
        assert read_path(text).path == text


@pytest.mark.parametrize(
    "path",
    ["", "tile", "tile/0", "tile/0/1", "tile/0/0001", "tile/0/x000/001", "tile/00/001", "tile/0/001.p/0",
     "tile/0/001.p/256", "tile/0/001.p/05", "tile/-1/001", "tile/9/001", "tile/data/001", "/tile/0/001", "tile/0/001/",
     "tile/0/../001", "tile/0/x001/x234"],
)  # fmt: skip
def test_a_name_in_another_spelling_names_nothing(path):
    with pytest.raises(Illegible):
        read_path(path)


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_entries_are_read_back_out_of_their_tile(entries):
    assert unbundle(bundle(entries)) == entries


def test_the_bytes_of_a_tile_of_entries():
    assert bundle([b"", b"ab"]) == b"\x00\x00\x00\x02ab"


@pytest.mark.parametrize("content", [b"\x00", b"\x00\x02a", b"\x00\x01a\x00"])
def test_a_tile_that_breaks_off_is_told(content):
    with pytest.raises(Illegible, match="breaks off"):
        unbundle(content)


def written(entries, old=0):
    """Tiles by name, as a log of these entries has them."""
    tree, found = nodes(entries), {}
    for tile in tiles(old, len(entries)):
        first = tile.number * WIDTH
        if tile.level is None:
            found[tile.path] = bundle(entries[first : first + tile.width])
        else:
            row = (tree(8 * tile.level, first + at) for at in range(tile.width))
            found[tile.path] = b"".join(row)
    return found


@pytest.mark.parametrize("size", [1, 255, 256, 257, 512, 700])
def test_the_tree_is_read_out_of_its_tiles(size):
    kept = written(ENTRIES[:size])

    def read(level, number):
        return kept[Tile(level, number, min(WIDTH, (size >> 8 * level) - number * WIDTH)).path]

    tree = nodes_of(read)
    assert root(tree, size) == root(nodes(ENTRIES[:size]), size)
    assert inclusion(tree, size // 2, size) == inclusion(nodes(ENTRIES[:size]), size // 2, size)


def test_only_tiles_that_are_new_or_grew_are_named():
    assert [tile.path for tile in tiles(0, 0)] == []
    assert [tile.path for tile in tiles(0, 3)] == ["tile/entries/000.p/3", "tile/0/000.p/3"]
    assert [tile.path for tile in tiles(3, 3)] == []
    assert [tile.path for tile in tiles(255, 257)] == [
        "tile/entries/000", "tile/entries/001.p/1", "tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1",
    ]  # fmt: skip


def test_tiles_that_hold_too_little_are_told():
    tree = nodes_of(lambda level, number: b"\x00" * 32)
    with pytest.raises(Illegible, match="fewer hashes"):
        root(tree, 2)


def test_a_tile_folds_to_the_root_over_its_hashes():
    assert fold(b"".join(map(leaf_hash, ENTRIES[:256]))) == root(nodes(ENTRIES), 256)
