"""A source that lies gets nothing in: no repository, no case, no possession, no file that was on its way."""

import hashlib
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from sqlalchemy import func, select
from tests.doors.lying import COMMIT, GOOD, Lies, lying, row, send
from tests.offices import found

from brightline.assembly.hosting.imports.importing import Wanted, import_repository
from brightline.assembly.hosting.sight.shelving import Shelving
from brightline.assembly.office import Office
from brightline.assembly.refusal import Refused
from brightline.release.repository import Kind, RepoName
from brightline.release.revision import object_id
from brightline.sources.exchange import TRIES
from brightline.sources.upstream import Upstream
from brightline.storage.sql import schema, shelves

NAME = RepoName(Kind.MODEL, "acme", "lie")


@pytest.fixture
def office(tmp_path: Path):
    with Office(found(tmp_path / "office")) as opened:
        yield opened


def bring(office: Office, address: str, **more: object):
    upstream = Upstream(address, patience=0.5, **{key: more.pop(key) for key in ("token",) if key in more})
    return import_repository(Shelving(office), upstream, Wanted(NAME, NAME, "acme", **more))


def nothing_of_it(office: Office) -> None:
    with office.engine.begin() as connection:
        for table in (shelves.repos, shelves.refs, shelves.commits, shelves.possessions, schema.cases, schema.files):
            assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 0, table.name
    assert not [path for path in (office.blobs.folder / "incoming").rglob("*") if path.is_file()]


def endless(answer: BaseHTTPRequestHandler) -> None:
    answer.send_response(200)
    answer.end_headers()
    while True:
        answer.wfile.write(bytes(1 << 16))


def slow(answer: BaseHTTPRequestHandler) -> None:
    answer.send_response(200)
    answer.send_header("Content-Length", str(len(GOOD)))
    answer.end_headers()
    while True:
        answer.wfile.write(b"x")
        time.sleep(0.1)


def silent(answer: BaseHTTPRequestHandler) -> None:
    """Headers that never end."""
    for number in range(200):
        answer.wfile.write(b"X-%d: y\r\n" % number if number else b"HTTP/1.1 200 OK\r\n")
        time.sleep(0.1)


def leads(place: str):
    return lambda answer: send(answer, b"", 302, Location=place)


def around(answer: BaseHTTPRequestHandler) -> None:
    send(answer, b"", 302, Location=answer.path)


