"""C2SP signed-note, tlog-checkpoint and tlog-cosignature, beside the example of Go's own note package."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.authority.office import NOON, pen

from brightline.permit.key import ECDSA, Key
from brightline.permit.notation import Illegible
from brightline.proof.note import Checkpoint, Line, NoteKey, read_checkpoint, read_lines, read_note_key, whole
from brightline.storage.record.keys import make_key

LOG = NoteKey("example.org/log", pen("log").public)
WITNESS = NoteKey("wit", pen("wit").public, witness=True)
HEAD = Checkpoint("example.org/log", 9, bytes(range(32)))
SIGNED = HEAD.signed(pen("log"), LOG).cosigned(pen("wit"), WITNESS, NOON)

# golang.org/x/mod/sumdb/note, example_test.go
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = b"If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
LINE = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"


def test_the_published_example_of_a_signed_note():
    key = read_note_key(PETER)
    assert (key.name, key.identity.hex(), key.text()) == ("PeterNeumann", "c74f20a3", PETER)
    (line,) = read_lines(LINE)
    assert str(line) == LINE
    assert (line.name, line.identity) == (key.name, key.identity)
    assert key.key.verifies(line.value, TEXT)
    assert not key.key.verifies(line.value, TEXT.replace(b"problem", b"Problem"))


def test_a_checkpoint_is_read_back_with_its_signatures():
    assert read_checkpoint(SIGNED.note()) == SIGNED
    assert SIGNED.note().startswith(
        "example.org/log\n9\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\n— example.org/log "
    )


def test_who_signed_is_told_by_the_key_and_not_by_the_name():
    assert SIGNED.signed_by(LOG)
    assert not SIGNED.signed_by(NoteKey(LOG.name, pen("eve").public))
    assert not HEAD.signed(pen("eve"), LOG).signed_by(LOG), "the log's name and hint, another hand"
    assert not SIGNED.signed_by(NoteKey("example.org/other", LOG.key))


def test_a_cosignature_says_when():
    assert SIGNED.cosigned_by(WITNESS) == NOON
    assert HEAD.cosigned_by(WITNESS) is None
    assert SIGNED.cosigned_by(NoteKey("wit", pen("eve").public, witness=True)) is None


def test_a_logs_signature_is_no_cosignature_and_the_other_way_round():
    both = NoteKey("wit", pen("wit").public)
    assert not SIGNED.signed_by(both)
    assert HEAD.signed(pen("wit"), both).cosigned_by(WITNESS) is None
    assert both.identity != WITNESS.identity


@pytest.mark.parametrize(
    "changed", [replace(SIGNED, size=10), replace(SIGNED, root=bytes(32)), replace(SIGNED, origin="x")]
)
def test_signatures_are_bound_to_every_line(changed):
    assert not changed.signed_by(LOG)
    assert changed.cosigned_by(WITNESS) is None


def test_a_cosignature_is_bound_to_its_moment():
    line = SIGNED.lines[1]
    later = Line(line.name, line.identity, (int.from_bytes(line.value[:8]) + 1).to_bytes(8) + line.value[8:])
    assert HEAD.with_lines([later]).cosigned_by(WITNESS) is None


def test_a_second_signature_by_the_same_key_replaces_the_first():
    later = SIGNED.cosigned(pen("wit"), WITNESS, datetime(2026, 12, 1, tzinfo=UTC))
    assert len(later.lines) == 2
    assert later.cosigned_by(WITNESS) == datetime(2026, 12, 1, tzinfo=UTC)


@given(st.text(max_size=60) | st.just(SIGNED.note()).flatmap(
    lambda note: st.tuples(st.integers(0, len(note) - 1), st.characters()).map(lambda at: note[: at[0]] + at[1] + note[at[0] + 1 :])
))  # fmt: skip
def test_any_text_is_a_checkpoint_or_illegible(text):
    with suppress(Illegible):
        assert read_checkpoint(read_checkpoint(text).note()) == read_checkpoint(text)


ROOT = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
BAD = {
    "no empty line": f"log\n9\n{ROOT}\n",
    "no end": SIGNED.note()[:-1],
    "no origin": f"\n9\n{ROOT}\n\n{LINE}",
    "a line too many": f"log\n9\n{ROOT}\nmore\n\n{LINE}",
    "a line too few": f"log\n9\n\n{LINE}",
    "a size with a zero in front": f"log\n09\n{ROOT}\n\n{LINE}",
    "a size below zero": f"log\n-9\n{ROOT}\n\n{LINE}",
    "a root too short": f"log\n9\nAAEC\n\n{LINE}",
    "a root that is no base64": f"log\n9\n{ROOT[:-1]}\n\n{LINE}",
    "a signature without a name": f"log\n9\n{ROOT}\n\n— AAAAAAAAAAA=\n",
    "a hyphen for a dash": f"log\n9\n{ROOT}\n\n- log AAAAAAAAAAA=\n",
    "a signature of nothing": f"log\n9\n{ROOT}\n\n— log AAAAAA==\n",
    "too many signatures": f"log\n9\n{ROOT}\n\n" + LINE * 101,
    "too long": f"log\n9\n{ROOT}\n\n" + "— " + "a" * (1 << 20) + " AAAAAAAAAAA=\n",
}


@pytest.mark.parametrize("defect", BAD)
def test_a_checkpoint_with_a_defect_is_refused(defect):
    with pytest.raises(Illegible):
        read_checkpoint(BAD[defect])


@pytest.mark.parametrize(
    "text", ["", "PeterNeumann", PETER[:-4], PETER.replace("c74f", "c74e"), PETER.replace("+AR", "+BR"), "+" + PETER]
)
def test_a_verifier_key_with_a_defect_is_refused(text):
    with pytest.raises(Illegible):
        read_note_key(text)


def test_a_key_of_another_kind_has_no_name_in_notes():
    with pytest.raises(Illegible, match="Ed25519"):
        NoteKey("log", make_key(ECDSA).public).text()


@given(st.integers(0, 10**15))
def test_a_number_of_entries_is_written_in_one_way(number):
    assert whole(str(number)) == number
    for text in (f"0{number}", f"+{number}", f" {number}", f"{number}.0"):
        with pytest.raises(Illegible):
            whole(text)


def test_a_key_in_a_note_is_the_key_of_the_charter():
    assert read_note_key(LOG.text()).key == Key.of("ed25519", pen("log").public.public)
