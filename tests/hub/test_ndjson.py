"""A commit's body: read as clients write it, refused with the line where it is not."""

import json
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brightline.hub.host import Operation, Turned
from brightline.hub.ndjson import read_push

HEADER = {"key": "header", "value": {"summary": "first", "description": "why", "parentCommit": "0" * 40}}


def body(*rows):
    return "\n".join(json.dumps(row) for row in rows).encode()


def test_every_operation_is_read():
    oid = "ab" * 32
    push = read_push(
        body(
            HEADER,
            {"key": "file", "value": {"path": "a.txt", "content": b64encode(b"one").decode(), "encoding": "base64"}},
            {"key": "lfsFile", "value": {"path": "b.bin", "algo": "sha256", "oid": oid, "size": 7}},
            {"key": "lfsFile", "value": {"path": "c.bin", "algo": "sha256", "oid": oid}},
            {"key": "deletedFile", "value": {"path": "d"}},
            {"key": "deletedFolder", "value": {"path": "e/f/"}},
        )
    )
    assert (push.title, push.message, push.parent) == ("first", "why", "0" * 40)
    assert list(push.operations) == [
        Operation("add", "a.txt", b"one"),
        Operation("copy", "b.bin", sha256=oid, size=7),
        Operation("copy", "c.bin", sha256=oid),
        Operation("delete", "d"),
        Operation("delete", "e/f"),
    ]


def value(key, **given):
    return body(HEADER, {"key": key, "value": given})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"nonsense",
        b"\xff\xff",
        body({"key": "file", "value": {}}),
        body({"key": "header", "value": {"summary": ""}}),
        body(HEADER, []),
        body(HEADER, {"key": "rename", "value": {"path": "a"}}),
        value("file", path="../a", content="", encoding="base64"),
        value("file", path="a", content="!", encoding="base64"),
        value("file", path="a", content=1, encoding="base64"),
        value("file", path="a", content="", encoding="rot13"),
        value("lfsFile", path="a", algo="md5", oid="ab" * 32, size=1),
        value("lfsFile", path="a", oid="AB" * 32, size=1),
        value("lfsFile", path="a", oid="ab" * 32, size=-1),
        value("lfsFile", path="a", oid="ab" * 32, size=True),
        value("deletedFile"),
    ],
)
def test_what_is_no_commit_is_refused(content):
    with pytest.raises(Turned) as refusal:
        read_push(content)
    assert refusal.value.status == 400


@given(st.binary(max_size=300))
def test_whatever_arrives_is_a_commit_or_refused(content):
    try:
        read_push(body(HEADER) + b"\n" + content)
    except Turned:
        return
