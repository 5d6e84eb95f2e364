"""Lists show what a look at every repository would show: whatever is pushed, decided, suspended, renamed, closed and let in, in
which order, at which moment, to whom.

The oracle is the list as it was before there was a catalogue: it loads every repository, and asks the doors' rule of each.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select
from tests.offices import Clock, decided, found
from tests.servers import fresh_database

from brightline.assembly import examination
from brightline.assembly.deciding import notice_case
from brightline.assembly.hosting.hosting import Hosting
from brightline.assembly.hosting.people.vetting import vet
from brightline.assembly.office import Office
from brightline.assembly.ordering import issue_order
from brightline.authority.case import State
from brightline.decision.access import Access
from brightline.enforcement.access import Phase
from brightline.hub.host import Account, Operation, Push, Turned, Wanted
from brightline.permit.order import Effect
from brightline.release.card import read_card
from brightline.release.component import Component
from brightline.release.repository import Kind, RepoName
from brightline.storage.lists import finding
from brightline.storage.lists.catalogue import labels, shown, signature
from brightline.storage.lists.weighing import Way
from brightline.storage.repositories import changes, shelf
from brightline.storage.sql import schema, shelves
from brightline.storage.sql.database import writing

PEOPLE = ("acme", "globex", "ann", "examiner", None)
OWNERS = ("acme", "globex")
NAMES = ("one", "two-bert", "Bert.three")
CARDS = [
    b"---\ntags: [tiny]\nlicense: mit\n---\n",
    b"---\ntags: [Tiny, huge]\npipeline_tag: tiny\n---\n",
    b"---\npipeline_tag: fill-mask\nlibrary_name: keras\n---\n",
    b"# none\n",
]
DECLARED = Operation("add", "brightline.toml", b'[training]\ntokens = "1e9"\n')
DELAY = 3_600
repos = st.builds(
    RepoName,
    st.sampled_from([Kind.MODEL, Kind.MODEL, Kind.MODEL, Kind.SPACE]),
    st.sampled_from(OWNERS),
    st.sampled_from(NAMES),
)
questions: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    words=st.lists(st.sampled_from(["bert", "o", "tw", "one", "acme/", "BERT", "e.t", "ü", 'a"b']), max_size=2),
    tags=st.lists(st.sampled_from(["tiny", "TINY", "huge", "license:mit", "keras", "nothing"]), max_size=2),
    author=st.sampled_from([None, None, "acme", "globex", "Acme"]),
    gated=st.sampled_from([None, None, True, False]),
    uses=st.sampled_from([{}, {}, {"task": ["tiny"]}]),
    sort=st.sampled_from(["lastModified", "createdAt", "downloads", "likes"]),
    limit=st.integers(1, 3),
)


def account(name: str | None) -> Account | None:
    return None if name is None else Account(name, "t", frozenset({"hub:read", "hub:write"}))


def naive(hosting: Hosting, who: str | None, kind: Kind, query: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every repository is loaded, and the doors' own rule is asked of each; the card is read from its bytes."""
    shelving, by, rows = hosting._shelving, account(who), []
    with hosting._office.engine.begin() as connection:
        for number in (
            connection.execute(select(shelves.repos.c.id).where(shelves.repos.c.kind == kind.value)).scalars().all()
        ):
            repo = shelf.repo_of(connection, number)
            look = shelving.at(connection, by, repo)
            if not look.visible:
                continue
            try:
                seen = look.seen("main")
            except Turned:
                seen = None
            readme = None if seen is None else shelving.file(connection, seen.revision, "README.md")
            text = None
            if readme is not None:
                with hosting._office.blobs.open(readme.stored.sha256, readme.stored.size) as reader:
                    text = reader.read(0, 1 << 20).decode()
            card, judged = read_card(text), None if seen is None else seen.judged
            narrow = (
                judged is not None
                and judged.phase is Phase.DECIDED
                and any(one is not Access.OPEN for one in judged.access.values())
            )
            row = {
                "id": str(repo.name),
                "sha": None if seen is None else seen.revision.oid,
                "private": repo.private,
                "gated": repo.gated or ("auto" if narrow else False),
                "disabled": judged is not None and judged.phase is Phase.CLOSED,
                "tags": list(card.tags),
                "lastModified": (repo.created if seen is None else seen.revision.commit.at).replace(microsecond=0),
                "createdAt": repo.created.replace(microsecond=0),
                "downloads": repo.downloads,
                "number": repo.id,
                "task": card.task,
            }
            if _fits(row, repo.name, query):
                rows.append(row)
    key = query["sort"] if query["sort"] != "likes" else "downloads"
    return sorted(rows, key=lambda row: (row[key], row["number"]), reverse=True)


