"""Whatever two people send, commit, borrow and delete while time goes by: nobody holds more than what is allowed, and all is counted."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import func, select
from tests.doors.conftest import decide_all
from tests.doors.test_again import shard
from tests.offices import Clock, found
from tests.servers import fresh_database, postgresql
from tests.storage.test_parcels import xorb

from brightline.assembly.hosting.collecting import Collecting
from brightline.assembly.hosting.hosting import Hosting
from brightline.assembly.hosting.people.vetting import audit
from brightline.assembly.hosting.quota import Exceeded, except_account
from brightline.assembly.hosting.uploads import parting, receiving
from brightline.assembly.office import Office, now
from brightline.hub.host import Account, Arrived, Operation, Push, Turned
from brightline.hub.xet.xorb import hash_text, read_heads
from brightline.release.attributes import OFFICES
from brightline.release.repository import Kind, RepoName
from brightline.storage.accounts.charges import allowances, charges
from brightline.storage.blobs import arrivals
from brightline.storage.sql import schema, shelves

MOST, PART = 10_000, 1_000
PEOPLE = {one: Account(one, "t", frozenset({"hub:read", "hub:write"})) for one in ("acme", "zeta")}
WHO = st.sampled_from(sorted(PEOPLE))
REPO = st.sampled_from("ab")
CONTENT = st.tuples(st.integers(0, 3), st.sampled_from([300, 2_000, 4_500])).map(lambda row: bytes([row[0]]) * row[1])


def name(who: str, repo: str) -> RepoName:
    return RepoName(Kind.MODEL, who, repo)


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def arrived(hosting: Hosting, content: bytes) -> Arrived:
    inlet = hosting.inlet(hashing=True)
    inlet.keep([content])
    return Arrived(inlet.place, inlet.finish(), inlet.size)


class Held(RuleBasedStateMachine):
    """A quota of 10,000 bytes, and contents of which a few fit."""

    @initialize()
    def open(self):
        self.stack = ExitStack()
        patch = self.stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(arrivals, "FRESH", 0)
        patch.setattr(parting, "WHOLE", PART)
        patch.setattr(parting, "PART", PART)
        patch.setattr(parting.Parting, "part_size", lambda _self, size: PART if size > PART else None)
        place = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.clock = Clock(now())
        folder = found(place / "office")
        with (folder / "office.toml").open("a") as file:
            file.write(f"[quota]\nbytes = {MOST}\n")
        self.office = self.stack.enter_context(Office(folder, self.clock))
        self.hosting, self.statuses, self.most = Hosting(self.office), set[int](), dict[str, int]()

    def teardown(self):
        if hasattr(self, "stack"):
            self.stack.close()

    def trying(self, work):
        """What is refused changes nothing that matters here."""
        try:
            work()
        except Turned as turned:
            self.statuses.add(turned.status)

    @rule(who=WHO, repo=REPO)
    def create(self, who, repo):
        self.trying(lambda: self.hosting.create(PEOPLE[who], name(who, repo), {}))

    @rule(who=WHO, repo=REPO, content=CONTENT, commit=st.booleans(), asked=st.booleans())
    def send(self, who, repo, content, commit, asked):
        """By LFS, in one piece; who is not asked for it sends it all the same, with a ticket from before."""

        def work():
            _, size, ticket = self.ask(who, repo, content)
            if isinstance(ticket, Turned):
                raise ticket
            if ticket is None and not asked:
                place = self.hosting.place(PEOPLE[who], name(who, repo), "main", pull=None)
                ticket = self.hosting._receiving.ticket("lfs", place, sha(content), size)
            if ticket is not None:
                self.hosting.bound("lfs", ticket, size)
                self.hosting.received(ticket, arrived(self.hosting, content))
            if commit:
                self.commit(who, repo, Operation("copy", f"{sha(content)[:4]}.bin", sha256=sha(content), size=size))

        self.trying(work)

    def ask(self, who, repo, content):
        (row,) = self.hosting.wanted(
            PEOPLE[who], name(who, repo), "main", [{"oid": sha(content), "size": len(content)}]
        )
        return row

    def commit(self, who, repo, *operations):
        self.hosting.commit(PEOPLE[who], name(who, repo), "main", Push("push", "", None, operations))

    @rule(who=WHO, repo=REPO, content=CONTENT, numbers=st.lists(st.integers(1, 5), max_size=5), whole=st.booleans())
    def send_parts(self, who, repo, content, numbers, whole):
        def work():
            ticket = self.ask(who, repo, content)[2]
            if not isinstance(ticket, str) or len(content) <= PART:
                return
            count, tags = -(-len(content) // PART), {}
            for number in range(1, count + 1) if whole else numbers:
                if number <= count:
                    self.hosting.part_bound(ticket, number)
                    piece = arrived(self.hosting, content[(number - 1) * PART : number * PART])
                    tags[number] = self.hosting.part(ticket, number, piece.place)
            if whole:
                self.hosting.complete(ticket, sha(content), [tags[number] for number in sorted(tags)])

        self.trying(work)

    @rule(
        who=WHO,
        repo=REPO,
        contents=st.lists(CONTENT, min_size=1, max_size=3),
        assembled=st.integers(0, 3),
        twice=st.booleans(),
    )
    def send_xet(self, who, repo, contents, assembled, twice):
        """A xorb of several contents, of which some become files: some xorbs are sent and never used."""

        def work():
            _, token, _ = self.hosting.xet_token(PEOPLE[who], name(who, repo), "main", pull=False)
            packed, named = xorb(contents), os.urandom(32)
            for _ in range(1 + twice):
                self.hosting.bound("xet", token, len(packed))
                self.hosting.xorb(token, hash_text(named), arrived(self.hosting, packed), read_heads(packed))
            if assembled:
                self.hosting.shard(token, arrived(self.hosting, shard(contents[:assembled], named)))

        self.trying(work)

    @rule(who=WHO, repo=REPO, contents=st.lists(CONTENT, min_size=1, max_size=3))
    def send_small(self, who, repo, contents):
        self.trying(lambda: self.commit(who, repo, *(Operation("add", f"{sha(one)[:4]}.txt", one) for one in contents)))

    @rule(who=WHO, repo=REPO)
    def copy(self, who, repo):
        lender = next(one for one in PEOPLE if one != who)
        self.trying(lambda: self.hosting.duplicate(PEOPLE[who], name(lender, "a"), name(who, repo), {}))

    @rule(who=WHO, content=CONTENT)
    def propose(self, who, content):
        owner = next(one for one in PEOPLE if one != who)
        wanted = Push("proposed", "", None, [Operation("add", "proposed.txt", content)])

        def work():
            made = self.hosting.propose(PEOPLE[who], name(owner, "a"), "main", wanted)
            self.hosting.merge(PEOPLE[owner], name(owner, "a"), made["number"], "")

        self.trying(work)

    @rule(who=WHO, repo=REPO)
    def delete(self, who, repo):
        self.trying(lambda: self.hosting.delete(PEOPLE[who], name(who, repo)))

    @rule()
    def decide(self):
        decide_all(self.office, weights="open", data="open")

    @rule(hours=st.sampled_from([1, 12, 25]))
    def later(self, hours):
        """For what lies in the store too: parts are swept by their age."""
        self.clock.forward(hours=hours)
        for part in self.stored("incoming/parts-*/*"):
            at = part.stat().st_mtime - 3600 * hours
            os.utime(part, (at, at))

    @rule(hours=st.sampled_from([3, 24]))
    def collect(self, hours):
        """What is passed on may be more than somebody may have: then nothing more comes to it."""
        Collecting(self.office, timedelta(hours=hours)).collect()
        self.most = {one: max(MOST, size) for one, size in used(self.office).items()}

    @invariant()
    def nobody_holds_more_than_is_allowed_and_all_that_lies_here_is_counted(self):
        if not hasattr(self, "office"):
            return
        with self.office.engine.begin() as connection:
            wanted = select(charges.c.account, func.sum(charges.c.size)).group_by(charges.c.account)
            sums = dict(connection.execute(wanted).all())
            names = {OFFICES, *connection.execute(select(charges.c.name)).scalars()}
            assert set(connection.execute(select(shelves.possessions.c.sha256)).scalars()) <= names
            merged = set(connection.execute(select(schema.files.c.sha256)).scalars())
            assert merged <= names
        assert not [one for one in self.statuses if one >= 429]
        held = used(self.office)
        assert {one: size for one, size in held.items() if size} == sums
        assert all(size <= self.most.get(one, MOST) for one, size in held.items()), held
        blobs, parcels, parts = (self.stored(one) for one in ("sha256/*/*", "parcels/*/*", "incoming/parts-*/*"))
        assert {one.name for one in blobs} <= names
        blobs = [one for one in blobs if one.name != OFFICES]
        assert sum(one.stat().st_size for one in (*blobs, *parcels, *parts)) <= 2 * sum(sums.values()), (
            "see decision 20"
        )
        assert audit(self.office).wrong == ()

    def stored(self, pattern: str) -> list[Path]:
        return list((self.office.settings.folder / "blobs").glob(pattern))


TestHeld = Held.TestCase
TestHeld.settings = settings(
    max_examples=15, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck), database=None
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with postgresql(tmp_path_factory.mktemp("postgresql")) as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def office(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Office]:
    kept = {} if request.param == "sqlite" else {"database": fresh_database(request.getfixturevalue("server"))}
    with Office(found(tmp_path / "office", **kept), Clock(now())) as opened:
        yield opened


def test_of_many_who_come_at_once_no_more_are_kept_than_fit(office: Office) -> None:
    """Each was let in, since each alone would fit."""
    except_account(office, "acme", {"bytes": MOST})
    hosting, barrier, told = Hosting(office), Barrier(8), list[Turned]()
    hosting.create(PEOPLE["acme"], name("acme", "a"), {})
    contents = [bytes([number]) * 3_000 for number in range(8)]
    rows = [
        hosting.wanted(PEOPLE["acme"], name("acme", "a"), "main", [{"oid": sha(one), "size": 3_000}])[0]
        for one in contents
    ]

    def send(ticket: str, content: bytes) -> None:
        hosting.bound("lfs", ticket, 3_000)
        barrier.wait()
        try:
            hosting.received(ticket, arrived(hosting, content))
        except Exceeded as refused:
            told.append(refused)

    threads = [Thread(target=send, args=(str(row[2]), content)) for row, content in zip(rows, contents, strict=True)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(told) == 5
    kept = {one.name for one in (office.settings.folder / "blobs").glob("sha256/*/*")}
    assert len(kept - {OFFICES}) == 3
    with office.engine.begin() as connection:
        assert connection.execute(select(allowances.c.used)).scalars().all() == [9_000]


def used(office: Office) -> dict[str, int]:
    with office.engine.begin() as connection:
        return {row.account: row.used for row in connection.execute(select(allowances))}


@pytest.fixture
def hosting(office: Office, monkeypatch: pytest.MonkeyPatch) -> Hosting:
    monkeypatch.setattr(arrivals, "FRESH", 0)
    opened = Hosting(office)
    for repo in "ab":
        opened.create(PEOPLE["acme"], name("acme", repo), {})
    return opened


def collect(office: Office) -> None:
    office.clock.forward(hours=25)
    Collecting(office).collect()


def test_xorbs_that_became_nothing_new_count_until_they_are_collected(hosting: Hosting, office: Office) -> None:
    """Otherwise the same file, sent into a thousand repositories, would be a thousand times on the disk."""
    known, new = os.urandom(5_000), os.urandom(3_000)
    due = []
    for repo, contents in (("a", [known]), ("b", [known, new])):
        packed, named = xorb(contents), os.urandom(32)
        _, token, _ = hosting.xet_token(PEOPLE["acme"], name("acme", repo), "main", pull=False)
        for _ in range(2):
            hosting.xorb(token, hash_text(named), arrived(hosting, packed), read_heads(packed))
            hosting.shard(token, arrived(hosting, shard(contents, named)))
        due.append(used(office)["acme"])
    assert due[0] - 5_000 in range(100), "what the chunk has more than the file"
    assert due[1] - due[0] - 8_000 in range(100), "the new file, and what was sent of the known one"
    collect(office)
    assert used(office) == {"acme": 0}, "nothing was committed"


def test_a_xorb_that_is_sent_again_to_stay_counts_again(hosting: Hosting, office: Office) -> None:
    """Whatever it became: else each would lie here for ever, one beside the other, for whoever names them once a day."""
    content, named = os.urandom(5_000), os.urandom(32)
    _, token, _ = hosting.xet_token(PEOPLE["acme"], name("acme", "a"), "main", pull=False)
    packed, little = xorb([content]), xorb([b"anything"])
    hosting.xorb(token, hash_text(named), arrived(hosting, packed), read_heads(packed))
    hosting.shard(token, arrived(hosting, shard([content], named)))
    for _ in range(3):
        office.clock.forward(hours=13)
        _, token, _ = hosting.xet_token(PEOPLE["acme"], name("acme", "a"), "main", pull=False)
        hosting.xorb(token, hash_text(named), arrived(hosting, little), read_heads(little))
        Collecting(office).collect()
    assert used(office) == {"acme": len(packed)}, "nothing was committed, and the xorb is here"


def test_a_file_that_was_announced_as_smaller_counts_as_what_it_is(
    hosting: Hosting, office: Office, monkeypatch
) -> None:
    monkeypatch.setattr(receiving, "LARGE", 1_000)
    content = os.urandom(5_000)
    for said, counted in ((1_001, 1_001), (5_000, 5_000), (2_000, 5_000)):
        ticket = hosting._receiving.ticket(
            "lfs", hosting.place(PEOPLE["acme"], name("acme", "a"), "main", pull=None), sha(content), said
        )
        hosting.bound("lfs", ticket, said)
        assert used(office) == {"acme": counted}
    except_account(office, "acme", {"bytes": 9_000})
    (row,) = hosting.wanted(PEOPLE["acme"], name("acme", "a"), "main", [{"oid": sha(content), "size": 9_001}])
    assert isinstance(row[2], Exceeded)


def test_a_file_that_was_announced_as_larger_counts_as_what_it_is_once_it_is_collected(
    hosting: Hosting, office: Office, monkeypatch
) -> None:
    monkeypatch.setattr(receiving, "LARGE", 1_000)
    content, tickets = os.urandom(2_000), list[str]()
    for said in (5_000, 2_000):
        (row,) = hosting.wanted(PEOPLE["acme"], name("acme", "a"), "main", [{"oid": sha(content), "size": said}])
        tickets.append(str(row[2]))
        hosting.bound("lfs", tickets[-1], said)
    hosting.received(tickets[-1], arrived(hosting, content))
    copied = Operation("copy", "a.bin", sha256=sha(content), size=2_000)
    hosting.commit(PEOPLE["acme"], name("acme", "a"), "main", Push("push", "", None, [copied]))
    assert used(office) == {"acme": 5_000}
    collect(office)
    assert used(office) == {"acme": 2_000}


def test_bytes_that_are_charged_already_come_again_where_nothing_more_would_fit(
    hosting: Hosting, office: Office, monkeypatch
) -> None:
    """The same file into another repository; a part whose answer was lost."""
    monkeypatch.setattr(parting, "WHOLE", 1_000)
    monkeypatch.setattr(parting.Parting, "part_size", lambda _self, _size: 4_000)
    except_account(office, "acme", {"bytes": 10_000})
    content = os.urandom(6_000)
    tickets = [
        hosting.wanted(PEOPLE["acme"], name("acme", repo), "main", [{"oid": sha(one), "size": len(one)}])[0][2]
        for repo, one in (("a", content), ("b", content), ("b", bytes(4_000)))
    ]
    for ticket in tickets[:2]:
        hosting.bound("lfs", str(ticket), 6_000)
        hosting.received(str(ticket), arrived(hosting, content))
    for _ in range(2):
        hosting.part_bound(str(tickets[2]), 1)
        hosting.part(str(tickets[2]), 1, arrived(hosting, bytes(4_000)).place)
    assert used(office) == {"acme": 10_000}


def test_who_has_what_its_sender_needs_no_more_is_charged_for_it(hosting: Hosting, office: Office) -> None:
    first = Push("first", "", None, [Operation("add", "README.md", b"# Open")])
    hosting.commit(PEOPLE["acme"], name("acme", "a"), "main", first)
    decide_all(office)
    office.clock.forward(hours=1)
    content = Operation("add", "proposed.txt", bytes(3_000))
    made = hosting.propose(PEOPLE["zeta"], name("acme", "a"), "main", Push("proposed", "", None, [content]))
    hosting.merge(PEOPLE["acme"], name("acme", "a"), made["number"], "")
    collect(office)
    assert used(office) == {"acme": 6, "zeta": 3_000}
    hosting.delete(PEOPLE["acme"], name("acme", "a"))
    collect(office)
    assert used(office) == {"acme": 3_006, "zeta": 0}, "the office keeps what acme filed"
