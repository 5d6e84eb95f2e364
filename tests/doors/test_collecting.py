"""Garbage goes, and nothing that anybody needs: told by examples, by chance, and beside a server that goes on."""

import asyncio
import hashlib
import random
import tempfile
import threading
import time
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub.errors import HfHubHTTPError
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from safetensors.numpy import save_file
from tests.doors.conftest import client
from tests.doors.law import whole
from tests.offices import Clock, found

from brightline.assembly.hosting.collecting import Collecting
from brightline.assembly.hosting.hosting import Hosting
from brightline.assembly.hosting.people.vetting import audit
from brightline.assembly.office import Office, now
from brightline.hub.host import Account, Arrived, Operation, Push, Turned
from brightline.release.attributes import ATTRIBUTES, INITIAL
from brightline.release.reader import Memory
from brightline.release.repository import Kind, RepoName
from brightline.storage.blobs import arrivals
from brightline.storage.repositories import holdings, shelf

ACME = Account("acme", "t", frozenset({"hub:read", "hub:write"}))
DAY = timedelta(days=1)


def name(text: str) -> RepoName:
    return RepoName(Kind.MODEL, "acme", text)


def upload(hosting: Hosting, repo: RepoName, content: bytes) -> str:
    """As LFS does it: asked first, sent where it is not there."""
    sha256 = hashlib.sha256(content).hexdigest()
    ((_, _, ticket),) = hosting.wanted(ACME, repo, "main", [{"oid": sha256, "size": len(content)}])
    if ticket is not None:
        inlet = hosting.inlet(hashing=True)
        inlet.keep([content])
        hosting.received(ticket, Arrived(inlet.place, inlet.finish(), inlet.size))
    return sha256


def commit(hosting: Hosting, repo: RepoName, *operations: Operation, branch: str = "main") -> str:
    return hosting.commit(ACME, repo, branch, Push("push", "", None, operations))["commitOid"]


def beside(path: str, content: bytes) -> Operation:
    return Operation("copy", path, sha256=hashlib.sha256(content).hexdigest(), size=len(content))


@pytest.fixture
def clock() -> Clock:
    """Of today, as is that of the commands."""
    return Clock(now())


@pytest.fixture
def office(tmp_path, clock, monkeypatch):
    monkeypatch.setattr(arrivals, "FRESH", 0)  # this clock goes nowhere by itself, the process's own does
    with Office(found(tmp_path / "office"), clock) as opened:
        yield opened


@pytest.fixture
def hosting(office) -> Hosting:
    opened = Hosting(office)
    opened.create(ACME, name("one"), {})
    return opened


def stored(office: Office) -> set[str]:
    return {place.name for place in (office.settings.folder / "blobs").glob("sha256/*/*")}


def test_an_upload_that_was_never_committed_goes_once_its_time_is_over(hosting, office, clock) -> None:
    sha256 = upload(hosting, name("one"), b"never committed")
    for hours, there in ((0, True), (23, True), (2, False)):
        clock.forward(hours=hours)
        dry = Collecting(office, dry=True).collect()
        assert (dry.files, dry.size) == ((0, 0) if there else (1, 15))
        assert sha256 in stored(office), "a dry run removes nothing"
        assert Collecting(office).collect().files == dry.files
        assert (sha256 in stored(office)) == there
    with pytest.raises(Turned, match="never sent"):
        commit(hosting, name("one"), beside("a.bin", b"never committed"))
    upload(hosting, name("one"), b"never committed")
    commit(hosting, name("one"), beside("a.bin", b"never committed"))


def test_what_is_collected_while_it_is_audited_is_not_missed(hosting, office, clock) -> None:
    sent = [upload(hosting, name("one"), b"never committed %d" % number) for number in range(3)]
    commit(hosting, name("one"), Operation("copy", "a.bin", sha256=sent[0]))
    clock.forward(days=2)
    collected = list[int]()

    def told(_count: int) -> None:
        if not collected:
            collected.append(Collecting(office).collect().files)

    found = audit(office, told)
    assert (found.wrong, collected) == ((), [2])
    for place in (office.settings.folder / "blobs").glob(f"sha256/*/{sent[0]}"):
        place.unlink()
    assert len(audit(office).wrong) == 1


