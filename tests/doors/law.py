"""Laws 1 and 3 at the hub as a state machine: whatever is pushed, decided, ordered, renamed and deleted in which order,
bytes reach only whom the last word about exactly these bytes grants them, and nobody has what it did not send.

The oracle keeps its own books of what was said, and asks nothing of the code that it judges.
"""

import asyncio
import hashlib
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from itertools import product
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, rule
from tests.offices import decided, found

from brightline.assembly import examination
from brightline.assembly.deciding import notice_case
from brightline.assembly.hosting.hosting import Hosting
from brightline.assembly.hosting.people.vetting import vet
from brightline.assembly.office import Office
from brightline.assembly.ordering import issue_order, lift_order
from brightline.authority.case import State
from brightline.decision.access import Access
from brightline.hub.host import Account, Arrived, Content, Operation, Push, Turned
from brightline.permit.order import Effect
from brightline.release.component import Component
from brightline.release.repository import Kind, RepoName

PEOPLE = ("acme", "globex", "ann", "examiner", None)
OWNERS = ("acme", "globex")
NAMES = ("one", "two")
WEIGHTS = "weights.bin"
CONTENTS = [b"\0weights %d" % number for number in range(4)]
DECLARED = b'[training]\ntokens = "1e9"\n'
accesses = st.sampled_from([*Access, Access.OPEN, Access.OPEN, Access.GATED])
FORCE = (State.IN_FORCE, State.VARIED)
tally: Counter[str] = Counter()


def account(name: str | None) -> Account | None:
    return None if name is None else Account(name, "t", frozenset({"hub:read", "hub:write"}))


