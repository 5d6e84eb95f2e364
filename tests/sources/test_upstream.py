"""Whatever another hub lists and wherever it leads: what is taken is a safe path, a size and a digest, over http(s)."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brightline.release.repository import Kind, file_path, repo_name
from brightline.sources.arriving import Announced, Arriving, Contradicted
from brightline.sources.exchange import _followed
from brightline.sources.source import NoSource
from brightline.sources.upstream import Upstream, endpoint

HUB = Upstream("https://hub.example")
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=70),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
paths = st.sampled_from(["a", "a/b.bin", "../a", "/a", "a/../b", "a\\b", ".git/x", "a\nb", "", "a//b"]) | st.text(
    max_size=30
)
digests = st.sampled_from(["0" * 40, "0" * 64, "sha256:" + "a" * 64, "A" * 64, "0" * 63]) | st.text(max_size=70)
sizes = st.integers(-1, 1 << 60) | values
lfs = st.fixed_dictionaries({"oid": digests}, optional={"size": sizes})
rows = values | st.fixed_dictionaries(
    {"path": paths, "size": sizes, "oid": digests}, optional={"lfs": lfs | values, "type": paths}
)


@given(st.lists(rows, max_size=4) | values)
def test_a_list_is_taken_whole_and_safe_or_not_at_all(listed: object) -> None:
    found: dict[str, Announced] = {}
    try:
        HUB._take(listed, found)
    except NoSource:
        return
    for path, one in found.items():
        assert path == one.path == file_path(path)
        assert type(one.size) is int
        assert 0 <= one.size < 1 << 53
        assert len(one.oid) == (64 if one.lfs else 40)
        assert not set(one.oid) - set("0123456789abcdef")


places = st.sampled_from(["https://a.example/x", "/x", "x", "http://a.example", "file:///etc/passwd", "ftp://a", "//b.example/y", "https://u:p@a", "javascript:1", "", "https://", "gopher://x"])  # fmt: skip


@given(st.sampled_from(["https://hub.example/a", "http://hub.example/a"]), places | st.text(max_size=40))
def test_redirects_lead_over_http_only_and_never_from_https_to_http(here: str, location: str) -> None:
    try:
        there = _followed(httpx.URL(here), location)
    except NoSource:
        return
    assert there.scheme in {"http", "https"}
    assert not (here.startswith("https:") and there.scheme == "http")
    assert there.host
    assert not there.userinfo


@given(st.binary(max_size=2_000), st.lists(st.integers(0, 2_000), max_size=6), st.booleans(), st.booleans())
def test_a_file_is_whole_and_right_or_refused(tmp_path_factory, content, cuts, lied, lfs) -> None:
    """Cut anywhere, gone on with by another run each time: the digest is that of what was announced."""
    import hashlib

    from brightline.release.revision import object_id

    folder = tmp_path_factory.mktemp("arriving")
    oid = hashlib.sha256(content).hexdigest() if lfs else object_id("blob", content)
    file = Announced("a", len(content), oid, lfs)
    sent = bytes([content[0] ^ 1]) + content[1:] if lied and content else content
    start = 0
    for cut in sorted(min(cut, len(content)) for cut in cuts):
        Arriving(file, folder, lambda _count: None).take(sent[start:cut], "hub")
        start = cut
    last = Arriving(file, folder, lambda _count: None)
    last.take(sent[start:], "hub")
    if sent != content:
        with pytest.raises(Contradicted, match="announced"):
            last.checked("hub")
        assert not list(folder.iterdir())
        return
    assert last.checked("hub") == hashlib.sha256(content).hexdigest()
    assert last.place.read_bytes() == content
    with pytest.raises(Contradicted, match="more than"):
        last.take(b"x", "hub")
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    ("url", "kept"),
    [("https://Hub.example/", "https://hub.example"), ("http://127.0.0.1:8600//", "http://127.0.0.1:8600")],
)
def test_an_endpoint_is_kept_in_one_spelling(url: str, kept: str) -> None:
    assert endpoint(url) == kept


@pytest.mark.parametrize(
    "url", ["hub.example", "ftp://hub", "https://u:p@hub", "https://hub?x=1", "https://", "https://hub#a"]
)
def test_what_is_no_endpoint_is_refused(url: str) -> None:
    with pytest.raises(NoSource, match="no address of a hub"):
        endpoint(url)


@pytest.mark.parametrize("token", ["bä", "a\nb", "a\x00"])
def test_a_token_that_no_header_carries_is_refused_and_not_repeated(token: str) -> None:
    with pytest.raises(NoSource, match="has letters that no token has") as refusal:
        Upstream("http://127.0.0.1:9", token).describe(repo_name(Kind.MODEL, "org", "model"), "main")
    assert token not in str(refusal.value)
