"""When files and folders became what they are, compared with git's own ids of folders, commit by commit."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from brightline.assembly.hosting.sight.dating import Dating
from brightline.release.component import Component
from brightline.release.revision import Commit, stored_regular, tree_ids
from brightline.storage.repositories.listings import Filed
from brightline.storage.repositories.shelf import Revision

NAMES = ["x", "a/x", "a/y", "a/b/x", "b/x", "a.b/x"]
SNAPSHOTS = st.lists(
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from([b"0", b"1"]), min_size=1), min_size=1, max_size=6
)


def listing(snapshot: dict[str, bytes]) -> dict[str, Filed]:
    return {path: Filed(stored_regular(path, content), "text", Component.DATA) for path, content in snapshot.items()}


def revision(number: int) -> Revision:
    commit = Commit("", None, "acme", datetime(2026, 1, 1, tzinfo=UTC), f"{number}")
    return Revision(f"{number:040}", commit, "", "")


def ids(files: dict[str, Filed]) -> dict[str, str]:
    """Of every file and folder."""
    return {**tree_ids([one.stored for one in files.values()]), **{path: one.stored.oid for path, one in files.items()}}


@given(SNAPSHOTS)
def test_a_path_is_dated_by_the_oldest_commit_since_which_it_is_the_same(snapshots: list[dict[str, bytes]]) -> None:
    """The first snapshot is the newest."""
    history = [(revision(number), listing(one)) for number, one in enumerate(snapshots)]
    now = ids(history[0][1])
    paths = [path for path in now if path]
    dating = Dating(history[0][1], paths, history[0][0])
    for older, files in history[1:]:
        if not dating.before(older, files):
            break
    for path in paths:
        same = [older for older, files in history]
        for at, (_, files) in enumerate(history):
            if ids(files).get(path) != now[path]:
                same = [older for older, _ in history[:at]]
                break
        assert dating.last[path] == same[-1], path
