"""An office asks its witnesses: what they answer may hold anything, and only their own good cosignatures are kept."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import pytest
from tests.authority.office import NOON, pen
from tests.offices import approvers, found
from tests.servers import served

from brightline.assembly.chartering import adopt_charter, draft_charter, sign_draft
from brightline.assembly.deciding import open_signer
from brightline.assembly.office import Office
from brightline.assembly.record import be_witnessed
from brightline.assembly.refusal import Refused
from brightline.proof.note import Checkpoint, Line, NoteKey
from brightline.proof.verification import log_key
from brightline.proof.witness import read_request

NAMES = ("wit", "wes")
KEYS = {name: NoteKey(name, pen(name).public, witness=True) for name in NAMES}
Answer = Callable[[Checkpoint], str]


@pytest.fixture
def office(tmp_path) -> Iterator[Office]:
    """Its charter names two witnesses."""
    with Office(found(tmp_path / "office")) as opened:
        place = tmp_path / "next.json"
        document = draft_charter(opened)
        for name in NAMES:
            document["holders"][name] = {
                "roles": ["witness"],
                "keys": [pen(name).public.document()],
                "affiliations": [],
            }
        place.write_text(json.dumps(document))
        for key in approvers(opened)[:2]:
            sign_draft(opened, place, open_signer(opened, key))
        adopt_charter(opened, place)
        yield opened


@contextmanager
def witness(answer: Answer) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            said = answer(read_request(body).checkpoint).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_words: object) -> None:
            pass

    with served(Handler) as address:
        yield address


def good(name: str) -> Answer:
    return lambda head: str(
        Checkpoint(head.origin, head.size, head.root).cosigned(pen(name), KEYS[name], NOON).lines[0]
    )


def signers(office: Office) -> set[str]:
    seen = office.read(lambda view: view.log.witnessed())
    assert seen.signed_by(log_key(office.charter)), "the log's own signature is there"
    return {name for name in NAMES if seen.cosigned_by(KEYS[name]) is not None}


def test_cosignatures_of_several_witnesses_are_kept_together(office) -> None:
    for name in NAMES:
        with witness(good(name)) as url:
            assert be_witnessed(office, url)[1] == [name]
    assert signers(office) == set(NAMES)


@pytest.mark.parametrize("kind", ["in the names of others", "too many"])
def test_one_witness_cannot_harm_what_others_signed(office, kind) -> None:
    log = log_key(office.charter)
    others = [Line(log.name, log.identity, bytes(64)), Line("wit", KEYS["wit"].identity, bytes(72))]
    junk = others if kind == "in the names of others" else [Line(f"j{n}", b"abcd", b"x") for n in range(99)]
    with witness(good("wit")) as url:
        be_witnessed(office, url)
    with witness(lambda head: good("wes")(head) + "".join(map(str, junk))) as url:
        assert be_witnessed(office, url)[1] == ["wes"]
    assert signers(office) == set(NAMES)


@pytest.mark.parametrize("said", ["rubbish\n", "", "\u2014 wit AAAA\n", "x" * 100_000])
def test_an_answer_that_is_no_cosignature_is_refused(office, said) -> None:
    with witness(lambda _head: said) as url, pytest.raises(Refused):
        be_witnessed(office, url)
    assert office.read(lambda view: view.log.witnessed()) is None
