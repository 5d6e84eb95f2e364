"""What is signed is written in one way only, and what could be read in two ways is not read at all."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.permit.papers import JUNK, read_or_illegible

from brightline.permit.notation import (
    LAST,
    SIZE,
    Illegible,
    canonical,
    moment,
    moment_or_none,
    natural,
    only,
    read_moment,
    read_object,
    take,
    texts,
    written,
)

OBJECTS = st.dictionaries(st.text(max_size=5), JUNK, max_size=4)
SECONDS = st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 31)).map(lambda at: at.replace(microsecond=0))


def read(content):
    return read_object(content, "the paper")


def refused(content, sentence="the paper is no JSON"):
    with pytest.raises(Illegible, match=sentence):
        read(content)


@given(OBJECTS)
def test_what_is_written_is_read_again(document):
    assert read(canonical(document)) == document


@given(OBJECTS)
def test_any_spelling_that_is_read_has_the_same_canonical_bytes(document):
    loose = json.dumps(document, indent=2, ensure_ascii=False).encode("utf-8", "surrogatepass")
    again = read_or_illegible(read, loose)
    if again is not None:
        assert canonical(again) == canonical(document)


@given(st.dictionaries(st.text(max_size=5), JUNK, min_size=2, max_size=5), st.randoms())
def test_the_order_in_which_members_were_added_does_not_matter(document, chance):
    members = list(document.items())
    chance.shuffle(members)
    assert canonical(dict(members)) == canonical(document)


def test_the_canonical_bytes_stay_as_they_were_signed():
    """Kept for ever: signatures stand on them."""
    document = {"b": [1, True, None, "é\n\U0001f512"], "a": {"z": 0.5, "Z": "/\x7f"}}
    assert canonical(document) == b'{"a":{"Z":"/\\u007f","z":0.5},"b":[1,true,null,"\\u00e9\\n\\ud83d\\udd12"]}'


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_not_written(number):
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"a": number})


@given(st.binary(max_size=80))
@example(b'\xef\xbb\xbf{"a":1}')
@example(b'{"a":"\\ud800"}')
def test_any_bytes_are_either_an_object_or_illegible(content):
    found = read_or_illegible(read, content)
    assert found is None or isinstance(found, dict)


@given(st.text('{}[]":,\\u019aeEtrfnlNI-+. ', max_size=30).map(lambda text: "{" + text + "}"))
def test_any_text_that_looks_like_an_object_is_one_or_illegible(text):
    found = read_or_illegible(read, text.encode())
    assert found is None or found == json.loads(text)


@pytest.mark.parametrize("text", ['{"a":1,"a":1}', '{"a":1,"b":2,"a":3}', '{"x":[{"a":1,"\\u0061":2}]}'])
def test_a_member_that_stands_twice_is_refused_at_every_depth(text):
    refused(text.encode(), "stands twice")


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_words_for_numbers_that_are_none_are_refused(word):
    refused(f'{{"a":[{word}]}}'.encode(), f"{word} is no number")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"a":1}{}',
        b'{"a":1} x',
        b'{"a":1}\0',
        b'{"a":1,}',
        b"{'a':1}",
        b'{"a":01}',
        b'{"a":0x1}',
        b'{a:1}//"',
        b'{"a":"\n"}',
        b'{"a":"\xff"}',
        b'\xef\xbb\xbf{"a":1}',
        '{"a":1}'.encode("utf-16"),
    ],
)
def test_what_is_no_strict_json_is_refused(content):
    refused(content)


@pytest.mark.parametrize("content", [b"[]", b'"a"', b"1", b"null", b"true", b"[{}]"])
def test_json_that_is_no_object_is_refused(content):
    refused(content, "the paper is no JSON object")


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_nesting_without_end_is_refused(opening, closing):
    deep = '{"a":' + opening * 100_000 + "1" + closing * 100_000 + "}"
    refused(deep.encode())


def test_a_number_of_many_digits_is_refused():
    refused(b'{"a":' + b"9" * 100_000 + b"}")


def test_the_sentence_of_a_refusal_is_short():
    with pytest.raises(Illegible) as trouble:
        read(b'{"a":' + b"9" * 100_000 + b"}")
    assert len(str(trouble.value)) <= 300


def test_a_document_has_a_largest_size():
    assert read(b"{}".ljust(SIZE)) == {}
    refused(b"{}".ljust(SIZE + 1), "the paper is longer than")


@given(SECONDS, st.integers(-1439, 1439))
def test_a_moment_is_read_again_as_the_same_moment_in_any_zone(at, minutes):
    there = at.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    if datetime(1000, 1, 2, tzinfo=UTC) < there < datetime(LAST, 12, 30, tzinfo=UTC):
        assert read_moment(written(there)) == there
        assert read_moment(written(there)).utcoffset() == timedelta()


def test_a_moment_is_written_in_utc_to_the_second():
    at = datetime(2026, 11, 23, 23, 56, 9, 999_999, tzinfo=timezone(timedelta(hours=1)))
    assert written(at) == "2026-11-23T22:56:09Z"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-23",
        "2026-11-23T22:56:09",
        "2026-11-23T22:56:09z",
        "2026-11-23t22:56:09Z",
        "2026-11-23 22:56:09Z",
        "2026-11-23T22:56:09+00:00",
        "2026-11-23T22:56:09.000Z",
        "2026-11-23T22:56:09Z\n",
        " 2026-11-23T22:56:09Z",
        "2026-1-23T22:56:09Z",
        "2026-11-23T22:56:9Z",
        "2026-02-29T22:56:09Z",
        "2026-11-23T24:00:00Z",
        "2026-12-31T23:59:60Z",
        "0000-11-23T22:56:09Z",
        "٢٠٢٦-11-23T22:56:09Z",
    ],
)
def test_a_moment_in_another_spelling_is_refused(text):
    with pytest.raises(Illegible, match="no moment"):
        read_moment(text)


@given(st.text("0123456789-:TZ", max_size=22) | st.text(max_size=22))
def test_any_text_is_either_a_moment_or_illegible(text):
    found = read_or_illegible(read_moment, text)
    assert found is None or found.tzinfo is UTC


def test_a_moment_may_be_absent_only_where_that_is_said():
    assert moment_or_none({"at": None}, "at") is None
    assert moment_or_none({"at": "2026-11-23T22:56:09Z"}, "at") == datetime(2026, 11, 23, 22, 56, 9, tzinfo=UTC)
    for document in ({}, *({"at": value} for value in (0, "", False, "never"))):
        with pytest.raises(Illegible):
            moment_or_none(document, "at")
    with pytest.raises(Illegible, match="at should be a text"):
        moment({"at": None}, "at")


@pytest.mark.parametrize(
    ("kind", "good"),
    [(str, ""), (int, 0), (dict, {}), (list, []), (bool, False)],
    ids=["str", "int", "dict", "list", "bool"],
)
def test_a_value_is_taken_as_exactly_the_kind_that_was_asked_for(kind, good):
    assert take({"a": good}, "a", kind) == good
    for other in ("", 0, dict[str, int](), list[int](), False, None, 0.0):
        if type(other) is not kind:
            with pytest.raises(Illegible, match="a should be"):
                take({"a": other}, "a", kind)


def test_a_list_of_texts_holds_texts_only():
    assert texts({"a": ["x", ""]}, "a") == ("x", "")
    for values in (["x", 1], [None], [["x"]], "x", {"x": "y"}):
        with pytest.raises(Illegible, match="a should"):
            texts({"a": values}, "a")


def test_a_whole_number_stays_between_its_bounds():
    assert (natural({"a": 0}, "a"), natural({"a": 2**53}, "a"), natural({"a": 3}, "a", 3)) == (0, 2**53, 3)
    for value, least in ((-1, 0), (2**53 + 1, 0), (2, 3), (True, 0), (1.0, 0), ("1", 0)):
        with pytest.raises(Illegible):
            natural({"a": value}, "a", least)


def test_only_known_members_are_allowed_and_none_is_asked_for():
    only({"a": 1}, "a", "b")
    with pytest.raises(Illegible, match="'c' is not known"):
        only({"a": 1, "c": 1}, "a", "b")


@pytest.mark.parametrize("number", ["1e999", "-1e999"])
def test_a_number_without_end_is_refused(number):
    with pytest.raises(Illegible):
        read_object(f'{{"a":{number}}}'.encode(), "it")


def test_a_year_has_four_digits():
    assert written(datetime(999, 1, 1, tzinfo=UTC)) == "0999-01-01T00:00:00Z"


@pytest.mark.parametrize("year", [LAST + 1, 9999])
def test_a_moment_that_leads_out_of_the_calendar_is_refused(year):
    with pytest.raises(Illegible):
        read_moment(f"{year}-01-01T00:00:00Z")


@pytest.mark.parametrize("content", [b'{"a": "\\ud800"}', b'{"\\udfff": 1}', b'{"a": [{"b": "x\\udc00"}]}'])
def test_half_a_letter_is_refused(content):
    refused(content, "half a letter")


def test_a_whole_letter_in_two_halves_is_read():
    assert read_object(b'{"a": "\\ud83d\\ude00"}', "the paper") == {"a": "\U0001f600"}
