"""What a witness cosigns and a monitor passes is one growing history, however a log is cut, forked or served wrongly."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.authority.office import NOON, pen
from tests.proof.deployer import nodes
from tests.proof.test_monitor import KEY, OTHER, head
from tests.proof.test_tile import ENTRIES, written
from tests.proof.test_witness import WITNESS, asked, request

from brightline.permit.notation import Illegible
from brightline.proof.merkle import consistency
from brightline.proof.monitor import Forked, watch
from brightline.proof.note import Checkpoint, NoteKey, read_lines
from brightline.proof.tile import tiles
from brightline.proof.witness import Request, read_request

SIZES = st.integers(1, 300)


def served(entries, **changed):
    kept = written(entries) | changed
    return kept.__getitem__


@given(SIZES, SIZES)
def test_a_monitor_passes_growth_and_nothing_else(before, now):
    read = served(ENTRIES[:now])
    if now >= before:
        assert watch(head(ENTRIES[:before]), head(ENTRIES[:now]), KEY, read).fresh == now - before
    else:
        with pytest.raises(Forked, match=f"had {before} entries and shows {now}"):
            watch(head(ENTRIES[:before]), head(ENTRIES[:now]), KEY, read)


@given(SIZES, SIZES)
def test_a_monitor_tells_a_fork_as_soon_as_both_histories_hold_the_difference(one, other):
    """OTHER differs from ENTRIES in entry 100."""
    before, now = sorted([one, other])
    seen, new = head(ENTRIES[:before]), head(OTHER[:now])
    if before <= 100:
        assert watch(seen, new, KEY, served(OTHER[:now])).checkpoint == new
    else:
        with pytest.raises(Forked, match="do not begin with"):
            watch(seen, new, KEY, served(OTHER[:now]))


@given(SIZES, SIZES)
def test_a_witness_cosigns_no_two_histories(one, other):
    before, now = sorted([one, other])
    reply = asked(request(before, now, OTHER), head(ENTRIES[:before]))
    expected = 200 if before <= 100 else 409 if before == now else 422
    assert (reply.status, reply.kept is not None) == (expected, expected == 200)


PASSED = {"tile/entries/000", "tile/0/000"}  # full when the log had 300 entries; tile/1/000 holds the hash over them


@pytest.mark.parametrize("path", sorted(set(written(ENTRIES[:600])) - PASSED))
def test_a_byte_flipped_in_any_tile_that_is_needed_is_told(path):
    content = written(ENTRIES[:600])[path]
    bad = bytes([*content[:-1], content[-1] ^ 1])
    with pytest.raises((Forked, Illegible)):
        watch(head(ENTRIES[:300]), head(ENTRIES[:600]), KEY, served(ENTRIES[:600], **{path: bad}))


def test_entries_that_were_seen_before_are_not_asked_for_again():
    needed = {path: content for path, content in written(ENTRIES[:600]).items() if path not in PASSED}
    assert watch(head(ENTRIES[:300]), head(ENTRIES[:600]), KEY, needed.__getitem__).fresh == 300


def test_the_tiles_of_70000_entries_are_those_of_the_specification():
    """C2SP tlog-tiles, partial tiles: 273 full and one of 112; one full and one of 17; one of 1."""
    found = list(tiles(0, 70_000))
    rows = {level: [tile.width for tile in found if tile.level == level] for level in (None, 0, 1, 2)}
    assert rows[None] == rows[0] == [256] * 273 + [112]
    assert (rows[1], rows[2]) == ([256, 17], [1])
    assert len(found) == sum(map(len, rows.values()))


@given(st.integers(0, 70_000), st.integers(0, 70_000))
def test_the_tiles_of_a_log_are_the_same_however_it_grew(one, other):
    """Of every tile, the last that was written is the widest."""
    middle, size = sorted([one, other])
    stepwise = {(tile.level, tile.number): tile for tile in [*tiles(0, middle), *tiles(middle, size)]}
    assert stepwise == {(tile.level, tile.number): tile for tile in tiles(0, size)}


def test_a_witness_knows_each_log_by_its_origin_and_any_of_its_keys():
    older, stranger = NoteKey("log", pen("older").public), NoteKey("other", KEY.key)
    assert asked(request(0, 3), logs=(older, KEY)).status == 200
    assert asked(request(0, 3), logs=(stranger, KEY)).status == 200
    assert asked(request(0, 3), logs=(older,)).status == 403
    assert asked(request(0, 3), logs=(stranger,)).status == 404


def test_a_signature_of_somebody_else_beside_the_logs_own_does_no_harm():
    checkpoint = head(ENTRIES[:3]).cosigned(pen("eve"), NoteKey("eve", pen("eve").public, witness=True), NOON)
    reply = asked(Request(0, (), checkpoint))
    assert reply.status == 200
    [line] = read_lines(reply.body)
    assert (line.name, len(line.value)) == ("wit", 72)
    assert reply.body.endswith("\n")
    assert replace(checkpoint, size=4).with_lines([line]).cosigned_by(WITNESS) is None


def test_a_checkpoint_that_is_cosigned_again_needs_no_proof_and_takes_none():
    seen = head(ENTRIES[:5])
    assert asked(Request(5, (), seen), seen).status == 200
    assert asked(Request(5, (bytes(32),), seen), seen).status == 422


def test_growth_out_of_an_empty_log_takes_no_proof():
    assert asked(request(0, 5), head([])).status == 200
    assert asked(Request(0, (bytes(32),), head(ENTRIES[:5])), head([])).status == 422


def test_the_proof_of_another_growth_is_none():
    path = tuple(consistency(nodes(ENTRIES[:9]), 4, 9))
    assert asked(Request(5, path, head(ENTRIES[:9])), head(ENTRIES[:5])).status == 422


def test_a_request_holds_at_most_63_hashes_of_32_bytes():
    longest = Request(5, (bytes(32),) * 63, Checkpoint("log", 9, bytes(32)).signed(pen("log"), KEY))
    assert read_request(longest.text()) == longest
    for path in ((bytes(32),) * 64, (bytes(31),), (bytes(33),)):
        with pytest.raises(Illegible, match="at most 63 hashes"):
            read_request(replace(longest, path=path).text())


@pytest.mark.parametrize("first", ["5", "old5", " old 5", "Old 5", "old  5", "old 05", "old 5 ", "old +5"])
def test_a_request_says_the_old_size_in_one_way(first):
    text = request(5, 9).text()
    with pytest.raises(Illegible):
        read_request(text.replace("old 5", first))
