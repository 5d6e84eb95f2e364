"""What is sent twice is done once: shards whose sender did not wait, and files in parts that two put together."""

import hashlib
import os
import struct
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from tests.offices import found
from tests.storage.test_parcels import xorb

from brightline.assembly.hosting.collecting import Collecting
from brightline.assembly.hosting.downloads import counting
from brightline.assembly.hosting.hosting import Hosting
from brightline.assembly.hosting.people.vetting import vet
from brightline.assembly.hosting.revisions import copying
from brightline.assembly.hosting.uploads import parting, receiving
from brightline.assembly.office import Office
from brightline.hub.host import Account, Arrived, Operation, Push, Turned
from brightline.hub.xet.xorb import hash_text, read_heads
from brightline.release.repository import Kind, RepoName
from brightline.storage.lists import catalogue
from brightline.storage.repositories import listings
from brightline.storage.repositories.attributes import vettings
from brightline.storage.repositories.discussions import discussions, remarks
from brightline.storage.repositories.lending import loans
from brightline.storage.repositories.shelf import find_repo
from brightline.storage.sql import schema, shelves

ACME = Account("acme", "t", frozenset({"hub:read", "hub:write"}))
NAME = RepoName(Kind.MODEL, "acme", "one")


@pytest.fixture
def hosting(tmp_path):
    with Office(found(tmp_path / "office")) as office:
        opened = Hosting(office)
        opened.create(ACME, NAME, {})
        yield opened


def arrived(hosting: Hosting, content: bytes) -> Arrived:
    inlet = hosting.inlet(hashing=True)
    inlet.keep([content])
    return Arrived(inlet.place, inlet.finish(), inlet.size)


def words(sha256: str) -> bytes:
    """A sha256 as shards have it: hash_text backwards."""
    return struct.pack("<4Q", *(int(sha256[at : at + 16], 16) for at in range(0, 64, 16)))


def shard(contents: list[bytes], named: bytes) -> bytes:
    """Each content is a chunk of one xorb, and a file."""
    rows = b""
    for number, content in enumerate(contents):
        rows += bytes(32) + struct.pack("<IIQ", 1 << 30, 1, 0)
        rows += named + struct.pack("<4I", 0, len(content), number, number + 1)
        rows += words(hashlib.sha256(content).hexdigest()) + bytes(16)
    return bytes(48) + rows + b"\xff" * 32 + bytes(16)


def test_a_shard_that_is_sent_again_goes_on_where_the_first_one_was(hosting, monkeypatch) -> None:
    monkeypatch.setattr(receiving, "TOGETHER", 1)
    contents, named = [os.urandom(9_000) for _ in range(3)], bytes(range(32))
    _, token, _ = hosting.xet_token(ACME, NAME, "main", pull=False)
    packed = xorb(contents)
    hosting.xorb(token, hash_text(named), arrived(hosting, packed), read_heads(packed))
    made: list[str] = []
    really = receiving.assemble

    def counted(file, sources, place: Path) -> Arrived:
        if len(made) == 2:
            raise OSError(28, "No space left on device")
        done = really(file, sources, place)
        made.append(done.sha256)
        return done

    monkeypatch.setattr(receiving, "assemble", counted)
    with pytest.raises(Turned, match="cannot be kept"):
        hosting.shard(token, arrived(hosting, shard(contents, named)))
    first, made[:] = list(made), []
    hosting.shard(token, arrived(hosting, shard(contents, named)))
    assert first + made == [hashlib.sha256(content).hexdigest() for content in contents]


def standing(hosting: Hosting) -> tuple[object, ...]:
    """All refs, all commits, all cases."""
    with hosting._office.engine.begin() as connection:
        tables = (shelves.refs, shelves.commits, schema.cases, shelves.possessions)
        return tuple(sorted(map(str, connection.execute(select(table)).all())) for table in tables)


