"""Pages of a listing are what all its rows are, cut; and what is hidden leaves no trace in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brightline.assembly.hosting.sight import listings
from brightline.assembly.hosting.sight.listings import Listing, Listings
from brightline.assembly.hosting.sight.outline import NoRow, Outline
from brightline.assembly.hosting.sight.showing import file_document
from brightline.hub.host import Document
from brightline.release.card import Card
from brightline.release.component import Component
from brightline.release.revision import stored_regular, tree_ids
from brightline.storage.repositories.listings import Carded, Filed

PARTS = (
    "a",
    "b",
    "a-",
    "a.b",
    "a0",
    "é",
    "Z",
    "\U0001f40d",
    "\uffee",
)  # letters around the slash, and on both sides of surrogates
PATHS = st.lists(st.sampled_from(PARTS), min_size=1, max_size=4).map("/".join)


def filed(path: str, part: Component) -> Filed:
    return Filed(stored_regular(path, path.encode()), "text", part)


@st.composite
def trees(draw: st.DrawFn) -> dict[str, Filed]:
    """No path is both a file and a folder."""
    found: dict[str, Filed] = {}
    for path in draw(st.lists(PATHS, max_size=30)):
        above = {path.rsplit("/", depth)[0] for depth in range(1, path.count("/") + 1)}
        if not above & found.keys() and not any(other.startswith(f"{path}/") for other in found):
            found[path] = filed(path, draw(st.sampled_from(list(Component))))
    return found


def every_row(files: list[Filed], folder: str, *, recursive: bool) -> list[Document]:
    """What lies in a folder, said without any outline: all rows, sorted."""
    ids, start = tree_ids([one.stored for one in files]), f"{folder}/" if folder else ""
    rows = [file_document(one) for one in files]
    rows += [{"type": "directory", "path": path, "oid": oid, "size": 0} for path, oid in ids.items() if path]
    below = [row for row in rows if row["path"].startswith(start)]
    shown = [row for row in below if recursive or "/" not in row["path"][len(start) :]]
    return sorted(shown, key=lambda row: (row["type"] != "directory", row["path"]))


def paged(outline: Outline, folder: str, count: int, *, recursive: bool) -> list[Document]:
    rows, after = outline.page(folder, recursive=recursive, count=count)
    while after is not None:
        more, following = outline.page(folder, recursive=recursive, count=count, after=after)
        assert 0 < len(more) <= count
        rows, after = rows + more, following
    return rows


@given(trees(), st.booleans(), st.integers(1, 5), st.data())
def test_pages_are_all_rows_in_their_order(
    tree: dict[str, Filed], recursive: bool, count: int, data: st.DataObject
) -> None:
    outline = Outline(tree.values())
    folders = sorted(tree_ids([one.stored for one in tree.values()]))
    folder = data.draw(st.sampled_from(folders))
    wanted = every_row(list(tree.values()), folder, recursive=recursive)
    assert paged(outline, folder, count, recursive=recursive) == wanted
    assert all(map(outline.holds, folders))
    assert not any(map(outline.holds, [*tree, "none"]))
    named = [*data.draw(st.lists(PATHS)), *tree, "", folder]
    everything = every_row(list(tree.values()), "", recursive=True)
    assert outline.rows(named) == [row for row in everything if row["path"] in named]


@given(trees(), st.booleans(), PATHS, st.sampled_from(["", "a", "b"]))
def test_a_page_begins_after_a_row_of_its_folder_only(
    tree: dict[str, Filed], recursive: bool, after: str, folder: str
) -> None:
    outline = Outline(tree.values())
    rows = every_row(list(tree.values()), folder, recursive=recursive)
    paths = [row["path"] for row in rows]
    if after in paths:
        found, _ = outline.page(folder, recursive=recursive, count=1_000, after=after)
        assert found == rows[paths.index(after) + 1 :]
    else:
        with pytest.raises(NoRow):
            outline.page(folder, recursive=recursive, count=1_000, after=after)


@given(trees(), st.frozensets(st.sampled_from(list(Component))))
def test_what_is_hidden_leaves_no_trace(tree: dict[str, Filed], hidden: frozenset[Component]) -> None:
    """Not in an id of a folder, a size or a cursor either: all is as if it had never been there; whoever was shown more before."""
    folders = tree_ids([one.stored for one in tree.values()])
    listing = Listing(tree, None, folders)
    shown = {path: one for path, one in tree.items() if one.component not in hidden}
    assert paged(listing.outline(frozenset()), "", 3, recursive=True) == every_row(
        list(tree.values()), "", recursive=True
    )
    outline, alone = listing.outline(hidden), Outline(shown.values())
    assert outline.page("", recursive=True, count=99) == alone.page("", recursive=True, count=99)
    assert (outline.size, outline.siblings(sizes=True)) == (alone.size, alone.siblings(sizes=True))
    assert outline.siblings(sizes=False).text == alone.siblings(sizes=False).text
    assert [row["rfilename"] for row in outline.siblings(sizes=False)] == sorted(shown)
    for path in tree.keys() - shown.keys():
        with pytest.raises(NoRow):
            outline.page("", recursive=True, count=9, after=path)
    assert listing.outline(hidden) is outline


def test_what_is_kept_is_bounded_by_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listings, "ROOM", 100 + 4 * listings.LEAST)
    read: list[str] = []

    def carded(_connection: object, sha256: str) -> Carded:
        read.append(sha256)
        return Carded([filed(f"{number}", Component.DATA) for number in range(int(sha256))], Card(), None)

    monkeypatch.setattr(listings.listings, "read_carded", carded)
    kept = Listings()
    for sha256 in ("30", "31", "32", "30", "90", "32", "31", "1000", "1000", "5"):
        assert len(kept.read(None, sha256).files) == int(sha256)  # type: ignore[arg-type] # nobody asks a database here
    assert read == ["30", "31", "32", "90", "31", "1000", "5"]