def test_what_a_repository_began_with_stays_as_long_as_one_has_it(hosting, office, clock) -> None:
    """Nobody has sent it."""
    clock.forward(days=2)
    assert Collecting(office).collect().files == 0
    hosting.delete(ACME, name("one"))
    clock.forward(days=2)
    assert Collecting(office).collect().files == 1
    hosting.create(ACME, name("two"), {})
    clock.forward(days=2)
    assert Collecting(office).collect().files == 0
    assert (hosting.resolve(ACME, name("two"), "main", ATTRIBUTES).size, audit(office).wrong) == (len(INITIAL), ())


def test_what_is_kept_stays_until_its_case_is_filed(office, clock) -> None:
    """Nothing names it yet; and it may be the same bytes that nothing named for a long time."""
    office.blobs.keep(Memory(b"being filed"))
    clock.forward(days=2)
    office.blobs.keep(Memory(b"being filed"))
    assert Collecting(office).collect().files == 0
    clock.forward(days=2)
    assert Collecting(office).collect().files == 1


def test_what_a_client_was_told_to_be_here_stays_for_its_commit(hosting, office, clock) -> None:
    upload(hosting, name("one"), b"asked again")
    clock.forward(hours=25)
    upload(hosting, name("one"), b"asked again")  # it is there: nothing is sent
    Collecting(office).collect()
    clock.forward(hours=1)
    Collecting(office).collect()
    commit(hosting, name("one"), beside("a.bin", b"asked again"))
    assert audit(office).wrong == ()


def test_the_whole_history_of_every_ref_stays_and_what_none_reaches_goes(hosting, office, clock) -> None:
    repo = name("one")
    for number in range(3):
        upload(hosting, repo, b"version %d" % number)
        commit(hosting, repo, beside("w.bin", b"version %d" % number))
    hosting.branch(ACME, repo, "side", "main")
    upload(hosting, repo, b"on the side")
    side = commit(hosting, repo, beside("s.bin", b"on the side"), branch="side")
    hosting.tag(ACME, repo, side, "v1")
    hosting.unref(ACME, repo, "refs/heads/side")
    clock.forward(days=2)
    assert Collecting(office).collect().commits == 0, "a tag reaches it"
    hosting.unref(ACME, repo, "refs/tags/v1")
    done = Collecting(office).collect()
    assert (done.commits, done.listings, done.possessions) == (1, 1, 1)
    with pytest.raises(Turned, match="no revision"):
        hosting.resolve(ACME, repo, side, "s.bin")
    assert len(hosting.commits(ACME, repo, "main")) == 4
    assert hashlib.sha256(b"on the side").hexdigest() in stored(office), "a case names it"
    assert audit(office).wrong == ()


def test_a_deleted_repository_leaves_only_what_its_cases_name(hosting, office, clock) -> None:
    repo = name("one")
    kept, lost = upload(hosting, repo, b"committed"), upload(hosting, repo, b"only sent")
    commit(hosting, repo, beside("w.bin", b"committed"))
    hosting.delete(ACME, repo)
    clock.forward(days=2)
    Collecting(office).collect()
    assert kept in stored(office)
    assert lost not in stored(office)
    assert audit(office).wrong == ()


def test_the_command_says_what_would_go_and_refuses_a_grace_that_is_too_short(office, hosting, brightline) -> None:
    where = ("--office", office.settings.folder)
    upload(hosting, name("one"), b"somebody's")
    done = brightline("hub", "collect", "--dry-run", *where)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "0 files of 0 bytes would go")
    assert brightline("hub", "collect", *where).returncode == 0
    short = brightline("hub", "collect", "--grace", "1h", *where)
    assert (short.returncode, "between its upload and its commit" in short.stderr) == (64, True)
    assert stored(office) != set()