@pytest.fixture
def branched(hosting: Hosting) -> Hosting:
    """Two branches of the same files, one of which shall go, and a tag."""
    files = [Operation("add", "old.bin", b"\0old"), Operation("add", "kept.bin", b"\0kept")]
    oid = hosting.commit(ACME, NAME, "main", Push("push", "", None, files))["commitOid"]
    hosting.branch(ACME, NAME, "side", "main")
    hosting.tag(ACME, NAME, oid, "v1")
    return hosting


def test_files_are_deleted_for_good_in_one_step_or_not_at_all(branched: Hosting, monkeypatch) -> None:
    before, old = standing(branched), hashlib.sha256(b"\0old").hexdigest()

    def broken(*_arguments: object) -> None:
        raise OSError("cut off in the middle")

    with monkeypatch.context() as patched:
        patched.setattr(copying.Copying, "_prune", broken)
        with pytest.raises(OSError, match="cut off"):
            branched.delete_lfs(ACME, NAME, [old], rewrite=True)
    assert standing(branched) == before
    branched.delete_lfs(ACME, NAME, [old], rewrite=True)
    for branch in ("main", "side"):
        rows = branched.tree(ACME, NAME, branch, "", recursive=True, expand=False).rows
        assert [row["path"] for row in rows] == [".gitattributes", "kept.bin"]
        assert len(branched.commits(ACME, NAME, branch)) == 1
    assert branched.refs(ACME, NAME, pulls=False)["tags"] == []
    with branched._office.engine.begin() as connection:
        assert connection.execute(select(func.count()).select_from(schema.cases)).scalar() == 2, "the same bytes, once"


def test_a_push_while_files_are_deleted_is_not_undone(branched: Hosting, monkeypatch) -> None:
    really, pushed = copying.put_together, list[str]()

    def meanwhile(*arguments) -> bool:
        if not pushed:
            more = [Operation("add", "more.txt", b"more"), Operation("add", "again.bin", b"\0old")]
            pushed.append(branched.commit(ACME, NAME, "side", Push("more", "", None, more))["commitOid"])
        return really(*arguments)

    monkeypatch.setattr(copying, "put_together", meanwhile)
    branched.delete_lfs(ACME, NAME, [hashlib.sha256(b"\0old").hexdigest()], rewrite=True)
    rows = branched.tree(ACME, NAME, "side", "", recursive=True, expand=False).rows
    assert [row["path"] for row in rows] == [".gitattributes", "kept.bin", "more.txt"]


def test_a_long_history_is_looked_through_once_and_keeps_nobody_waiting(hosting: Hosting, monkeypatch) -> None:
    """Not once for each tag, and not while everybody else who writes waits."""
    for number in range(80):
        hosting.commit(ACME, NAME, "main", Push("push", "", None, [Operation("add", "a.bin", b"\0%d" % number)]))
        hosting.tag(ACME, NAME, "main", f"v{number}")
    really, read = listings.read_carded, list[bool]()

    def counted(connection, sha256):
        read.append(bool(connection.get_execution_options().get("writing")))
        return really(connection, sha256)

    monkeypatch.setattr(listings, "read_carded", counted)
    hosting.delete_lfs(ACME, NAME, [hashlib.sha256(b"\0" + b"60").hexdigest()], rewrite=True)
    assert len(read) <= 90
    assert sum(read) <= 2
    tags = hosting.refs(ACME, NAME, pulls=False)["tags"]
    assert sorted(one["name"] for one in tags) == sorted(f"v{number}" for number in range(60))


def test_a_tag_is_not_taken_away_by_who_would_have_no_history_rewritten(branched: Hosting) -> None:
    for branch in ("main", "side"):
        branched.commit(ACME, NAME, branch, Push("less", "", None, [Operation("delete", "old.bin")]))
        branched.squash(ACME, NAME, branch, "squashed")
    before, old = standing(branched), hashlib.sha256(b"\0old").hexdigest()
    with pytest.raises(Turned, match="let the history be rewritten"):
        branched.delete_lfs(ACME, NAME, [old], rewrite=False)
    assert standing(branched) == before


