"""Links that bytes are sent by: good for as long as a large file takes, at every process of an office, and not for ever."""

import hashlib
import time
from contextlib import suppress

import pytest
from tests.hub.test_arriving import ACME, NAME
from tests.offices import found

from brightline.assembly.hosting.hosting import Hosting
from brightline.assembly.hosting.uploads import parting, receiving
from brightline.assembly.office import Office, now
from brightline.hub.host import Turned

LARGE = {"oid": "a" * 64, "size": 300 << 20}


@pytest.fixture
def hosting(tmp_path):
    with Office(found(tmp_path / "office")) as office:
        opened = Hosting(office)
        opened.create(ACME, NAME, {})
        yield opened


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """By both clocks that links are looked at with."""
    at, real = now().timestamp() + seconds, now()
    monkeypatch.setattr(time, "time", lambda: at)
    with suppress(AttributeError):
        monkeypatch.setattr(receiving, "now", lambda: real.fromtimestamp(at, real.tzinfo))


def test_a_part_of_a_file_that_takes_many_hours_comes_by_the_link_of_its_first(hosting, monkeypatch) -> None:
    """Stock clients ask for links once, and for no others."""
    ((_, _, ticket),) = hosting.wanted(ACME, NAME, "main", [LARGE])
    for hours in (0, 2, 10):
        later(monkeypatch, hours * 3600)
        assert hosting.part_bound(ticket, 1).most == 64 << 20
    later(monkeypatch, 24 * 3600)
    with pytest.raises(Turned, match="not good any more"):
        hosting.part_bound(ticket, 1)


def test_a_link_for_xorbs_ends_when_it_says(hosting, monkeypatch) -> None:
    _, ticket, until = hosting.xet_token(ACME, NAME, "main", pull=False)
    later(monkeypatch, until - now().timestamp() - 60)
    hosting.bound("xet", ticket, 1)
    later(monkeypatch, 3700)
    with pytest.raises(Turned, match="not good any more"):
        hosting.bound("xet", ticket, 1)


def test_a_link_of_a_process_whose_clock_is_ahead_is_good(hosting, monkeypatch) -> None:
    ((_, _, ticket),) = hosting.wanted(ACME, NAME, "main", [LARGE])
    later(monkeypatch, -90)
    assert hosting.part_bound(ticket, 1).most == 64 << 20
    with pytest.raises(Turned, match="not good"):
        hosting.part_bound(ticket[:-9] + ("A" if ticket[-9] != "A" else "B") + ticket[-8:], 1)


def test_a_part_that_comes_again_before_all_are_put_together_is_the_same(hosting, monkeypatch) -> None:
    """The first attempt of a sender that waited no longer may end after the second, whose tag the sender has."""
    monkeypatch.setattr(parting, "PART", 1 << 20)
    monkeypatch.setattr(parting, "WHOLE", 1 << 20)
    content = bytes(range(256)) * 5_000
    oid = hashlib.sha256(content).hexdigest()
    ((_, _, ticket),) = hosting.wanted(ACME, NAME, "main", [{"oid": oid, "size": len(content)}])

    def send(number: int, part: bytes) -> str:
        inlet = hosting.inlet(hashing=True)
        inlet.keep([part])
        inlet.finish()
        return hosting.part(ticket, number, inlet.place)

    tags = [send(2, content[1 << 20 :]), send(1, content[: 1 << 20])][::-1]
    send(2, bytes(len(content) - (1 << 20)))
    with pytest.raises(Turned, match="not " + oid):
        hosting.complete(ticket, oid, tags)
    send(2, content[1 << 20 :])
    send(1, content[: 1 << 20])
    hosting.complete(ticket, oid, tags)
    hosting.verify(ticket, oid, len(content))
    used = hosting.whoami(ACME)["brightline"]["storage"]["used"]
    send(1, content[: 1 << 20])
    assert hosting.whoami(ACME)["brightline"]["storage"]["used"] == used, "it came behind the whole"
    assert not list((hosting._office.settings.folder / "blobs" / "incoming").glob("parts-*/*"))
