"""What a determination hides is told by no other way: not by a date, a list, a refusal or a difference."""

import time
from datetime import timedelta

import pytest
from tests.doors.conftest import BOTH, decide_all
from tests.offices import decided

from brightline.assembly.hosting.downloads.handing import INDEX
from brightline.assembly.hosting.hosting import Hosting
from brightline.assembly.hosting.people.vetting import vet
from brightline.assembly.office import Office
from brightline.assembly.ordering import issue_order, lift_order
from brightline.decision.access import Access
from brightline.hub.host import Account, Operation, Push, Turned, Wanted
from brightline.permit.order import EVERYBODY
from brightline.release.component import Component
from brightline.release.repository import Kind, RepoName
from brightline.storage.repositories.asking import STATES

ACME = Account("acme", "t", frozenset(BOTH))
WEIGHTS = b"\0weights" * 100


@pytest.fixture
def hosting(office: Office) -> Hosting:
    return Hosting(office)


def push(hosting: Hosting, name: str, files: dict[str, bytes | None], declared: str = "") -> RepoName:
    """None is a file that goes."""
    repo = RepoName(Kind.MODEL, "acme", name)
    hosting.create(ACME, repo, {})
    words = f'[training]\ntokens = "1e9"\n{declared}'.encode()
    operations = [Operation("add", "brightline.toml", words)]
    for path, content in files.items():
        operations.append(Operation("delete", path) if content is None else Operation("add", path, content))
    hosting.commit(ACME, repo, "main", Push("push", "", None, operations))
    return repo


@pytest.mark.parametrize("secret", [True, False])
def test_a_folder_is_not_dated_by_what_an_older_revision_withholds(hosting, office, secret) -> None:
    name = f"dates-{secret}"
    first = push(
        hosting, name, {"f/config.json": b"{}", "README.md": b"# one"} | ({} if secret else {"w.bin": WEIGHTS})
    )
    decide_all(office)
    oldest = hosting.info(None, first, None, sizes=False)["sha"]
    push(hosting, name, {"README.md": b"# two"} | ({"f/w.bin": WEIGHTS} if secret else {}))
    decide_all(office, weights="withheld")
    push(hosting, name, {"README.md": b"# three"} | ({"f/w.bin": None} if secret else {}))
    decide_all(office)
    for who in (None, ACME):
        rows = hosting.tree(who, first, "main", "", recursive=False, expand=True).rows
        dates = {row["path"]: row["lastCommit"]["id"] for row in rows}
        assert dates["f"] == oldest, "it says that something lay here meanwhile"
        assert dates["README.md"] != oldest


def test_a_card_that_is_withheld_is_in_no_list(hosting, office) -> None:
    card = b"---\nlicense: mit\ntags: [sesame]\n---\n"
    repo = push(hosting, "card", {"README.md": card, "d.txt": b"d"}, '[components]\n"README.md" = "data"\n')
    decide_all(office, data="withheld")
    for who in (None, Account("ann", "t", frozenset(BOTH)), ACME):
        assert hosting.info(who, repo, None, sizes=False)["cardData"] == {}
        (row,) = hosting.search(who, Wanted(Kind.MODEL, words=["card"], card=True))[0]
        assert (row["cardData"], row["tags"]) == ({}, [])
        assert not hosting.search(who, Wanted(Kind.MODEL, tags=["sesame"]))[0]
    assert not hosting.tags(Kind.MODEL).get("license")


def test_an_index_that_is_withheld_is_answered_for_as_one_that_is_not_there(hosting, office) -> None:
    """Beside weights whose refusal may be told: what `transformers` is answered must not say whether there is an index."""
    own = b'{"metadata": {}, "weight_map": {"w": "model.safetensors"}}'
    files: dict[str, bytes | None] = {"model.safetensors": (8).to_bytes(8, "little") + b"{}      "}
    declared = '[components]\n"*.index.json" = "software"\n'
    names = [push(hosting, f"index-{bool(more)}", files | more, declared) for more in ({INDEX: own}, {})]
    decide_all(office, weights="api", software="withheld")
    told = [hosting.resolve(None, name, "main", INDEX) for name in names]
    assert told[0].etag == told[1].etag
    assert told[0].size != len(own)