def test_parts_are_put_together_once_whoever_says_so_and_however_often(hosting, monkeypatch) -> None:
    monkeypatch.setattr(parting, "WHOLE", 1)
    monkeypatch.setattr(parting, "PART", 1 << 20)
    content = os.urandom((2 << 20) + 7)
    sha256 = hashlib.sha256(content).hexdigest()
    ((_, _, ticket),) = hosting.wanted(ACME, NAME, "main", [{"oid": sha256, "size": len(content)}])
    assert ticket is not None
    parts = [content[start : start + (1 << 20)] for start in range(0, len(content), 1 << 20)]
    tags: list[tuple[int, str]] = []
    for _ in range(2):
        tags = [
            (number, hosting.part(ticket, number, arrived(hosting, part).place))
            for number, part in reversed(list(enumerate(parts, 1)))
        ]
    ordered = [tag for _, tag in sorted(tags)]
    really = parting.read_parts

    def outrun(*given):
        """Another request has put them together, and dropped them, before this one reads any."""
        monkeypatch.setattr(parting, "read_parts", really)
        hosting.complete(ticket, sha256, ordered)
        yield from really(*given)

    monkeypatch.setattr(parting, "read_parts", outrun)
    hosting.complete(ticket, sha256, ordered)
    hosting.complete(ticket, sha256, ordered)  # its answer was lost on the way, so the client asks again
    hosting.verify(ticket, sha256, len(content))


def rows(office: Office) -> dict[str, int]:
    tables = (*(shelves.METADATA.tables[one] for one in OWN), loans, vettings, discussions, remarks, catalogue.shown)
    with office.engine.begin() as connection:
        counts = {one.name: connection.execute(select(func.count()).select_from(one)).scalar_one() for one in tables}
        counts["labels"] = int(connection.execute(select(func.sum(catalogue.labels.c.count))).scalar() or 0)
    return counts


OWN = ("repos", "refs", "commits", "possessions", "requests", "xorbs", "rounds", "listings", "cards")


def test_nothing_is_left_of_a_repository_that_was_deleted(tmp_path, monkeypatch) -> None:
    with Office(found(tmp_path / "office")) as office:
        hosting, copy = Hosting(office), RepoName(Kind.MODEL, "acme", "copy")
        before = rows(office)
        hosting.create(ACME, NAME, {})
        card = Operation("add", "README.md", b"---\nlicense: mit\ntags: [a]\n---\n")
        hosting.commit(ACME, NAME, "main", Push("push", "", None, (card,)))
        hosting.discuss(ACME, NAME, "t", "d", pull=False)
        hosting.propose(ACME, NAME, "main", Push("push", "", None, (Operation("add", "b.txt", b"b"),)))
        vet(office, NAME, "Institute", office.clock().replace(year=2040), organisation=True)
        hosting.duplicate(ACME, NAME, copy, {})
        hosting.delete(ACME, copy)

        def fails(*_given: object) -> None:
            raise Turned(507, "there is no room.")

        monkeypatch.setattr(copying, "put", fails)
        with pytest.raises(Turned, match="no room"):
            hosting.duplicate(ACME, NAME, copy, {})
        hosting.delete(ACME, NAME)
        Collecting(office).collect()
        assert rows(office) == before


def test_downloads_are_counted_once_a_busy_database_is_free_and_when_the_office_closes(hosting, monkeypatch) -> None:
    monkeypatch.setattr(counting, "PAUSE", 0.01)
    office, tried, written = hosting._office, [], threading.Event()
    with office.engine.begin() as connection:
        repo = find_repo(connection, NAME)
    really = counting.writing

    @contextmanager
    def busy(engine):
        tried.append(engine)
        if len(tried) == 1:
            raise OperationalError("BEGIN IMMEDIATE", {}, Exception("database is locked"))
        with really(engine) as connection:
            yield connection
        written.set()

    monkeypatch.setattr(counting, "writing", busy)
    counted = counting.Counting(office)
    counted.count(repo)
    assert written.wait(10)
    monkeypatch.setattr(counting, "PAUSE", 60)
    counted.count(repo)
    counted.write()
    with office.engine.begin() as connection:
        assert find_repo(connection, NAME).downloads == 2
