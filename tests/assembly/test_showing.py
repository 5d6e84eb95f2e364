"""A row of a list is written in few steps: it reads as the slow way has it."""

import json
from dataclasses import asdict
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brightline.assembly.hosting.sight.showing import row_document
from brightline.hub.host import Wanted
from brightline.release.card import Card
from brightline.release.repository import Kind
from brightline.storage.lists.catalogue import EVER
from brightline.storage.lists.finding import Found

CARD = Card(("tiny", "license:mit"), "fill-mask", "keras", ("acme/base",), ("acme/set",), '{"license":"mit"}')
ROW = Found(9, 7, "acme", "tiny", False, "", False, "a" * 40, "", 0, 1_700_000_000, 9, json.dumps(asdict(CARD)))
moments = st.integers(0, EVER)


def slow(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


@given(moments, moments)
def test_moments_are_told_to_the_second(created: int, modified: int) -> None:
    told = row_document(Wanted(Kind.MODEL), ROW._replace(created=created, modified=modified))
    assert (told["createdAt"], told["lastModified"]) == (slow(created), slow(modified))


def test_a_model_is_told_with_its_task_and_library() -> None:
    assert row_document(Wanted(Kind.MODEL), ROW) == {
        "_id": "e7f063adcf7c4078c2b76001",
        "id": "acme/tiny",
        "modelId": "acme/tiny",
        "author": "acme",
        "sha": "a" * 40,
        "private": False,
        "gated": False,
        "disabled": False,
        "downloads": 9,
        "likes": 0,
        "trendingScore": 0,
        "tags": ["tiny", "license:mit"],
        "createdAt": "1970-01-01T00:00:00.000Z",
        "lastModified": "2023-11-14T22:13:20.000Z",
        "pipeline_tag": "fill-mask",
        "library_name": "keras",
    }


def test_a_row_without_a_card_has_an_empty_one() -> None:
    told = row_document(Wanted(Kind.MODEL, card=True), ROW._replace(card=None, gated="manual", private=True))
    assert (told["tags"], told["cardData"], told["gated"], told["private"]) == ([], {}, "manual", True)
    assert not {"pipeline_tag", "library_name", "sdk"} & set(told)


def test_spaces_tell_what_they_use_where_that_is_asked() -> None:
    assert row_document(Wanted(Kind.SPACE), ROW)["sdk"] == "static"
    assert "models" not in row_document(Wanted(Kind.SPACE), ROW)
    told = row_document(Wanted(Kind.SPACE, linked=True), ROW)
    assert (told["models"], told["datasets"]) == (["acme/base"], ["acme/set"])


@pytest.mark.parametrize("only", [["cardData"], ["datasets", "downloadsAllTime"]])
def test_only_what_is_asked_is_told_beside_the_name(only: list[str]) -> None:
    told = row_document(Wanted(Kind.DATASET, only=only), ROW)
    due = {"cardData": {"license": "mit"}, "datasets": ["acme/set"], "downloadsAllTime": 9}
    assert told == {"_id": told["_id"], "id": "acme/tiny", **{key: due[key] for key in only}}