CONTENTS = [b"\0content %d" % number for number in range(4)]


class Collected(RuleBasedStateMachine):
    """Whatever is asked, sent, committed, branched and deleted while time goes by and a collector runs: what was answered holds."""

    @initialize()
    def open(self):
        self.stack = ExitStack()
        self.stack.enter_context(pytest.MonkeyPatch.context()).setattr(arrivals, "FRESH", 0)
        place = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.clock = Clock()
        self.office = self.stack.enter_context(Office(found(place / "office"), self.clock))
        self.hosting = Hosting(self.office)
        self.asked: dict[tuple[str, bytes], object] = {}  # until when a client may count on it
        self.heads: dict[tuple[str, str], dict[str, bytes]] = {}  # of every branch

    def teardown(self):
        if hasattr(self, "stack"):
            self.stack.close()

    @rule(repo=st.sampled_from("ab"))
    def create(self, repo):
        _, fresh = self.hosting.create(ACME, name(repo), {})
        if fresh:
            self.heads[repo, "main"] = {}

    @rule(repo=st.sampled_from("ab"), content=st.sampled_from(CONTENTS))
    def send(self, repo, content):
        if (repo, "main") in self.heads:
            upload(self.hosting, name(repo), content)
            self.asked[repo, content] = self.clock.at + DAY

    @rule(repo=st.sampled_from("ab"), branch=st.sampled_from(["main", "side"]), content=st.sampled_from(CONTENTS))
    def push(self, repo, branch, content):
        if (repo, branch) not in self.heads:
            return
        path = f"{len(content)}-{content[-1]}.bin"
        live = any(content in files.values() for (one, _), files in self.heads.items() if one == repo)
        counted_on = live or self.asked.get((repo, content), self.clock.at) > self.clock.at
        try:
            commit(self.hosting, name(repo), beside(path, content), branch=branch)
        except Turned:
            if counted_on:
                raise
        else:
            self.heads[repo, branch][path] = content

    @rule(repo=st.sampled_from("ab"))
    def branch(self, repo):
        if (repo, "main") in self.heads and (repo, "side") not in self.heads:
            self.hosting.branch(ACME, name(repo), "side", "main")
            self.heads[repo, "side"] = dict(self.heads[repo, "main"])

    @rule(repo=st.sampled_from("ab"))
    def unbranch(self, repo):
        if self.heads.pop((repo, "side"), None) is not None:
            self.hosting.unref(ACME, name(repo), "refs/heads/side")

    @rule(repo=st.sampled_from("ab"))
    def delete(self, repo):
        if (repo, "main") in self.heads:
            self.hosting.delete(ACME, name(repo))
            for book in (self.heads, self.asked):
                for key in [key for key in book if key[0] == repo]:
                    del book[key]

    @rule(hours=st.sampled_from([1, 12, 23, 25]))
    def later(self, hours):
        self.clock.forward(hours=hours)

    @rule(dry=st.sampled_from([False, False, True]))
    def collect(self, dry):
        Collecting(self.office, DAY, dry=dry).collect()

    @invariant()
    def every_file_of_every_branch_is_there(self):
        if not hasattr(self, "heads"):
            return
        for (repo, branch), files in self.heads.items():
            for path, content in files.items():
                answer = self.hosting.resolve(ACME, name(repo), branch, path)
                assert asyncio.run(whole(answer)) == content
        assert audit(self.office).wrong == ()


TestCollected = Collected.TestCase
TestCollected.settings = settings(
    max_examples=12, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck), database=None
)


MEANWHILE = ("is gone", "no model", "no revision", "no branch", "moves too quickly", "never sent")


