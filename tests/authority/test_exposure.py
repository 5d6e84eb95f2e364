"""Whom a recall tells: everybody who obtained something and gave a name, once, with what they have."""

from tests.authority.office import DAY, NOON

from brightline.authority.exposure import Exposure, whom_to_tell
from brightline.release.component import Component


def exposure(caller, path, day=0, contact=""):
    return Exposure("sha256:m", Component.WEIGHTS, path, f"hash of {path}", 9, caller, contact, NOON + day * DAY, 1)


def test_everybody_is_told_once_of_all_that_they_have():
    told = whom_to_tell([
        exposure("zoe", "b", 3), exposure("abe", "a", 1, "abe@example.org"), exposure("zoe", "a", 1, "zoe@old.example"),
        exposure("zoe", "a", 2, "zoe@example.org"), exposure("", "a"),
    ])  # fmt: skip
    assert [(one.caller, one.contact) for one in told] == [("abe", "abe@example.org"), ("zoe", "zoe@example.org")]
    assert (told[1].first, told[1].last) == (NOON + DAY, NOON + 3 * DAY)
    assert told[1].files == (("a", "hash of a"), ("b", "hash of b"))


def test_nobody_is_told_of_nothing():
    assert whom_to_tell([]) == whom_to_tell([exposure("", "a")]) == []
