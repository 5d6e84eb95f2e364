"""A store that is slow, or does not answer: it holds up whoever asks for its bytes, and neither the database nor anybody else."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from types import SimpleNamespace
from typing import cast

import pytest
from sqlalchemy import select
from tests.hub.test_arriving import ACME, NAME
from tests.offices import found
from tests.servers import silent
from tests.storage.test_parcels import xorb

from brightline.assembly.hosting.hosting import Hosting
from brightline.assembly.hosting.people.vetting import audit
from brightline.assembly.office import Office
from brightline.assembly.refusal import Refused
from brightline.hub.host import Arrived, Operation, Push, Turned
from brightline.hub.xet.xorb import read_heads
from brightline.release.reader import Unreadable
from brightline.storage.blobs import store
from brightline.storage.blobs.parcels import Parcels
from brightline.storage.blobs.store import Blobs, open_blobs
from brightline.storage.sql import shelves

ASKED = {"path": "x.txt", "size": 1, "sample": b"x"}
Work = Callable[[Hosting], object]


@pytest.fixture
def hosting(tmp_path) -> Iterator[Hosting]:
    with Office(found(tmp_path / "office")) as office:
        opened = Hosting(office)
        opened.create(ACME, NAME, {})
        opened.commit(ACME, NAME, "main", change(("README.md", "# One\n"), ("old.txt", "old\n")))
        opened.propose(ACME, NAME, "main", change(("old.txt", "new\n")))
        yield opened


def change(*files: tuple[str, str]) -> Push:
    return Push("change", "", None, [Operation("add", path, text.encode()) for path, text in files])


def asks(hosting: Hosting) -> object:
    return hosting.preupload(ACME, NAME, "main", [ASKED], pull=False, ignore="")


def compares(hosting: Hosting) -> object:
    return hosting.discussion(ACME, NAME, 1, diff=True)["diff"]


def deletes(hosting: Hosting) -> object:
    return hosting.commit(ACME, NAME, "main", Push("less", "", None, [Operation("delete", "old.txt")]))


@pytest.mark.parametrize("work", [asks, compares, deletes])
def test_no_connection_waits_for_it(hosting: Hosting, monkeypatch: pytest.MonkeyPatch, work: Work) -> None:
    """Else a few who ask have all of them, and nobody else is answered anything."""
    waiting, answered = list[int](), Blobs.holds

    def slow(blobs: Blobs, sha256: str) -> bool:
        waiting.append(hosting._office.engine.pool.checkedout())  # type: ignore[attr-defined]
        return answered(blobs, sha256)

    monkeypatch.setattr(Blobs, "holds", slow)
    assert work(hosting)
    assert waiting
    assert not any(waiting)


@pytest.mark.parametrize("work", [asks, compares, deletes])
def test_that_it_does_not_answer_is_a_refusal(hosting: Hosting, monkeypatch: pytest.MonkeyPatch, work: Work) -> None:
    def silent(_blobs: Blobs, _sha256: str) -> bool:
        raise Unreadable("the store of blobs does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(Blobs, "holds", silent)
        with pytest.raises(Turned, match="does not answer") as trouble:
            work(hosting)
        assert trouble.value.status == 413
    assert work(hosting)


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[Blobs]:
    """A store that takes whatever is asked, and says nothing; all that waits for it waits a tenth of what it does otherwise."""
    monkeypatch.setattr(store, "AGAIN", store.AGAIN / 10)
    with silent() as port:
        given = {"ENDPOINT": f"http://127.0.0.1:{port}", "ALLOW_HTTP": "true", "REGION": "x", "TIMEOUT": "3s"}
        for name, value in {**given, "ACCESS_KEY_ID": "x", "SECRET_ACCESS_KEY": "x"}.items():
            monkeypatch.setenv(f"AWS_{name}", value)
        yield open_blobs("s3://blobs/office")


def test_whoever_waits_for_a_store_that_says_nothing_is_told_so_at_the_first_try(hanging: Blobs) -> None:
    """Else it takes six tries, and three minutes, of each of the threads that answer everybody."""
    began = time.monotonic()
    with pytest.raises(Unreadable, match="does not answer"):
        hanging.holds("0" * 64)
    assert time.monotonic() - began < 6


def test_a_store_that_removes_nothing_holds_up_writers_for_seconds(hanging: Blobs, monkeypatch) -> None:
    monkeypatch.setattr(store, "REMOVED", 0.5)
    began = time.monotonic()
    with pytest.raises(TimeoutError, match="nothing was said"):
        hanging.remove(["blobs/a", "blobs/b"])
    assert time.monotonic() - began < 10


def test_an_audit_of_a_store_that_does_not_answer_finds_no_byte_wrong(hosting: Hosting, monkeypatch) -> None:
    with pytest.raises(Refused, match="does not answer") as trouble:
        audit(cast("Office", SimpleNamespace(engine=hosting._office.engine, blobs=refusing(monkeypatch))))
    assert trouble.value.code == "STORE"


def test_no_office_is_founded_on_a_store_that_does_not_answer(tmp_path, monkeypatch) -> None:
    refusing(monkeypatch)
    with pytest.raises(Refused, match="credentials"):
        found(tmp_path / "on s3", blobs="s3://blobs/office")
    assert not (tmp_path / "on s3").exists()


def refusing(monkeypatch: pytest.MonkeyPatch) -> Blobs:
    """A store that nobody can reach; and it is not tried again."""
    monkeypatch.setattr(store, "AGAIN", timedelta(0))
    for name, value in {"ENDPOINT": "http://127.0.0.1:1", "ALLOW_HTTP": "true", "ACCESS_KEY_ID": "x"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    return open_blobs("s3://blobs/office")


def send(hosting: Hosting, ticket: str, packed: bytes) -> bool:
    inlet = hosting.inlet(hashing=False)
    inlet.keep([packed])
    return hosting.xorb(ticket, "a" * 64, Arrived(inlet.place, inlet.finish(), inlet.size), read_heads(packed))


def used(hosting: Hosting) -> int:
    return int(hosting.whoami(ACME)["brightline"]["storage"]["used"])


def test_a_xorb_that_was_not_kept_is_not_charged_however_often_it_is_sent(hosting: Hosting, monkeypatch) -> None:
    def silent(_parcels: Parcels, _place: Path, _name: str) -> None:
        raise Unreadable("the store of blobs does not answer")

    packed, (_, ticket, _) = xorb([bytes(5_000)]), hosting.xet_token(ACME, NAME, "main", pull=False)
    before = used(hosting)
    with monkeypatch.context() as patched:
        patched.setattr(Parcels, "keep", silent)
        for _ in range(3):
            with pytest.raises(Turned, match="does not answer"):
                send(hosting, ticket, packed)
        assert used(hosting) == before
    assert [send(hosting, ticket, packed) for _ in range(2)] == [True, False]
    assert used(hosting) == before + len(packed)


def test_a_xorb_that_is_sent_again_before_it_is_kept_is_kept_and_charged_once(hosting: Hosting, monkeypatch) -> None:
    """Its sender did not wait for the answer."""
    both, kept = Barrier(2), Parcels.keep

    def together(parcels: Parcels, place: Path, name: str) -> None:
        both.wait(20)
        kept(parcels, place, name)

    monkeypatch.setattr(Parcels, "keep", together)
    packed, (_, ticket, _) = xorb([bytes(5_000)]), hosting.xet_token(ACME, NAME, "main", pull=False)
    before = used(hosting)
    with ThreadPoolExecutor(2) as senders:
        told = list(senders.map(lambda _: send(hosting, ticket, packed), range(2)))
    assert sorted(told) == [False, True]
    assert used(hosting) == before + len(packed)
    with hosting._office.engine.begin() as connection:
        place = connection.execute(select(shelves.xorbs.c.place)).scalar_one()
    assert [one.name for one in (hosting._office.settings.folder / "blobs" / "parcels").glob("*/*")] == [place]
