"""What a proposal changes, line by line: true whatever the texts are, and soon."""

import difflib
import random
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.hub.test_arriving import ACME, NAME
from tests.offices import found

from brightline.assembly.hosting.discussions.comparing import CUT, LEAST, TEXTS, Budget, compare
from brightline.assembly.hosting.hosting import Hosting
from brightline.assembly.office import Office
from brightline.hub.host import Operation, Push

LINES = st.lists(st.sampled_from("abcde"), max_size=30).map(lambda rows: "".join(f"{row}\n" for row in rows))


@pytest.fixture
def hosting(tmp_path) -> Iterator[Hosting]:
    with Office(found(tmp_path / "office")) as office:
        opened = Hosting(office)
        opened.create(ACME, NAME, {})
        yield opened


@given(LINES, LINES)
def test_it_reads_as_every_diff_does(then: str, now: str) -> None:
    wanted = difflib.unified_diff(then.splitlines(keepends=True), now.splitlines(keepends=True), "a", "b")
    assert "".join(compare(then, now, ("a", "b"), Budget())) == "".join(wanted)


@given(LINES, LINES, st.integers(-1, 40))
def test_what_is_not_looked_at_counts_as_changed(then: str, now: str, steps: int) -> None:
    told = "".join(compare(then, now, ("a", "b"), Budget(steps=steps))).splitlines(keepends=True)[2:]
    assert patched(then.splitlines(keepends=True), told) == now


def patched(then: list[str], told: list[str]) -> str:
    """As `patch` does it."""
    made, at = list[str](), 0
    for row in told:
        if row[0] == "@":
            start, _, length = row.split()[1][1:].partition(",")
            begin = int(start) - (length != "0")
            made, at = made + then[at:begin], begin
        if row[0] in " -":
            assert row[1:] == then[at]
            at += 1
        if row[0] in " +":
            made.append(row[1:])
    return "".join(made + then[at:])


def test_repeated_lines_take_no_minutes() -> None:
    """Each stands often, and none so often that it is left out: 51 seconds before."""
    drawn = random.Random(1)
    words = [f"{one}{other}\n" for one in "abcdefghijklmno" for other in "abcdefghijklmno"]
    then, now = ("".join(drawn.choices(words, k=80_000)) for _ in range(2))
    began = time.process_time()
    told = "".join(compare(then, now, ("a", "b"), Budget()))
    assert time.process_time() - began < 15
    assert told.count("\n-") >= 1


def test_a_last_line_without_an_end_is_a_line_of_its_own() -> None:
    told = "".join(compare("old\fer", "new", ("a", "b"), Budget()))
    assert told == f"--- a\n+++ b\n@@ -1 +1 @@\n-old\fer\n{CUT}+new\n{CUT}"


def test_a_proposal_of_many_files_is_shown_as_far_as_one_answer_goes(hosting: Hosting) -> None:
    many = TEXTS // LEAST + 5
    added = [Operation("add", f"{number:04}.txt", b"x\n") for number in range(many)]
    number = hosting.propose(ACME, NAME, "main", Push("many", "", None, added))["number"]
    told = hosting.discussion(ACME, NAME, number, diff=True)["diff"]
    assert told.count("diff --git") == many
    assert told.count("\n+x\n") == many - 5
    assert told.count("more than is shown at once") == 5
