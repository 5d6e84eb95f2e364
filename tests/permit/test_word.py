"""A word is what the log holds for ever: its bytes are one for each word, and one word for each."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.authority.office import DAY, NOON
from tests.permit.papers import JUNK, mutants, read_or_illegible, replaced, with_more, without

from brightline.permit.notation import Illegible
from brightline.permit.word import Word, read_word

WORD = Word("sign", 3, NOON, "ada", 2, {"keyid": "k", "signature": "s"})
DOCUMENT = json.loads(WORD.entry())
WORDS = st.builds(
    Word,
    st.text(max_size=8),
    st.integers(0, 1 << 53),
    st.integers(-300_000, 300_000).map(lambda days: NOON + days * DAY),
    st.text(max_size=8),
    st.integers(1, 1 << 53),
    st.dictionaries(st.text(max_size=4), JUNK, max_size=3),
)


def refused(entry, sentence=None):
    with pytest.raises(Illegible, match=sentence):
        read_word(entry)


@given(WORDS)
def test_a_word_is_read_back_as_it_was_written(word):
    assert read_word(word.entry()) == word
    assert read_word(word.entry()).entry() == word.entry()


def test_the_bytes_of_a_word_stay_as_they_were_logged():
    """Kept for ever: every hash of the log stands on them."""
    assert WORD.entry() == (
        b'{"act":"sign","at":"2026-11-23T12:00:00Z","body":{"keyid":"k","signature":"s"},"by":"ada","case":3,'
        b'"charter":2,"schema":"brightline/word/v1"}'
    )


def test_a_word_without_a_body_has_an_empty_one():
    assert read_word(Word("found", 0, NOON, "olga", 1).entry()).body == {}


@pytest.mark.parametrize("member", ["act", "at", "body", "by", "case", "charter"])
def test_a_member_that_is_missing_or_of_another_kind_is_refused(member):
    refused(without(DOCUMENT, (member,)), f"{member} should be")
    for junk in (None, True, 1.5, -1, ["a"]):
        refused(replaced(DOCUMENT, (member,), junk), member)


def test_a_member_that_is_not_known_is_refused():
    refused(with_more(DOCUMENT, ()), "'more' is not known")


def test_cases_count_from_nought_which_is_the_office_and_charters_from_one():
    assert read_word(replaced(DOCUMENT, ("case",), 0)).case == 0
    refused(replaced(DOCUMENT, ("charter",), 0), "charter is 0")


def test_a_member_that_stands_twice_is_refused():
    refused(WORD.entry().replace(b'"case":3', b'"case":3,"case":4'), "stands twice")


@settings(max_examples=500, deadline=None)
@given(mutants(WORD.entry()))
def test_a_changed_word_is_either_read_or_illegible(entry):
    found = read_or_illegible(read_word, entry)
    assert found is None or isinstance(found, Word)


@pytest.mark.parametrize("schema", [None, "brightline/word/v2"])
def test_a_word_of_another_schema_is_refused(schema):
    refused(replaced(DOCUMENT, ("schema",), schema), "this brightline reads")
