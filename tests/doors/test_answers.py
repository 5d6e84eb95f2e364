"""What HTTP's caches and partial downloads expect of `resolve`, asked by a raw client."""

import time

import httpx
import pytest
from tests.doors.conftest import client, decide_all, secret
from tests.offices import DECLARED

from brightline.assembly.office import Office
from brightline.assembly.ordering import issue_order, lift_order
from brightline.release.component import Component
from brightline.storage.accounts import tokens

CONTENT = bytes(range(256)) * 4096


@pytest.fixture(scope="module")
def url(address: str, office: Office) -> str:
    """An open file; beside it an empty one."""
    acme = client(address, office, "acme")
    acme.create_repo("acme/answers")
    for name, content in (("model.bin", CONTENT), ("empty.txt", b""), ("brightline.toml", DECLARED.encode())):
        acme.upload_file(path_or_fileobj=content, path_in_repo=name, repo_id="acme/answers")
    decide_all(office)
    return f"{address}/acme/answers/resolve/main/model.bin"


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-0", slice(0, 1)),
        ("bytes=10-", slice(10, None)),
        ("bytes=-7", slice(-7, None)),
        ("bytes=-99999999", slice(None)),
        ("bytes=1048570-99999999", slice(1048570, None)),
        ("bytes=300000-800000", slice(300000, 800001)),
    ],
)
def test_one_range_is_answered_with_its_bytes(url: str, header: str, part: slice) -> None:
    answer = httpx.get(url, headers={"Range": header, "Accept-Encoding": "identity"})
    assert (answer.status_code, answer.content) == (206, CONTENT[part])
    start, end, _ = part.indices(len(CONTENT))
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(CONTENT)}"
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize("header", ["bytes=0-1,5-6", "bytes=9-3", "bytes=-", "items=0-1", "bytes=a-b"])
def test_what_is_no_range_or_several_gets_all_of_it(url: str, header: str) -> None:
    answer = httpx.get(url, headers={"Range": header})
    assert (answer.status_code, answer.content) == (200, CONTENT)


@pytest.mark.parametrize("header", ["bytes=1048576-", "bytes=-0", f"bytes={'9' * 18}-"])
def test_a_range_behind_the_end_is_told_the_size(url: str, header: str) -> None:
    answer = httpx.get(url, headers={"Range": header})
    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{len(CONTENT)}")


def test_a_range_is_of_a_get_only(url: str) -> None:
    answer = httpx.head(url, headers={"Range": "bytes=0-1"})
    assert (answer.status_code, answer.headers["content-length"]) == (200, str(len(CONTENT)))


def test_who_has_it_already_is_not_sent_it_again(url: str) -> None:
    etag = httpx.head(url).headers["etag"]
    for named in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        for method in ("GET", "HEAD"):
            answer = httpx.request(method, url, headers={"If-None-Match": named})
            assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
    assert httpx.get(url, headers={"If-None-Match": '"other"'}).content == CONTENT


def test_a_range_of_another_version_is_all_of_this_one(url: str) -> None:
    etag = httpx.head(url).headers["etag"]
    same = httpx.get(url, headers={"Range": "bytes=0-1", "If-Range": etag})
    assert (same.status_code, same.content) == (206, CONTENT[:2])
    for other in ('"other"', f"W/{etag}", "Wed, 21 Oct 2026 07:28:00 GMT"):
        assert httpx.get(url, headers={"Range": "bytes=0-1", "If-Range": other}).status_code == 200


def test_an_empty_file_is_empty(url: str) -> None:
    empty = url.replace("model.bin", "empty.txt")
    for method in ("GET", "HEAD"):
        answer = httpx.request(method, empty)
        assert (answer.status_code, answer.headers["content-length"], answer.content) == (200, "0", b"")
    assert httpx.get(empty, headers={"Range": "bytes=0-"}).status_code == 416


def test_nothing_is_told_to_who_may_not_have_it_and_at_once(url: str, address: str, office: Office) -> None:
    """The same questions, many times, across an order: each answer is as of now, though answers are remembered."""
    ann = {"Authorization": f"Bearer {secret(office, 'ann')}"}
    manifest = office.read(lambda view: view.case(3)).manifest
    ways = [
        ("HEAD", {}),
        ("GET", {}),
        ("GET", {"Range": "bytes=5-9"}),
        ("GET", {"If-None-Match": httpx.head(url).headers["etag"]}),
    ]
    asked = [(method, {**headers, **who}) for method, headers in ways * 3 for who in ({}, ann)]
    with httpx.Client() as raw:
        for running in (False, True) * 5:
            order = issue_order(office, manifest, (Component.WEIGHTS,), "everybody", "now", None) if running else None
            for method, headers in asked:
                answer = raw.request(method, url, headers=headers)
                assert (answer.status_code == 403) == running
                assert not running or "etag" not in answer.headers
            if order is not None:
                lift_order(office, order.order.number, "over")


def test_a_token_that_is_revoked_is_refused_at_once(url: str, address: str, office: Office) -> None:
    headers = {"Authorization": f"Bearer {secret(office, 'ann')}"}
    asked = [f"{address}/api/whoami-v2", f"{address}/api/models/acme/answers", url]
    assert [httpx.head(one, headers=headers).status_code for one in asked * 2] == [200] * 6
    with office.engine.begin() as connection:
        newest = tokens.list_tokens(connection)[-1]
        tokens.revoke_token(connection, newest.identity, office.clock())
    assert [httpx.head(one, headers=headers).status_code for one in asked] == [401] * 3


def test_a_revoked_token_ends_a_download_that_runs_slowly(address: str, office: Office) -> None:
    """Of a file of megabytes, read at a megabyte a second: what is on its way already comes, and no more is sent."""
    acme = client(address, office, "acme")
    acme.create_repo("acme/slowly", private=True)
    size = 40 << 20
    acme.upload_file(path_or_fileobj=bytes(size), path_in_repo="model.bin", repo_id="acme/slowly")
    headers = {"Authorization": f"Bearer {acme.token}"}
    with httpx.stream("GET", f"{address}/acme/slowly/resolve/main/model.bin", headers=headers) as answer:
        rest = answer.iter_raw(1 << 16)
        next(rest)
        with office.engine.begin() as connection:
            newest = tokens.list_tokens(connection)[-1]
            tokens.revoke_token(connection, newest.identity, office.clock())
        for _ in range(24):
            next(rest)
            time.sleep(1 / 16)
        with pytest.raises(httpx.RemoteProtocolError):
            list(rest)


def test_what_one_is_told_is_not_told_to_another(address: str, office: Office) -> None:
    acme, ann = ({"Authorization": f"Bearer {secret(office, who)}"} for who in ("acme", "ann"))
    client(address, office, "acme").create_repo("acme/hidden", private=True)
    for _ in range(3):
        asked = [httpx.get(f"{address}/api/models/acme/hidden", headers=who).status_code for who in (acme, ann, {})]
        assert asked == [200, 404, 401]
        named = [httpx.get(f"{address}/api/whoami-v2", headers=who).json()["name"] for who in (acme, ann)]
        assert named == ["acme", "ann"]


def test_addresses_begin_as_the_client_reaches_us(address: str, office: Office) -> None:
    headers = {"Authorization": f"Bearer {secret(office, 'acme')}", "Host": "hub.example.org"}
    api = f"{address}/api/models/acme/answers/xet-write-token/main"
    for scheme in ("https", "http"):
        answer = httpx.get(api, headers={**headers, "X-Forwarded-Proto": scheme})
        assert answer.json()["casUrl"].startswith(f"{scheme}://hub.example.org/xet/")