class Pusher(threading.Thread):
    """Sends, commits, reads back and deletes until the end, on the same few contents as everybody."""

    def __init__(self, office: Office, number: int, end: float) -> None:
        super().__init__()
        self.hosting, self.number, self.end = Hosting(office), number, end
        self.rng, self.wrong, self.done = random.Random(number), list[str](), 0

    def run(self) -> None:
        while time.monotonic() < self.end:
            try:
                self.once(name(f"{self.rng.randrange(3)}"), bytes([self.rng.randrange(5)]) * 300_000)
            except Turned as refused:  # somebody else deleted the repository, or moved the branch; or it took too long
                self.wrong += [] if any(word in str(refused) for word in MEANWHILE) else [str(refused)]

    def once(self, repo: RepoName, content: bytes) -> None:
        self.hosting.create(ACME, repo, {})
        upload(self.hosting, repo, content)
        oid = commit(self.hosting, repo, beside("w.bin", content), Operation("add", "t", bytes([self.number])))
        answer = self.hosting.resolve(ACME, repo, oid, "w.bin")
        self.wrong += [] if asyncio.run(whole(answer)) == content else ["another content"]
        self.done += 1
        if self.rng.random() < 0.2:
            self.hosting.delete(ACME, repo)


def test_a_collector_that_never_rests_takes_nothing_from_those_who_push_and_delete(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(arrivals, "FRESH", 0)
    end = time.monotonic() + 6
    with Office(found(tmp_path / "office")) as office, Office(tmp_path / "office") as beside_it:
        pushers = [Pusher(office, number, end) for number in range(4)]
        for one in pushers:
            one.start()
        while time.monotonic() < end:
            Collecting(beside_it, timedelta(seconds=1)).collect()
        for one in pushers:
            one.join()
        assert [one.wrong for one in pushers] == [[]] * 4
        assert all(one.done for one in pushers)
        assert audit(office).wrong == ()


def xorbs_of(office: Office) -> set[Path]:
    return set((office.settings.folder / "blobs" / "parcels").glob("*/*"))


def write_tensors(place: Path, **changed: float) -> Path:
    rng = np.random.default_rng(11)
    tensors = {f"w{number}": rng.random((512, 512), dtype=np.float32) for number in range(6)}
    save_file({key: value + np.float32(changed.get(key, 0)) for key, value in tensors.items()}, place)
    return place


def test_the_stock_client_sends_again_what_was_collected(tmp_path) -> None:
    """It remembers what it sent; once xorbs are gone the hub's address for them is another one, and it starts anew."""
    from tests.desk.conftest import start
    from tests.servers import free_port

    with Office(found(tmp_path / "office")) as office:
        port = free_port()
        process = start(office.settings.folder, port)
        try:
            api = client(f"http://127.0.0.1:{port}", office, "acme")
            api.create_repo("acme/again")
            place = write_tensors(tmp_path / "model.safetensors")

            def push() -> None:
                api.upload_file(path_or_fileobj=place, path_in_repo="model.safetensors", repo_id="acme/again")
                got = api.hf_hub_download(
                    "acme/again", "model.safetensors", local_dir=tmp_path / "down", force_download=True
                )
                assert Path(got).read_bytes() == place.read_bytes()

            push()
            first = xorbs_of(office)
            with Office(office.settings.folder, lambda: office.clock() + 2 * DAY) as later:
                assert Collecting(later).collect().xorbs == len(first) > 0
            assert xorbs_of(office) == set()
            write_tensors(place, w3=1)
            push()
            torn = xorbs_of(office)
            for one in torn:
                one.write_bytes(b"")  # as a power cut leaves it
            write_tensors(place, w4=1)
            with pytest.raises((HfHubHTTPError, RuntimeError, OSError)):
                push()
            push()
            assert audit(office).wrong == ()
            with office.engine.begin() as connection:
                repo = shelf.find_repo(connection, name("again"))
                assert repo is not None
                assert holdings.read_round(connection, repo) == 2
        finally:
            process.terminate()
            process.wait(20)
