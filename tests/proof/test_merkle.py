"""RFC 6962 and 9162 against the published vectors, and against the definition itself, written down as it reads."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.proof.deployer import nodes

from brightline.proof.merkle import consistency, consistent, included, inclusion, leaf_hash, root

ENTRIES = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
ROOTS = [  # certificate-transparency's reference tree, sizes 0 to 8
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {  # index, size -> path
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY = {  # old, size -> path
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


def head(entries):
    """MTH of RFC 6962, section 2.1."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    half = largest_power(len(entries))
    return hashlib.sha256(b"\x01" + head(entries[:half]) + head(entries[half:])).digest()


def path(index, entries):
    """PATH of section 2.1.1."""
    if len(entries) < 2:
        return []
    half = largest_power(len(entries))
    if index < half:
        return [*path(index, entries[:half]), head(entries[half:])]
    return [*path(index - half, entries[half:]), head(entries[:half])]


def proof(old, entries, whole=True):
    """SUBPROOF of section 2.1.2."""
    if old == len(entries):
        return [] if whole else [head(entries)]
    half = largest_power(len(entries))
    if old <= half:
        return [*proof(old, entries[:half], whole), head(entries[half:])]
    return [*proof(old - half, entries[half:], whole=False), head(entries[:half])]


def largest_power(size):
    power = 1
    while power * 2 < size:
        power *= 2
    return power


def test_the_published_roots():
    for size, expected in enumerate(ROOTS):
        assert root(nodes(ENTRIES), size).hex() == expected == head(ENTRIES[:size]).hex()


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_the_published_inclusion_paths(index, size):
    found = inclusion(nodes(ENTRIES), index, size)
    assert [step.hex() for step in found] == INCLUSION[index, size]
    assert included(leaf_hash(ENTRIES[index]), index, size, found, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("old", "size"), CONSISTENCY)
def test_the_published_consistency_paths(old, size):
    found = consistency(nodes(ENTRIES), old, size)
    assert [step.hex() for step in found] == CONSISTENCY[old, size]
    assert consistent(old, size, found, bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[size]))


MANY = [number.to_bytes(2) for number in range(300)]


def test_every_pair_up_to_300_leaves_is_proven_and_to_40_leaves_as_defined():
    tree = nodes(MANY)
    roots = [root(tree, size) for size in range(301)]
    for size in range(1, 301):
        for index in range(size):
            found = inclusion(tree, index, size)
            assert included(leaf_hash(MANY[index]), index, size, found, roots[size])
            assert size > 40 or found == path(index, MANY[:size])
        for old in range(size + 1):
            found = consistency(tree, old, size)
            assert consistent(old, size, found, roots[old], roots[size])
            assert size > 40 or old == 0 or found == proof(old, MANY[:size])


SIZES = st.integers(2, 300).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1)))
TREE = nodes(MANY)


@given(SIZES, st.data())
def test_nothing_but_the_right_proof_shows_an_entry_to_be_in_the_log(pair, data):
    size, index = pair
    leaf, steps, top = leaf_hash(MANY[index]), inclusion(TREE, index, size), root(TREE, size)
    other = data.draw(st.integers(-1, 301).filter(lambda number: number != index))
    assert not included(leaf, other, size, steps, top)
    assert not included(leaf_hash(b"another"), index, size, steps, top)
    assert not included(leaf, index, size, steps, leaf)
    assert not included(leaf, index, size, [*steps, top], top)
    assert not included(leaf, index, size, steps[:-1], top)
    at = data.draw(st.integers(0, len(steps) - 1))
    assert not included(leaf, index, size, [*steps[:at], bytes(32), *steps[at + 1 :]], top)


@given(SIZES, st.data())
def test_nothing_but_the_right_proof_shows_a_log_to_have_grown(pair, data):
    size, old = pair[0], pair[1] + 1
    steps, before, after = consistency(TREE, old, size), root(TREE, old), root(TREE, size)
    if old < size:
        assert not consistent(old, size, steps, after, after)
        assert not consistent(old, size, steps, before, before)
        at = data.draw(st.integers(0, len(steps) - 1))
        assert not consistent(old, size, [*steps[:at], bytes(32), *steps[at + 1 :]], before, after)
        assert not consistent(old, size, steps[:-1], before, after)
    assert not consistent(old, size, [*steps, after], before, after)
    assert not consistent(size + 1, size, steps, before, after)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_an_entry_that_is_not_there_has_no_proof(index, size):
    with pytest.raises(ValueError, match="has no entry"):
        inclusion(TREE, index, size)


@pytest.mark.parametrize(("old", "size"), [(4, 3), (-1, 3)])
def test_a_size_that_never_was_has_no_proof(old, size):
    with pytest.raises(ValueError, match="never had"):
        consistency(TREE, old, size)
