"""C2SP tlog-proof, and the docket: a proof that carries its entry and the permit's standing."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.authority.office import NOON, pen
from tests.proof.deployer import Deployer, nodes
from tests.proof.test_monitor import head
from tests.proof.test_tile import ENTRIES

from brightline.permit.notation import Illegible
from brightline.permit.standing import Force
from brightline.proof.docket import docket_text, read_docket
from brightline.proof.merkle import inclusion
from brightline.proof.tlogproof import TlogProof, read_proof

SIZE = 300


def proof(index, extra=b""):
    return TlogProof(index, tuple(inclusion(nodes(ENTRIES[:SIZE]), index, SIZE)), head(ENTRIES[:SIZE]), extra)


@pytest.mark.parametrize("index", [0, 1, 255, 256, 299])
def test_a_proof_shows_its_own_entry_and_no_other(index):
    read = read_proof(proof(index, b"extra").text())
    assert read == proof(index, b"extra")
    assert [number for number in range(SIZE) if read.holds(ENTRIES[number])] == [index]


def test_the_text_of_a_proof():
    lines = proof(0, b"extra").text().split("\n")
    assert lines[:3] == ["c2sp.org/tlog-proof@v1", "extra ZXh0cmE=", "index 0"]
    assert lines[lines.index("") + 1 :][:2] == ["log", "300"]
    assert "extra" not in proof(0).text()


TEXT = proof(5, b"extra").text()


@given(st.integers(0, len(TEXT) - 1), st.characters(), st.integers(0, 30))
def test_any_text_is_a_proof_or_illegible(at, letter, cut):
    with suppress(Illegible):
        read = read_proof(TEXT[:at] + letter + TEXT[at + cut :])
        assert read_proof(read.text()) == read


BAD = {
    "another header": TEXT.replace("@v1", "@v2"),
    "no index": TEXT.replace("index 5\n", ""),
    "an index that is none": TEXT.replace("index 5", "index five"),
    "the index before the extra data": TEXT.replace("extra ZXh0cmE=\nindex 5", "index 5\nextra ZXh0cmE="),
    "a hash too short": TEXT.replace("index 5\n", "index 5\nAAAA\n"),
    "no checkpoint": TEXT.partition("\n\n")[0],
    "a path without end": TEXT.replace("index 5\n", "index 5\n" + ("A" * 43 + "=\n") * 64),
}


@pytest.mark.parametrize("defect", BAD)
def test_a_proof_with_a_defect_is_refused(defect):
    with pytest.raises(Illegible):
        read_proof(BAD[defect])


def test_a_docket_is_read_back():
    docket = read_docket(Deployer().papers().proof)
    assert docket.proof.holds(docket.entry)
    assert docket.standing.force is Force.IN_FORCE
    again = docket_text(1, docket.proof.path, docket.proof.checkpoint, docket.entry, docket.standing_envelope)
    assert read_docket(again.encode()) == docket


def test_a_docket_whose_extra_data_is_of_another_kind_is_refused():
    docket = read_docket(Deployer().papers().proof)
    for extra in (b"", b"{}", b'{"schema":"brightline/docket/v2"}', b"[]"):
        proof = TlogProof(1, docket.proof.path, docket.proof.checkpoint, extra)
        with pytest.raises(Illegible):
            read_docket(proof.text().encode())


def test_a_docket_with_something_else_for_a_standing_is_refused():
    docket = read_docket(Deployer().papers().proof)
    order = Deployer().papers().permit
    assert order
    other = docket.standing_envelope.signed(pen("log"))
    text = docket_text(1, docket.proof.path, docket.proof.checkpoint, docket.entry, other)
    assert read_docket(text.encode()).standing.as_of > NOON
    with pytest.raises(Illegible):
        read_docket(text.encode("utf-16"))