class Hub(RuleBasedStateMachine):
    repos = Bundle("repos")

    @initialize()
    def open(self):
        self.stack = ExitStack()
        place = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.office = self.stack.enter_context(Office(found(place / "office")))
        self.stack.enter_context(examination.examining(self.office))
        self.hosting = Hosting(self.office)
        self.manifests: dict[bytes, str] = {}  # of each content, from the case of its first push
        self.decided: dict[int, Access] = {}  # by case
        self.orders: dict[str, set[int]] = {}  # that run, by manifest
        self.heads: dict[RepoName, list[tuple[str, str, bytes]]] = {}  # commit, manifest, weights
        self.sent: dict[RepoName, set[bytes]] = {}
        self.granted: dict[RepoName, set[str]] = {}
        self.vetted: dict[RepoName, set[str]] = {}
        self.private: dict[RepoName, bool] = {}
        self.dead: dict[RepoName, dict[str, str]] = {}  # commits that a squash took away, and their manifests
        self.proposed: dict[RepoName, list[tuple[int, str, str, bytes]]] = {}  # number, author, manifest it began with
        self.lenders: dict[
            RepoName, list[str]
        ] = {}  # one list a repository, which a rename keeps: empty once it is gone
        self.copies: dict[RepoName, tuple[list[str], str, bytes]] = {}  # lender, manifest, weights
        self.former: dict[RepoName, list[str]] = {}  # which repository had the name last, as `lenders` knows it

    def teardown(self):
        if hasattr(self, "stack"):
            self.stack.close()

    def refused(self, work: Callable[[], object]) -> bool:
        try:
            work()
        except Turned:
            return True
        return False

    @rule(
        target=repos,
        owner=st.sampled_from(OWNERS),
        name=st.sampled_from(NAMES),
        private=st.sampled_from([False, False, True]),
    )
    def create(self, owner, name, private):
        tally["steps"] += 1
        repo = RepoName(Kind.MODEL, owner, name)
        _, fresh = self.hosting.create(account(owner), repo, {"private": private})
        assert fresh == (repo not in self.heads)
        if fresh:
            self.heads[repo], self.sent[repo] = [], set()
            self.granted[repo], self.vetted[repo], self.private[repo] = set(), set(), private
            self.dead[repo], self.proposed[repo], self.lenders[repo] = {}, [], [repo.name]
            self.former.pop(repo, None)
        return repo

    @rule(repo=repos, content=st.sampled_from(CONTENTS))
    def honest_push(self, repo, content):
        self.push(repo, content, repo.namespace, True)

    @rule(repo=repos, content=st.sampled_from(CONTENTS), by=st.sampled_from(PEOPLE))
    def claim(self, repo, content, by):
        self.push(repo, content, by, False)

    def push(self, repo, content, by, send):
        """With the bytes sent before, or with their digest alone."""
        tally["steps"] += 1
        if repo not in self.heads:
            return
        sha256 = hashlib.sha256(content).hexdigest()
        operations = [
            Operation("add", "brightline.toml", DECLARED),
            Operation("copy", WEIGHTS, sha256=sha256, size=len(content)),
        ]
        if send and by == repo.namespace:
            ((_, _, ticket),) = self.hosting.wanted(account(by), repo, "", [{"oid": sha256, "size": len(content)}])
            if ticket is not None:
                place = self.hosting.incoming()
                place.write_bytes(content)
                self.hosting.received(ticket, Arrived(place, sha256, len(content)))
            self.sent[repo].add(content)
        wanted = Push("push", "", None, operations)
        if by != repo.namespace or content not in self.sent[repo]:
            assert self.refused(lambda: self.hosting.commit(account(by), repo, "main", wanted))
            return
        oid = self.hosting.commit(account(by), repo, "main", wanted)["commitOid"]
        manifest = self.manifests.setdefault(content, self.cases()[-1].manifest)
        self.orders.setdefault(manifest, set())
        if not self.heads[repo] or self.heads[repo][-1][0] != oid:
            self.heads[repo].append((oid, manifest, content))

    def cases(self):
        from brightline.assembly.describing import case_rows

        numbers = [row["number"] for row in self.office.read(case_rows)]
        return [self.office.read(lambda view, number=number: view.case(number)) for number in numbers]

    @rule(access=accesses)
    def decide(self, access):
        """The oldest case that waits: examined, signed by two, published."""
        tally["steps"] += 1
        waiting = [case for case in self.cases() if case.state is State.TENDERED]
        if not waiting:
            return
        number, narrower = waiting[0].number, {} if access is Access.OPEN else {Component.WEIGHTS: access}
        self.office.say("accept", number, "officer", {"missing": []})
        handle = examination.begin(number, "examiner")
        examination.wait(handle, self.office, number, lambda _now: None)
        decided(self.office, number, narrower=narrower)
        self.decided[number] = access

    @rule(repo=repos, content=st.sampled_from(CONTENTS), access=accesses)
    def straight_on(self, repo, content, access):
        """Pushed and decided in a row: without it, chance seldom gets to what is worth refusing."""
        self.push(repo, content, repo.namespace, True)
        self.decide(access)

    @rule(effect=st.sampled_from([Effect.SUSPENDED, Effect.RECALLED]), pick=st.integers(0, 9))
    def revoke(self, effect, pick):
        tally["steps"] += 1
        published = [case for case in self.cases() if case.state in FORCE]
        if published and pick < 4:
            case, act = published[pick % len(published)], {"suspended": "suspend", "recalled": "recall"}[effect]
            notice_case(self.office, case.number, act, effect, "officer", "x")

    @rule(pick=st.integers(0, 9))
    def order(self, pick):
        tally["steps"] += 1
        if self.orders and pick < 4:  # seldom: what is always barred is not worth asking for
            manifest = sorted(self.orders)[pick % len(self.orders)]
            made = issue_order(self.office, manifest, (Component.WEIGHTS,), "everybody", "x", None)
            self.orders[manifest].add(made.order.number)

    @rule()
    def lift(self):
        tally["steps"] += 1
        for running in self.orders.values():
            for number in sorted(running)[:1]:
                lift_order(self.office, number, "over")
                running.discard(number)

    @rule(repo=repos, who=st.sampled_from(["ann", "globex"]), study=st.booleans())
    def grant(self, repo, who, study):
        tally["steps"] += 1
        if repo not in self.heads:
            return
        if study:
            vet(self.office, repo, who, self.office.clock().replace(year=2040))
            self.vetted[repo].add(who)
        else:
            again = who in self.granted[repo]
            assert self.refused(lambda: self.hosting.grant(account(repo.namespace), repo, who)) == again
            self.granted[repo].add(who)

    @rule(repo=repos, name=st.sampled_from((*NAMES, "three")), by=st.sampled_from(PEOPLE), own=st.booleans())
    def rename(self, repo, name, by, own):
        """By its owner half of the time: chance alone seldom does."""
        tally["steps"] += 1
        by = repo.namespace if own else by
        after = RepoName(Kind.MODEL, repo.namespace, name)
        refused = self.refused(lambda: self.hosting.move(account(by), repo, after))
        taken = after in self.heads and after != repo
        assert refused == (repo not in self.heads or taken or by != repo.namespace)
        if not refused:
            for book in self.books():
                book[after] = book.pop(repo)
            self.lenders[after][:] = [after.name]
            self.former.pop(after, None)
            self.former |= {repo: self.lenders[after]} if repo != after else {}
            self.by_former_names()

    @rule(repo=repos, by=st.sampled_from(PEOPLE))
    def delete(self, repo, by):
        tally["steps"] += 1
        refused = self.refused(lambda: self.hosting.delete(account(by), repo))
        assert refused == (repo not in self.heads or by != repo.namespace)
        if not refused:
            self.lenders[repo].clear()
            for book in self.books():
                book.pop(repo)

    def books(self) -> list[dict[RepoName, Any]]:
        """Of what a repository is asked about by its name."""
        return [
            *(self.heads, self.sent, self.granted, self.vetted),
            *(self.private, self.dead, self.proposed, self.lenders),
        ]

    @rule(repo=repos, by=st.sampled_from(PEOPLE))
    def propose(self, repo, by):
        """A stranger carries the weights along, under their own path and under one that would be open to all."""
        tally["steps"] += 1
        if repo not in self.heads or not self.heads[repo]:
            return
        operations = [Operation("add", "A.md", b"a")]
        for _, manifest, weights in self.heads[repo]:
            sha256 = hashlib.sha256(weights).hexdigest()
            whole = [*operations, Operation("copy", "copy.md", sha256=sha256, size=len(weights))]
            with suppress(Turned):
                made = self.hosting.propose(account(by), repo, "main", Push("x", "", None, whole))
                shown = self.hosting.info(account(by), repo, f"refs/pr/{made['number']}", sizes=False)
                assert shown["siblings"]
                self.proposed[repo].append((made["number"], by, manifest, weights))

    @rule(repo=repos, by=st.sampled_from(PEOPLE))
    def copy(self, repo, by):
        tally["steps"] += 1
        if repo not in self.heads or by is None:
            return
        target = RepoName(Kind.MODEL, by, f"copy-{len(self.copies)}")
        if self.refused(lambda: self.hosting.duplicate(account(by), repo, target, {})):
            return
        with suppress(Turned):
            content = self.hosting.resolve(account(by), target, "main", WEIGHTS)
            weights = asyncio.run(whole(content))
            manifest = self.manifests[weights]
            assert self.may(repo, by, manifest), f"{by} copies {repo}, which is not granted"
            self.copies[target] = (self.lenders[repo], manifest, weights)
            self.granted[target], self.vetted[target], self.private[target] = set(), set(), False

    @rule(repo=repos, by=st.sampled_from(PEOPLE))
    def squash(self, repo, by):
        """Strangers have afterwards what they had; the commits before are nobody's, but where a proposal began with one."""
        tally["steps"] += 1
        if repo not in self.heads or not self.heads[repo]:
            return

        def lost() -> bool:
            return self.refused(lambda: self.hosting.resolve(None, repo, "main", WEIGHTS))

        before = lost()
        if self.refused(lambda: self.hosting.squash(account(by), repo, "main", f"squash {tally['steps']}")):
            return
        assert by == repo.namespace
        assert lost() == before
        branches = self.hosting.refs(account(by), repo, pulls=False)["branches"]
        now = next(one["targetCommit"] for one in branches if one["name"] == "main")
        self.dead[repo] |= {oid: manifest for oid, manifest, _ in self.heads[repo] if oid != now}
        self.heads[repo] = [(now, *self.heads[repo][-1][1:])]

    @rule()
    def everybody_asks_for_everything(self):
        """Each revision by its commit, and each branch: bytes come exactly where the books say so."""
        tally["steps"] += 1
        for repo, rows in self.heads.items():
            for by in PEOPLE:
                for commit, manifest, weights in rows[-3:]:
                    self.download(repo, by, commit, [(commit, manifest, weights)])
                self.download(repo, by, "main", rows)
                for commit, manifest in self.dead[repo].items():
                    self.squashed_away(repo, by, commit, manifest)
                for number, author, _, _ in self.proposed[repo]:
                    self.of_a_proposal(repo, by, number, author)
        self.by_former_names()
        for copy, (lender, manifest, weights) in self.copies.items():
            for by in PEOPLE:
                self.of_a_copy(copy, by, lender, manifest, weights)

    def by_former_names(self):
        """They open what the name of today opens, and nothing else."""
        for (name, mark), by in product(self.former.items(), PEOPLE):
            now = next((one for one, known in self.lenders.items() if known is mark), None)
            had = []
            for asked in (name, now):
                with suppress(Turned):
                    had.append(None if asked is None else self.resolve(by, asked, "main", WEIGHTS))
            assert len(had) in (0, 2) and len(set(had)) < 2 if now is not None else had == [None], f"{by} has {name}"

    def resolve(self, by, repo, revision, path):
        content = self.hosting.resolve(account(by), repo, revision, path)
        return asyncio.run(whole(content))

    def squashed_away(self, repo, by, commit, manifest):
        with suppress(Turned):
            self.resolve(by, repo, commit, WEIGHTS)
            authors = {author for _, author, _, _ in self.proposed[repo]}
            few = authors | {repo.namespace, "examiner"} if authors else authors
            assert by in few, f"{by} has {commit}, which is gone"
            assert self.may(repo, by, manifest), f"{by} has what a proposal began with"

    def of_a_proposal(self, repo, by, number, author):
        """Weights come out of it only to whom they come out of the repository; an owner makes something new of its own."""
        for path in (WEIGHTS, "copy.md"):
            with suppress(Turned):
                weights = self.resolve(by, repo, f"refs/pr/{number}", path)
                assert by in (author, repo.namespace, "examiner"), f"{by} has a proposal of {author}"
                own = author == by == repo.namespace and path == "copy.md" and weights in self.sent[repo]
                assert own or self.may(repo, by, self.manifests[weights]), f"{by} has {path} by a proposal"
                tally["given by proposals"] += 1

    def of_a_copy(self, copy, by, lender, manifest, weights):
        """By its own determination; and before there is one, as far as at the lender's."""
        with suppress(Turned):
            assert self.resolve(by, copy, "main", WEIGHTS) == weights
            assert self.may(copy, by, manifest), f"{by} has the copy {copy}"
            decided = any(
                case.applicant == copy.namespace and case.manifest == manifest and case.number in self.decided
                for case in self.cases()
            )
            if by != "examiner" and not decided:
                source = next((one for one, mark in self.lenders.items() if mark is lender), None)
                assert source is not None, f"{by} has {copy}, whose lender is gone"
                assert self.may(source, by, manifest), f"{by} has {copy} by a loan"
            tally["given by copies"] += 1

    def download(self, repo, by, revision, rows):
        """`rows` are the revisions that may answer."""
        try:
            content = self.hosting.resolve(account(by), repo, revision, WEIGHTS)
        except Turned:
            due = [manifest for _, manifest, _ in rows[-1:] if self.may(repo, by, manifest)]
            assert not due, f"{by} is refused {revision} of {repo}"
            tally[f"refused to {by}"] += 1
            return
        for oid, manifest, weights in rows:
            if oid == content.commit:
                assert asyncio.run(whole(content)) == weights
                assert self.may(repo, by, manifest), f"{by} has {revision} of {repo}, which is not granted"
                tally[f"given to {by}"] += 1
                return
        raise AssertionError("bytes of a revision that was never pushed")

    def may(self, repo: RepoName, by: str | None, manifest: str) -> bool:
        """Told without the code that is tested: from the states of the cases, and from what was decided in them."""
        if by == "examiner":
            return True
        if self.orders[manifest]:
            return False
        published = [case for case in self.cases() if case.manifest == manifest and case.number in self.decided]
        revoked = [case.moved for case in published if case.state not in FORCE]
        live = [case for case in published if case.state in FORCE and all(case.filed > moment for moment in revoked)]
        if any(case.applicant == repo.namespace for case in live):
            access = max((self.decided[case.number] for case in live), key=lambda one: one.rank)
            return self.granting(repo, by, access)
        if any(case.applicant == repo.namespace for case in published):
            return False
        return by == repo.namespace

    def granting(self, repo: RepoName, by: str | None, access: Access) -> bool:
        named = by in self.granted[repo] | self.vetted[repo]
        seen = {
            Access.OPEN: True,
            Access.GATED: by is not None and (by == repo.namespace or named),
            Access.VETTED: by in self.vetted[repo],
        }.get(access, False)
        return seen and (by == repo.namespace or not self.private[repo] or named)


async def whole(content: Content) -> bytes:
    return b"".join([block async for block in content.read(0, content.size)])
