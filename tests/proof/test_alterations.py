"""A Merkle proof with anything in it altered shows nothing; and all small proofs are those of RFC 6962's own definition.

A proof does not say the size of its tree: one path may be right for two sizes. The signed root binds the size, so a size
is altered here together with its root.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.proof.deployer import nodes
from tests.proof.test_merkle import head, path, proof

from brightline.proof.merkle import EMPTY, consistency, consistent, included, inclusion, join, leaf_hash, root

ENTRIES = [b"%d" % number for number in range(300)]
TREE = nodes(ENTRIES)
ROOTS = [root(TREE, size) for size in range(301)]
PAIRS = st.integers(1, 300).flatmap(lambda size: st.tuples(st.integers(0, size - 1), st.just(size)))
BITS = st.integers(0, 255)


def flipped(hashed, bit):
    return (int.from_bytes(hashed) ^ 1 << bit).to_bytes(32)


def test_every_proof_up_to_64_leaves_is_the_one_that_the_definition_gives():
    for size in range(1, 65):
        entries = ENTRIES[:size]
        assert ROOTS[size] == head(entries)
        assert [inclusion(TREE, index, size) for index in range(size)] == [path(at, entries) for at in range(size)]
        olds = range(1, size + 1)
        assert [consistency(TREE, old, size) for old in olds] == [proof(old, entries) for old in olds]


@given(PAIRS, BITS, st.data())
def test_one_bit_in_any_hash_undoes_an_inclusion_proof(pair, bit, data):
    index, size = pair
    leaf, steps = leaf_hash(ENTRIES[index]), inclusion(TREE, index, size)
    hashes = [leaf, *steps, ROOTS[size]]
    at = data.draw(st.integers(0, len(hashes) - 1))
    hashes[at] = flipped(hashes[at], bit)
    assert not included(hashes[0], index, size, hashes[1:-1], hashes[-1])


@given(PAIRS, BITS, st.data())
def test_one_bit_in_any_hash_undoes_a_consistency_proof(pair, bit, data):
    old, size = pair[0] + 1, pair[1]
    hashes = [ROOTS[old], *consistency(TREE, old, size), ROOTS[size]]
    at = data.draw(st.integers(0, len(hashes) - 1))
    hashes[at] = flipped(hashes[at], bit)
    assert not consistent(old, size, hashes[1:-1], hashes[0], hashes[-1])


@given(PAIRS, st.integers(1, 300))
def test_a_proof_shows_nothing_about_the_tree_of_another_size(pair, other):
    index, size = pair
    steps, leaf = inclusion(TREE, index, size), leaf_hash(ENTRIES[index])
    assert included(leaf, index, other, steps, ROOTS[other]) is (size == other)
    old = index + 1
    grown = consistency(TREE, old, size)
    assert consistent(old, other, grown, ROOTS[old], ROOTS[other]) is (size == other)
    assert consistent(other, size, grown, ROOTS[other], ROOTS[size]) is (old == other)


@given(PAIRS, st.data())
def test_a_proof_shows_its_steps_in_their_order_only(pair, data):
    index, size = pair
    steps = inclusion(TREE, index, size)
    shuffled = data.draw(st.permutations(steps))
    assert included(leaf_hash(ENTRIES[index]), index, size, shuffled, ROOTS[size]) is (shuffled == steps)


@pytest.mark.parametrize("size", [1, 2, 7, 300])
def test_every_log_grew_out_of_the_empty_one_and_no_proof_is_needed(size):
    assert consistency(TREE, 0, size) == []
    assert consistent(0, size, [], EMPTY, ROOTS[size])
    assert not consistent(0, size, [], ROOTS[1], ROOTS[size]), "an empty log has one root only"
    assert not consistent(0, size, [ROOTS[1]], EMPTY, ROOTS[size])


@pytest.mark.parametrize("size", [0, 1, 8, 300])
def test_a_log_that_did_not_grow_has_the_same_root(size):
    assert consistent(size, size, [], ROOTS[size], ROOTS[size])
    assert not consistent(size, size, [], ROOTS[size], ROOTS[size - 1])
    assert not consistent(size, size, [ROOTS[size]], ROOTS[size], ROOTS[size])


def test_a_node_is_never_taken_for_a_leaf():
    left, right = leaf_hash(ENTRIES[0]), leaf_hash(ENTRIES[1])
    assert leaf_hash(left + right) != ROOTS[2]
    assert not included(leaf_hash(left + right), 0, 1, [], ROOTS[2])


def test_the_subtrees_of_a_log_are_joined_to_its_root():
    assert join([]) == EMPTY == ROOTS[0]
    assert join([TREE(2, 0), TREE(1, 2), TREE(0, 6)]) == ROOTS[7]


@given(PAIRS)
def test_a_path_that_stops_on_the_way_does_not_reach_a_root(pair):
    """The hash it stops at is a real one of the tree; the size says that there is more above it."""
    index, size = pair
    leaf, steps = leaf_hash(ENTRIES[index]), inclusion(TREE, index, size)
    reached = [root(nodes(ENTRIES[at:end]), end - at) for at, end in spans(index, 0, size)]
    assert reached[0] == leaf
    assert reached[-1] == ROOTS[size]
    shown = [included(leaf, index, size, steps[:length], top) for length, top in enumerate(reached)]
    assert shown == [False] * len(steps) + [True]


def spans(index, start, end):
    """The ranges of entries under each hash from the leaf up to the root."""
    if end - start == 1:
        return [(start, end)]
    middle = start + (1 << (end - start - 1).bit_length() - 1)
    below = spans(index, start, middle) if index < middle else spans(index, middle, end)
    return [*below, (start, end)]


@pytest.mark.parametrize("old", [1, 2, 4, 64, 256])
def test_a_log_that_grew_does_not_keep_its_root(old):
    assert not consistent(old, old + 1, [], ROOTS[old], ROOTS[old])
    assert not consistent(old, 300, consistency(TREE, old, 299)[:1], ROOTS[old], ROOTS[old])
