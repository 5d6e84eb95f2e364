"""C2SP tlog-witness: a witness cosigns what grows out of what it cosigned before, and remembers before it answers."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.authority.office import NOON, pen
from tests.proof.deployer import nodes
from tests.proof.test_monitor import KEY, OTHER, head
from tests.proof.test_tile import ENTRIES

from brightline.permit.notation import Illegible
from brightline.proof.merkle import consistency
from brightline.proof.note import Checkpoint, NoteKey, read_lines
from brightline.proof.witness import Request, answer, read_request

WITNESS = NoteKey("wit", pen("wit").public, witness=True)


def request(old, new, entries=ENTRIES):
    return Request(old, tuple(consistency(nodes(entries[:new]), old, new)) if old else (), head(entries[:new]))


def asked(request, last=None, logs=(KEY,)):
    return answer(request, last, logs, pen("wit"), WITNESS, NOON)


@pytest.mark.parametrize(("old", "new"), [(0, 1), (0, 300), (5, 5), (5, 9), (256, 300)])
def test_what_grew_is_cosigned_and_remembered(old, new):
    asking = request(old, new)
    reply = asked(asking, head(ENTRIES[:old]) if old else None)
    assert (reply.status, reply.kept) == (200, asking.checkpoint)
    assert asking.checkpoint.with_lines(read_lines(reply.body)).cosigned_by(WITNESS) == NOON


FORGED = Request(0, (), Checkpoint("log", 3, bytes(32)).signed(pen("eve"), KEY))


@pytest.mark.parametrize(
    ("asking", "last", "logs", "status"),
    [
        (request(0, 3), None, (), 404),
        (FORGED, None, (KEY,), 403),
        (Request(4, (), head(ENTRIES[:3])), None, (KEY,), 400),
        (request(0, 5), head(ENTRIES[:3]), (KEY,), 409),
        (request(3, 5), None, (KEY,), 409),
        (request(3, 3), head(OTHER[1:4]), (KEY,), 409),
        (request(300, 400, OTHER), head(ENTRIES[:300]), (KEY,), 422),
        (Request(3, (), head(ENTRIES[:5])), head(ENTRIES[:3]), (KEY,), 422),
    ],
    ids=["unknown", "forged", "shrunk", "old size", "never seen", "same size, other root", "fork", "no proof"],
)
def test_everything_else_is_refused_and_not_remembered(asking, last, logs, status):
    reply = asked(asking, last, logs)
    assert (reply.status, reply.kept) == (status, None)


def test_who_asks_with_an_old_size_is_told_the_one_that_was_seen():
    assert asked(request(0, 5), head(ENTRIES[:3])).body == "3\n"


@pytest.mark.parametrize(("old", "new"), [(0, 1), (5, 9), (299, 300)])
def test_a_request_is_read_back_as_it_was_written(old, new):
    assert read_request(request(old, new).text()) == request(old, new)


GOOD = request(5, 9).text()


@given(st.integers(0, len(GOOD) - 1), st.characters())
def test_any_text_is_a_request_or_illegible(at, letter):
    with suppress(Illegible):
        read_request(GOOD[:at] + letter + GOOD[at + 1 :])


@pytest.mark.parametrize("text", ["", "old 5\n", GOOD.replace("old 5", "old"), GOOD.replace("old 5", "new 5"),
                                  GOOD.replace("\n\n", "\nAAAA\n\n", 1), GOOD.replace("old 5", "old -5")])  # fmt: skip
def test_a_request_with_a_defect_is_refused(text):
    with pytest.raises(Illegible):
        read_request(text)
