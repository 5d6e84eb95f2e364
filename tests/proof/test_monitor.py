"""A monitor of a log: growth is quiet, and every other history is told."""

from datetime import timedelta

import pytest
from tests.authority.office import NOON, pen
from tests.proof.deployer import nodes
from tests.proof.test_tile import ENTRIES, written

from brightline.permit.notation import Illegible
from brightline.permit.word import Word
from brightline.proof.merkle import root
from brightline.proof.monitor import Forked, watch
from brightline.proof.note import Checkpoint, NoteKey
from brightline.proof.tile import bundle

KEY = NoteKey("log", pen("log").public)


def head(entries, name="log"):
    return Checkpoint(
        name, len(entries), root(nodes(entries), len(entries)) if entries else root(lambda *_: b"", 0)
    ).signed(pen("log"), KEY)


def tiles_of(entries):
    return written(entries).__getitem__


@pytest.mark.parametrize(("before", "now"), [(0, 1), (1, 1), (1, 255), (200, 256), (256, 257), (300, 700), (700, 700)])
def test_a_log_that_grew_is_quiet(before, now):
    seen = watch(head(ENTRIES[:before]) if before else None, head(ENTRIES[:now]), KEY, tiles_of(ENTRIES[:now]))
    assert (seen.checkpoint.size, seen.fresh) == (now, now - before)


def test_a_log_without_entries_is_quiet():
    assert watch(None, head([]), KEY, tiles_of(ENTRIES[:1])).fresh == 0


OTHER = [*ENTRIES[:100], b"another", *ENTRIES[101:]]


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (ENTRIES[:300], OTHER[:300], "do not begin with"),
        (ENTRIES[:300], OTHER[:400], "do not begin with"),
        (ENTRIES[:300], ENTRIES[:299], "entries were taken out"),
        (ENTRIES[:300], ENTRIES[1:500], "do not begin with"),
    ],
)
def test_two_histories_are_a_fork(before, now, said):
    with pytest.raises(Forked, match=said):
        watch(head(before), head(now), KEY, tiles_of(now))


def test_a_checkpoint_of_another_hand_or_log_is_told():
    forged = Checkpoint("log", 3, bytes(32)).signed(pen("eve"), KEY)
    with pytest.raises(Forked, match="not signed by log"):
        watch(None, forged, KEY, tiles_of(ENTRIES[:3]))
    with pytest.raises(Forked, match="not signed by log"):
        watch(None, head(ENTRIES[:3], "other"), KEY, tiles_of(ENTRIES[:3]))


def test_tiles_that_do_not_have_the_root_are_told():
    with pytest.raises(Forked, match="do not have the root"):
        watch(None, head(ENTRIES[:300]), KEY, tiles_of(OTHER[:300]))


def test_entries_that_are_not_those_of_the_hashes_are_told():
    kept = written(ENTRIES[:300]) | {"tile/entries/001.p/44": bundle(OTHER[:44])}
    with pytest.raises(Illegible, match="the entries from 256 on"):
        watch(head(ENTRIES[:10]), head(ENTRIES[:300]), KEY, kept.__getitem__)


def test_a_bundle_with_an_entry_more_is_told():
    kept = written(ENTRIES[:3]) | {"tile/entries/000.p/3": bundle(ENTRIES[:4])}
    with pytest.raises(Illegible):
        watch(None, head(ENTRIES[:3]), KEY, kept.__getitem__)


def test_a_full_tile_that_is_not_the_one_below_the_root_is_told():
    """The root of a long log rests on the level above: innocent tiles and entries below it would go unseen."""
    innocent = written([*ENTRIES[:300], b"innocent", *ENTRIES[301:600]])
    shown = written(ENTRIES[:600]) | {path: innocent[path] for path in ("tile/0/001", "tile/entries/001")}
    for before in (None, head(ENTRIES[:50]), head(ENTRIES[:256])):
        with pytest.raises(Forked, match="tile/0/001 is not the tile"):
            watch(before, head(ENTRIES[:600]), KEY, shown.__getitem__)


def words(*rows):
    return [
        Word(act, 1, NOON + timedelta(hours=hour), "olga", charter, body).entry() for act, hour, charter, body in rows
    ]


@pytest.mark.parametrize("before", [0, 1, 2])
@pytest.mark.parametrize(
    "entries",
    [
        words(("accept", 1, 1, {}), ("stop", 3, 1, {}), ("publish", 2, 1, {})),
        words(("accept", 1, 1, {}), ("charter", 2, 1, {"version": 2}), ("publish", 3, 1, {})),
        words(("accept", 1, 1, {}), ("stop", 1, 3, {}), ("publish", 1, 2, {})),
    ],
)
def test_a_moment_or_a_charter_that_goes_back_is_told(before, entries):
    old = head(entries[:before]) if before else None
    with pytest.raises(Forked, match="entered after a later word"):
        watch(old, head(entries), KEY, tiles_of(entries))


def test_words_that_follow_from_one_another_are_quiet():
    entries = words(("accept", 1, 1, {}), ("charter", 1, 1, {"version": 2}), ("publish", 1, 2, {}), ("stop", 4, 2, {}))
    assert watch(head(entries[:2]), head(entries), KEY, tiles_of(entries)).fresh == 2