WRONG = b"\0" * len(GOOD)
LIES = {
    "a wrong digest": (Lies(files={"model.bin": WRONG}), "DIGEST", hashlib.sha256(WRONG).hexdigest()),
    "an endless body": (Lies(files={"model.bin": endless}), "DIGEST", "sends more than the 8000 bytes"),
    "an endless small file": (
        Lies([{"type": "file", "path": "a", "size": 1, "oid": "0" * 40}], {"a": endless}),
        "DIGEST",
        "sends more than the 1 bytes",
    ),
    "a wrong git id": (
        Lies([{"type": "file", "path": "a", "size": 1, "oid": "0" * 40}], {"a": b"x"}),
        "DIGEST",
        object_id("blob", b"x"),
    ),
    "another digest where it is fetched": (
        Lies(files={"model.bin": lambda answer: send(answer, GOOD, X_Linked_Etag=f'"{"0" * 64}"')}),
        "SOURCE",
        "0" * 64,
    ),
    "a path that leads out": (Lies([row("../../keys/log.pem")]), "SOURCE", "no path of a file"),
    "an absolute path": (Lies([row("/etc/passwd")]), "SOURCE", "no path of a file"),
    "a path with a null": (Lies([row("a\0b")]), "SOURCE", "letters that a path here cannot have"),
    "version control": (Lies([row(".git/hooks/post-checkout")]), "SOURCE", "no path of a file"),
    "a path twice": (Lies([row("model.bin"), row("model.bin")]), "SOURCE", "twice"),
    "a file that is a folder": (Lies([row("a"), row("a/b")], {"a": GOOD, "a/b": GOOD}), "SOURCE", "a file and a folder"),
    "a pointer instead of a file": (
        Lies(
            [{"type": "file", "path": "a", "size": 45, "oid": object_id("blob", b"version https://git-lfs.github.com/spec/v1 \n\n")}],
            {"a": b"version https://git-lfs.github.com/spec/v1 \n\n"},
        ),
        "SOURCE",
        "is a pointer",
    ),
    "a size that is none": (Lies([row("model.bin", size=-1)]), "SOURCE", "two sizes"),
    "a size without end": (Lies([row("model.bin", size=1 << 60, lfs={"oid": "0" * 64})]), "SOURCE", "no size"),
    "more than any disk has": (Lies([row("model.bin", size=1 << 52, lfs={"oid": "0" * 64})]), "SOURCE", "are free here"),
    "no digest": (Lies([row("model.bin", lfs={"oid": "md5"})]), "SOURCE", "no digest"),
    "no list": (Lies(["x"]), "SOURCE", "something that is no file"),
    "no commit": (Lies(commit="main"), "SOURCE", "does not say which commit"),
    "a redirect to a file": (Lies(files={"model.bin": leads("file:///etc/passwd")}), "SOURCE", "only http and https"),
    "a redirect with a password": (Lies(files={"model.bin": leads("http://a:b@127.0.0.1/")}), "SOURCE", "only http and https"),
    "redirects in a circle": (Lies(files={"model.bin": around}), "SOURCE", "redirects more than"),
    "a file that is missing": (Lies(files={}), "SOURCE", "404 EntryNotFound"),
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_refused_and_nothing_of_it_remains(office: Office, lie: str) -> None:
    lies, code, said = LIES[lie]
    with lying(lies) as address, pytest.raises(Refused) as refused:
        bring(office, address)
    assert (refused.value.code, said in str(refused.value)) == (code, True), str(refused.value)
    nothing_of_it(office)


@pytest.mark.parametrize("way", [slow, silent])
def test_a_source_that_dawdles_is_left(office: Office, way) -> None:
    with lying(Lies(files={"model.bin": way})) as address, pytest.raises(Refused, match="in vain"):
        bring(office, address)


def test_a_refusal_names_the_file_and_both_digests(office: Office) -> None:
    with lying(Lies(files={"model.bin": WRONG})) as address, pytest.raises(Refused) as refused:
        bring(office, address)
    for part in ("model.bin", hashlib.sha256(GOOD).hexdigest(), hashlib.sha256(WRONG).hexdigest()):
        assert part in str(refused.value)


def test_more_than_there_is_room_for_is_not_begun(office: Office) -> None:
    lies = Lies()
    with lying(lies) as address, pytest.raises(Refused, match="room for"):
        bring(office, address, most=7_999)
    assert not [path for path in lies.paths() if "/resolve/" in path]
    nothing_of_it(office)


def test_the_token_stays_with_its_origin(office: Office) -> None:
    other = Lies(files={"bytes": GOOD})
    with lying(other) as elsewhere:
        lies = Lies(files={"model.bin": leads(f"{elsewhere}/bytes?signature=1")})
        with lying(lies) as address:
            assert bring(office, address, token="secret").changed
    assert {headers["authorization"] for _, headers in lies.asked} == {"Bearer secret"}
    assert other.paths() == ["/bytes"]
    assert "authorization" not in other.asked[0][1]


def test_what_breaks_off_is_gone_on_with(office: Office) -> None:
    """In the same run from the byte where it broke off; in another run without what is here already."""
    content = bytes(range(256)) * 8_000
    starts = []

    def half(answer: BaseHTTPRequestHandler) -> None:
        start = int(answer.headers.get("Range", "bytes=0-")[6:-1])
        starts.append(start)
        end = min(len(content), start + 900_000)
        answer.send_response(206 if start else 200)
        answer.send_header("Content-Length", str(len(content) - start))
        if start:
            answer.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        answer.end_headers()
        answer.wfile.write(content[start:end])

    def away(answer: BaseHTTPRequestHandler) -> None:
        send(answer, b"", 503)

    rows = [row("first.bin"), row("second.bin", content), row("third.bin", GOOD + b"3")]
    lies = Lies(rows, {"first.bin": GOOD, "second.bin": half, "third.bin": away})
    with lying(lies) as address:
        with pytest.raises(Refused, match="503"):
            bring(office, address)
        assert sum(path.endswith("third.bin") for path in lies.paths()) == TRIES
        assert starts == sorted(starts)
        assert len(starts) > 1
        del lies.asked[:]
        lies.files["third.bin"] = GOOD + b"3"
        made = bring(office, address)
    assert (made.changed, made.origin.commit) == (True, COMMIT)
    assert [path.rpartition("/")[2] for path in lies.paths() if "/resolve/" in path] == ["third.bin"]
    assert not list((office.blobs.folder / "incoming").iterdir())


def test_one_that_begins_anew_for_ever_is_left(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """What came once and is thrown away gains nothing: a source cannot keep us busy with the same bytes."""
    monkeypatch.setattr("brightline.sources.exchange.GAIN", 100_000)
    content, times = bytes(2_000_000), list[int]()

    def anew(answer: BaseHTTPRequestHandler) -> None:
        start = int(answer.headers.get("Range", "bytes=0-")[6:-1]) if len(times) % 2 else 0
        times.append(start)
        answer.send_response(206 if start else 200)
        answer.send_header("Content-Length", str(len(content) - start))
        if start:
            answer.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        answer.end_headers()
        answer.wfile.write(content[start : start + 600_000])

    lies = Lies([row("model.bin", content)], {"model.bin": anew})
    with lying(lies) as address, pytest.raises(Refused, match="in vain"):
        bring(office, address)
    assert len(times) < 3 * TRIES


def test_one_that_was_killed_goes_on_where_it_was(office: Office) -> None:
    """What lies in the folder is hashed again, and the rest is asked for: were it torn, its digest would be another."""
    from brightline.sources.arriving import Announced, Arriving

    content = bytes(range(256)) * 4_000
    asked = []

    def ranged(answer: BaseHTTPRequestHandler) -> None:
        start = int(answer.headers.get("Range", "bytes=0-")[6:-1])
        asked.append(start)
        more = {"Content_Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if start else {}
        send(answer, content[start:], 206 if start else 200, **more)

    def away(answer: BaseHTTPRequestHandler) -> None:
        answer.send_response(200)
        answer.send_header("Content-Length", str(len(content)))
        answer.end_headers()
        answer.wfile.write(content[:300_000])

    lies = Lies([row("model.bin", content)], {"model.bin": away})
    with lying(lies) as address:
        with pytest.raises(Refused, match="in vain"):
            bring(office, address)
        folder = next((office.blobs.folder / "incoming").iterdir())
        place = next(folder.iterdir())
        assert (
            place
            == Arriving(
                Announced("model.bin", len(content), hashlib.sha256(content).hexdigest(), True), folder, lambda _: None
            ).place
        )
        kept = place.stat().st_size
        lies.files["model.bin"] = ranged
        assert bring(office, address).changed
    assert asked == [kept]