def test_a_difference_does_not_name_what_is_hidden_by_now(hosting, office) -> None:
    ann = Account("ann", "t", frozenset(BOTH))
    repo = push(hosting, "varied", {"sesame.bin": WEIGHTS, "config.json": b"{}"})
    (case,) = decide_all(office)
    wanted = [Operation("delete", "sesame.bin"), Operation("add", "config.json", b"{ }")]
    number = hosting.propose(ann, repo, "main", Push("x", "", None, wanted))["number"]
    assert "sesame" in hosting.discussion(ann, repo, number, diff=True)["diff"]
    office.say("vary", case.number, "officer", {"reason": "Evidence came in."})
    decided(office, case.number, narrower={Component.WEIGHTS: Access.WITHHELD})
    for who in (ann, ACME):
        diff = hosting.discussion(who, repo, number, diff=True)["diff"]
        assert "config.json" in diff
        assert "sesame" not in diff, who


def test_who_is_named_for_study_is_told_to_no_owner_and_asks_as_everybody_does(hosting, office) -> None:
    ann, soon = Account("ann", "t", frozenset(BOTH)), office.clock() + timedelta(days=1)
    for gated, answer in (("", "accepted"), ("manual", "pending")):
        repo = push(hosting, f"study{gated}", {"w.bin": WEIGHTS, "d.csv": b"a,b\n1,2\n"})
        decide_all(office, weights="vetted", data="gated")
        hosting.settle(ACME, repo, {"gated": gated})
        vet(office, repo, "ann", soon)
        assert not any(hosting.asked(ACME, repo, status) for status in STATES)
        with pytest.raises(Turned, match="no such request"):
            hosting.answer(ACME, repo, {"user": "ann"}, "rejected")
        assert hosting.ask(ann, repo, "") == {"status": answer}
        assert [one["user"]["user"] for one in hosting.asked(ACME, repo, answer)] == ["ann"]


def test_a_card_that_an_order_bars_is_in_no_list_until_it_is_lifted(hosting, office) -> None:
    bob = Account("bob", "t", frozenset(BOTH))
    repo = push(hosting, "barred", {"README.md": b"---\ntags: [sesame]\n---\n"})
    (case,) = decide_all(office)
    copy = RepoName(Kind.MODEL, "bob", "copy")
    hosting.duplicate(bob, repo, copy, {})
    decide_all(office)

    def listed() -> list[str]:
        return sorted(row["id"] for row in hosting.search(None, Wanted(Kind.MODEL, tags=["sesame"]))[0])

    assert listed() == ["acme/barred", "bob/copy"]
    order = issue_order(office, case.manifest, (Component.DOCUMENTATION,), "country in {X}", "x", None)
    assert hosting.info(None, repo, None, sizes=False)["cardData"] == {}
    assert listed() == []
    assert [row["cardData"] for row in hosting.search(None, Wanted(Kind.MODEL, words=["barred"], card=True))[0]] == [{}]
    lift_order(office, order.order.number, "over")
    assert listed() == ["acme/barred", "bob/copy"]
    issue_order(office, case.manifest, (Component.WEIGHTS,), EVERYBODY, "x", None)
    assert listed() == ["acme/barred", "bob/copy"]
    issue_order(
        office, case.manifest, (Component.DOCUMENTATION,), EVERYBODY, "x", office.clock() + timedelta(seconds=2)
    )
    assert listed() == []
    time.sleep(2)
    assert listed() == ["acme/barred", "bob/copy"]


def test_a_proposal_does_not_tell_its_author_how_much_was_ever_pushed(hosting, office) -> None:
    ann = Account("ann", "t", frozenset(BOTH))
    repo = push(hosting, "weighed", {"README.md": b"# open", "w.bin": WEIGHTS})
    decide_all(office, weights="withheld")
    number = hosting.propose(ann, repo, "main", Push("x", "", None, [Operation("add", "A.md", b"a")]))["number"]
    for revision in ("main", f"refs/pr/{number}"):
        told = hosting.info(ann, repo, revision, sizes=True)
        assert told["usedStorage"] < len(WEIGHTS), revision
        assert hosting.info(ACME, repo, revision, sizes=True)["usedStorage"] > len(WEIGHTS)