def _fits(row: Mapping[str, Any], name: RepoName, query: Mapping[str, Any]) -> bool:
    tags = {tag.casefold() for tag in row["tags"]}
    return (
        all(word.lower() in str(name).lower() for word in query["words"])
        and all(tag.casefold() in tags for tag in query["tags"])
        and (query["author"] is None or query["author"].lower() == name.namespace.lower())
        and query["gated"] in (None, row["gated"] is not False)
        and all(word == row["task"] for word in query["uses"].get("task", ()))
    )


def listed(hosting: Hosting, who: str | None, kind: Kind, query: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All pages."""
    rows, after = [], None
    while True:
        page, after = hosting.search(account(who), Wanted(kind, after=after, **query))
        assert len(page) <= query["limit"]
        rows += page
        if after is None:
            return rows


class Lists(RuleBasedStateMachine):
    database = "sqlite:///office.db"

    @initialize(delay=st.sampled_from([0, DELAY]))
    def open(self, delay):
        import tempfile

        self.stack = ExitStack()
        place = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.clock = Clock()
        found(place / "office", self.fresh(), delay=delay)
        self.clock.at = self.clock.at.replace(year=2027)
        self.office = self.stack.enter_context(Office(place / "office", self.clock))
        self.stack.enter_context(examination.examining(self.office))
        self.hosting = Hosting(self.office)
        self.other = Hosting(self.stack.enter_context(Office(place / "office", self.clock)))  # of another process

    def fresh(self) -> str:
        return self.database

    def teardown(self):
        if hasattr(self, "stack"):
            self.stack.close()

    def tried(self, work):
        try:
            return work()
        except Turned:
            return None

    @rule(repo=repos, private=st.booleans(), card=st.sampled_from(CARDS))
    def make(self, repo, private, card):
        self.tried(lambda: self.hosting.create(account(repo.namespace), repo, {"private": private}))
        self.push(repo, card, "main")

    @rule(repo=repos, card=st.sampled_from(CARDS), branch=st.sampled_from(["main", "main", "side"]))
    def push(self, repo, card, branch):
        operations = [DECLARED, Operation("add", "README.md", card), Operation("add", "w.bin", b"\0" + card)]
        self.tried(
            lambda: self.hosting.commit(account(repo.namespace), repo, branch, Push("push", "", None, operations))
        )
        self.clock.forward(seconds=7)

    @rule(repo=repos)
    def branch(self, repo):
        self.tried(lambda: self.hosting.branch(account(repo.namespace), repo, "side", None))

    @rule(repo=repos)
    def tag(self, repo):
        self.tried(lambda: self.hosting.tag(account(repo.namespace), repo, "main", "v1"))

    def cases(self, *states: State) -> list[int]:
        table = schema.cases.c
        with self.office.engine.begin() as connection:
            wanted = select(table.number).where(table.state.in_([one.value for one in states])).order_by(table.number)
            return list(connection.execute(wanted).scalars())

    @rule(
        access=st.sampled_from([Access.OPEN, Access.OPEN, Access.GATED, Access.WITHHELD]),
        days=st.sampled_from([None, 2]),
        newest=st.booleans(),
    )
    def decide(self, access, days, newest):
        waiting = self.cases(State.TENDERED)
        if not waiting:
            return
        number, narrower = waiting[-1 if newest else 0], {} if access is Access.OPEN else {Component.WEIGHTS: access}
        self.office.say("accept", number, "officer", {"missing": []})
        examination.wait(examination.begin(number, "examiner"), self.office, number, lambda _now: None)
        decided(
            self.office,
            number,
            narrower=narrower,
            expires=None if days is None else self.clock() + timedelta(days=days),
        )

    @rule(
        repo=repos,
        cards=st.lists(st.sampled_from(CARDS), min_size=1, max_size=2, unique=True),
        access=st.sampled_from([Access.OPEN, Access.GATED]),
        days=st.sampled_from([None, 2]),
        hours=st.sampled_from([0, 1, 1, 50]),
    )
    def straight_on(self, repo, cards, access, days, hours):
        """Pushed, decided, pushed again, and later: without it, chance seldom gets to what is worth looking at."""
        self.make(repo, False, cards[0])
        self.decide(access, days, True)
        for card in cards[1:]:
            self.push(repo, card, "main")
        self.everybody_is_shown_the_same()
        self.clock.forward(hours=hours)

    @rule(act=st.sampled_from(["suspend", "recall", "resume"]), pick=st.integers(0, 9))
    def notice(self, act, pick):
        fit = self.cases(State.SUSPENDED) if act == "resume" else self.cases(State.IN_FORCE, State.VARIED)
        effect = {"suspend": Effect.SUSPENDED, "recall": Effect.RECALLED, "resume": Effect.RESUMED}[act]
        if fit:
            notice_case(self.office, fit[pick % len(fit)], act, effect, "officer", "x")

    @rule(pick=st.integers(0, 9))
    def withdraw(self, pick):
        fit = self.cases(State.IN_FORCE, State.VARIED, State.TENDERED)
        if fit and pick < 3:
            case = self.office.read(lambda view: view.case(fit[pick % len(fit)]))
            self.office.say("withdraw", case.number, case.applicant, {"reason": "x"})

    @rule(pick=st.integers(0, 9))
    def order(self, pick):
        fit = self.cases(State.IN_FORCE, State.VARIED)
        if fit and pick < 3:
            manifest = self.office.read(lambda view: view.case(fit[0])).manifest
            issue_order(self.office, manifest, (Component.WEIGHTS,), "everybody", "x", None)

    @rule(repo=repos, private=st.sampled_from([True, False]), gated=st.sampled_from(["", "manual"]))
    def settle(self, repo, private, gated):
        self.tried(lambda: self.hosting.settle(account(repo.namespace), repo, {"private": private, "gated": gated}))

    @rule(repo=repos, name=st.sampled_from(NAMES))
    def move(self, repo, name):
        self.tried(lambda: self.hosting.move(account(repo.namespace), repo, RepoName(repo.kind, repo.namespace, name)))

    @rule(repo=repos)
    def delete(self, repo):
        self.tried(lambda: self.hosting.delete(account(repo.namespace), repo))

    @rule(repo=repos, who=st.sampled_from(["ann", "globex"]), study=st.booleans())
    def let_in(self, repo, who, study):
        with self.office.engine.begin() as connection:
            there = shelf.find_repo(connection, repo) is not None
        if study and there:
            vet(self.office, repo, who, self.clock() + timedelta(days=1))
        if not study:
            self.tried(lambda: self.hosting.answer(account(repo.namespace), repo, {"user": who}, "accepted"))

    @rule(repo=repos, times=st.integers(1, 3))
    def download(self, repo, times):
        with writing(self.office.engine) as connection:
            there = shelf.find_repo(connection, repo)
            if there is not None:
                changes.count_downloads(connection, there.id, times)

    @rule(hours=st.sampled_from([0.5, 1, 30]))
    def time_passes(self, hours):
        self.clock.forward(hours=hours)

    @rule(who=st.sampled_from(PEOPLE), kind=st.sampled_from([Kind.MODEL, Kind.SPACE]), query=questions)
    def ask(self, who, kind, query):
        self.compare(who, kind, query)

    @invariant()
    def everybody_is_shown_the_same(self):
        if hasattr(self, "stack"):
            for who in PEOPLE:
                self.compare(
                    who,
                    Kind.MODEL,
                    {
                        "words": [],
                        "tags": [],
                        "author": None,
                        "gated": None,
                        "uses": {},
                        "sort": "lastModified",
                        "limit": 2,
                    },
                )

    def compare(self, who, kind, query):
        due = naive(self.other, who, kind, query)
        got = listed(self.hosting, who, kind, query)
        assert [(row["id"], row["sha"]) for row in got] == [(row["id"], row["sha"]) for row in due]
        for one, other in zip(got, due, strict=True):
            for key in ("private", "gated", "disabled", "tags", "downloads"):
                assert one[key] == other[key], f"{key} of {one['id']} for {who}"
            for key in ("lastModified", "createdAt"):
                assert one[key] == other[key].strftime("%Y-%m-%dT%H:%M:%S.000Z")

    @rule()
    def labels_are_counted(self):
        """What is planned by is what is there."""
        with self.office.engine.begin() as connection:
            rows = connection.execute(select(shown.c.labels)).scalars().all()
            counts = dict(connection.execute(select(labels.c.id, labels.c.count)).all())
        assert {label: sum(label in row for row in rows) for label in counts} == counts


def wanted(examples: int, steps: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )


def test_lists_are_what_a_look_at_everything_shows() -> None:
    run_state_machine_as_test(Lists, settings=wanted(12, 25))


def test_lists_on_postgresql_too(server: str) -> None:
    class OnPostgresql(Lists):
        def fresh(self) -> str:
            return fresh_database(server)

    run_state_machine_as_test(OnPostgresql, settings=wanted(3, 20))


def test_lists_are_the_same_however_few_rows_are_many(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each plan is taken, and given up for the other: so few repositories would all be gathered at once."""

    class OnPostgresql(Lists):
        def fresh(self) -> str:
            return fresh_database(server)

    monkeypatch.setattr(finding, "SMALL", 0)
    for rare, gathers, rows, steps in ((0, True, 1_000, 0), (0, True, 0, 2), (1, False, 0, 2), (0, False, 0, 1_000)):
        monkeypatch.setattr(finding, "RARE", rare)
        monkeypatch.setattr(finding, "way", lambda plan, _sample: Way(plan.terms[:1], gathers, rows, steps))  # noqa: B023
        run_state_machine_as_test(Lists, settings=wanted(4, 20))
        run_state_machine_as_test(OnPostgresql, settings=wanted(1, 15))


def test_lists_are_the_same_whatever_a_sample_says(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is drawn as far as there are rows by chance, and is as old as it may be."""

    class OnPostgresql(Lists):
        def fresh(self) -> str:
            return fresh_database(server)

    for name, number in (("SMALL", 0), ("RARE", 0)):
        monkeypatch.setattr(finding, name, number)
    run_state_machine_as_test(Lists, settings=wanted(4, 20))
    run_state_machine_as_test(OnPostgresql, settings=wanted(1, 15))


def test_a_signature_tells_of_every_label_that_a_row_has() -> None:
    ids = [1, 2, 77, 4_096, (1 << 31) - 1]
    whole = signature(ids)
    assert 0 < whole < 1 << 63, "a database's number has room for it"
    assert all(signature([one]) & whole == signature([one]) for one in ids)
    assert sum(signature([other]) & whole == signature([other]) for other in range(10_000, 20_000)) < 1_500


@pytest.mark.parametrize("label", [0, 1, 4_095, 4_096, 1 << 24, (1 << 36) - 1])
def test_each_label_has_a_sign_of_its_own(label: int) -> None:
    from brightline.storage.lists.catalogue import sign

    others = {sign(other) for other in range(5_000) if other != label}
    assert len(sign(label)) == 3
    assert sign(label) not in others
