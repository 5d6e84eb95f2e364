"""C2SP tlog-proof and docket, turned over in any way: what can still be read never shows another entry."""

from base64 import b64encode
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.permit.papers import mutants, read_or_illegible
from tests.proof.deployer import Deployer
from tests.proof.test_docket import proof
from tests.proof.test_monitor import KEY, head
from tests.proof.test_tile import ENTRIES

from brightline.permit.notation import Illegible
from brightline.proof.docket import Docket, read_docket
from brightline.proof.tlogproof import SIZE, TlogProof, read_proof

DOCKET = Deployer(others=2).papers().proof
SOUND = read_docket(DOCKET)
TEXT = proof(5, b"extra").text()


@given(st.binary(max_size=200))
def test_any_bytes_are_a_docket_or_illegible(content):
    assert read_or_illegible(read_docket, content) is None


@given(st.text(max_size=200) | st.text(alphabet="c2sp.org/tlog-proof@v1\nindexAB= 0—", max_size=90))
def test_any_text_at_all_is_a_proof_or_illegible(text):
    found = read_or_illegible(read_proof, text)
    assert found is None or isinstance(found, TlogProof)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(DOCKET) - 1), st.integers(1, 255))
def test_a_docket_with_one_byte_flipped_is_illegible_or_tells_another_story(at, mask):
    altered = DOCKET[:at] + bytes([DOCKET[at] ^ mask]) + DOCKET[at + 1 :]
    found = read_or_illegible(read_docket, altered)
    assert found is None or (isinstance(found, Docket) and found != SOUND)


@settings(max_examples=300, deadline=None)
@given(mutants(SOUND.proof.extra))
def test_any_extra_data_is_a_docket_or_illegible(extra):
    found = read_or_illegible(read_docket, replace(SOUND.proof, extra=extra).text().encode())
    assert found is None or isinstance(found, Docket)


def test_a_proof_with_one_thing_altered_does_not_hold_its_entry():
    sound = proof(5)
    first, *rest = sound.path
    assert sound.holds(ENTRIES[5])
    for altered in (
        replace(sound, index=4),
        replace(sound, path=(bytes(32), *rest)),
        replace(sound, path=(*rest, first)),
        replace(sound, path=tuple(rest)),
        replace(sound, path=(*sound.path, first)),
        replace(sound, checkpoint=head(ENTRIES[:299])),
        replace(sound, checkpoint=replace(sound.checkpoint, root=bytes(32))),
    ):
        assert not altered.holds(ENTRIES[5])
    assert not sound.holds(ENTRIES[5] + b"\0")


@pytest.mark.parametrize("index", [300, 10**15])
def test_a_proof_of_an_entry_beyond_the_log_is_read_and_holds_nothing(index):
    read = read_proof(replace(proof(5), index=index).text())
    assert read.index == index
    assert not any(map(read.holds, ENTRIES))


def test_a_path_has_at_most_63_hashes():
    long = replace(proof(5), path=(bytes(32),) * 63)
    assert read_proof(long.text()) == long
    with pytest.raises(Illegible, match="at most 63 hashes"):
        read_proof(replace(long, path=(bytes(32),) * 64).text())


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_hash_has_32_bytes(length):
    with pytest.raises(Illegible):
        read_proof(replace(proof(5), path=(bytes(length),)).text())


@pytest.mark.parametrize("spelling", [b"a", b"ab", b"abc", bytes(range(256))])
def test_extra_data_of_any_length_is_read_back(spelling):
    assert read_proof(proof(5, spelling).text()).extra == spelling


def test_extra_data_has_one_spelling():
    assert read_proof(TEXT).extra == b"extra"
    for encoded in ("ZXh0cmF=", "ZXh0cmE", "ZXh0cmE=\n", " ZXh0cmE=", b64encode(b"extra").decode() + " "):
        with pytest.raises(Illegible):
            read_proof(TEXT.replace("ZXh0cmE=", encoded))


@pytest.mark.parametrize("ending", ["\r\n", "\n\n"])
def test_lines_end_in_one_way(ending):
    with pytest.raises(Illegible):
        read_proof(TEXT.replace("\n", ending))


def test_the_checkpoint_of_a_proof_keeps_its_signature():
    read = read_proof(TEXT)
    assert read.checkpoint.signed_by(KEY)
    assert not replace(read.checkpoint, size=301).signed_by(KEY)


@pytest.mark.parametrize("row", ["5", "index5", " index 5", "Index 5", "index  5", "index 05", "index 5 ", "index -5"])
def test_the_index_has_one_spelling(row):
    with pytest.raises(Illegible):
        read_proof(TEXT.replace("index 5", row))


def test_a_proof_is_bounded():
    filled = replace(proof(5), extra=bytes(SIZE // 4 * 3 - 3_000))
    assert read_proof(filled.text()) == filled
    with pytest.raises(Illegible, match="no tlog-proof"):
        read_proof(replace(filled, extra=bytes(SIZE // 4 * 3)).text())
