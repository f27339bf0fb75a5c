"""The tree against a slow recursion written straight from RFC 6962 §2.1."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_ledger import merkle

SIZES = range(66)


def slow_root(entries: list[bytes]) -> bytes:
    """MTH(D[n]) of RFC 6962 §2.1, word for word."""
    n = len(entries)
    if n == 0:
        return sha256().digest()
    if n == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = max(1 << bit for bit in range(n.bit_length()) if 1 << bit < n)
    return sha256(b"\x01" + slow_root(entries[:k]) + slow_root(entries[k:])).digest()


ENTRIES = [f"entry {i}".encode() for i in SIZES]
LEAVES = [merkle.leaf_hash(entry) for entry in ENTRIES]
ROOTS = [slow_root(ENTRIES[:size]) for size in SIZES]
NODE = merkle.nodes_over(LEAVES)


def flipped(value: bytes) -> bytes:
    return bytes([value[0] ^ 1]) + value[1:]


def one_flipped(proof: list[bytes]) -> list[list[bytes]]:
    return [[*proof[:i], flipped(proof[i]), *proof[i + 1 :]] for i in range(len(proof))]


def test_root_of_the_empty_tree():
    assert merkle.EMPTY_ROOT.hex() == (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )


def test_leaf_and_node_never_collide():
    left, right = LEAVES[:2]
    assert merkle.leaf_hash(b"\x01" + left + right) != merkle.node_hash(left, right)
    assert merkle.leaf_hash(left + right) != merkle.node_hash(left, right)


def test_odd_node_is_promoted_not_duplicated():
    assert merkle.root_of_leaves(LEAVES[:3]) != merkle.root_of_leaves([*LEAVES[:3], LEAVES[2]])


@pytest.mark.parametrize("size", SIZES)
def test_root_at_every_size(size):
    assert merkle.root_of_leaves(LEAVES[:size]) == ROOTS[size]
    assert merkle.range_root(NODE, 0, size) == ROOTS[size]


@pytest.mark.parametrize("size", SIZES)
def test_every_inclusion_proof(size):
    for index in range(size):
        proof = merkle.inclusion_proof(NODE, index, size)
        assert merkle.verify_inclusion(LEAVES[index], index, size, proof, ROOTS[size])


@pytest.mark.parametrize("size", range(1, 66))
def test_forged_inclusion_is_refused(size):
    for index in range(size):
        leaf, root = LEAVES[index], ROOTS[size]
        proof = merkle.inclusion_proof(NODE, index, size)
        forged = [
            (flipped(leaf), index, size, proof, root),
            (leaf, index, size, proof, flipped(root)),
            (leaf, index, size, [*proof, root], root),
            (leaf, -1, size, proof, root),
            (leaf, size, size, proof, root),
            (leaf, (index + 1) % size if size > 1 else 1, size, proof, root),
        ]
        if proof:
            forged.append((leaf, index, size, proof[:-1], root))
            forged.append((leaf, index, size, proof[1:], root))
        forged += [(leaf, index, size, other, root) for other in one_flipped(proof)]
        assert not any(merkle.verify_inclusion(*forgery) for forgery in forged)


@pytest.mark.parametrize("size", SIZES)
def test_every_consistency_proof_and_its_forgeries(size):
    for old in range(size + 1):
        proof = merkle.consistency_proof(NODE, old, size)
        before, now = ROOTS[old], ROOTS[size]
        assert merkle.verify_consistency(old, size, proof, before, now)
        forged = [
            (old, size, [*proof, now], before, now),
            (size + 1, size, proof, before, now),
            (-1, size, proof, before, now),
            (old, size, proof, flipped(before), now),
        ]
        if old > 0:
            forged.append((old, size, proof, before, flipped(now)))
        if proof:
            forged.append((old, size, proof[:-1], before, now))
            forged.append((old, size, [], before, now))
        forged += [(old, size, other, before, now) for other in one_flipped(proof)]
        assert not any(merkle.verify_consistency(*forgery) for forgery in forged)


def test_all_proofs_of_all_trees_up_to_256_leaves():
    """65,792 proofs; roots come from the slow recursion's own sub-results."""
    leaves = [merkle.leaf_hash(f"entry {i}".encode()) for i in range(256)]
    table = {(0, i): leaf for i, leaf in enumerate(leaves)}
    for level in range(8):
        for index in range(256 >> (level + 1)):
            pair = table[level, 2 * index], table[level, 2 * index + 1]
            table[level + 1, index] = sha256(b"\x01" + pair[0] + pair[1]).digest()

    def node(level, index):
        return table[level, index]

    roots = [slow_root([f"entry {i}".encode() for i in range(size)]) for size in range(257)]
    for size in range(1, 257):
        for index in range(size):
            proof = merkle.inclusion_proof(node, index, size)
            assert merkle.verify_inclusion(leaves[index], index, size, proof, roots[size])
            assert not merkle.verify_inclusion(leaves[index], index, size, proof, roots[size - 1])
        for old in range(size + 1):
            proof = merkle.consistency_proof(node, old, size)
            assert merkle.verify_consistency(old, size, proof, roots[old], roots[size])


def test_a_fork_has_no_consistency_proof_from_the_other_branch():
    other = [*LEAVES[:20], flipped(LEAVES[20]), *LEAVES[21:40]]
    proof = merkle.consistency_proof(merkle.nodes_over(other), 30, 40)
    assert not merkle.verify_consistency(30, 40, proof, ROOTS[30], merkle.root_of_leaves(other))


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_no_inclusion_proof_of_a_missing_leaf(index, size):
    with pytest.raises(ValueError, match="no such leaf"):
        merkle.inclusion_proof(NODE, index, size)


@pytest.mark.parametrize(("old", "size"), [(-1, 3), (4, 3)])
def test_no_consistency_proof_with_a_larger_tree(old, size):
    with pytest.raises(ValueError, match="larger"):
        merkle.consistency_proof(NODE, old, size)


@given(st.lists(st.binary(max_size=8), max_size=40), st.data())
def test_any_list(entries, data):
    leaves = [merkle.leaf_hash(entry) for entry in entries]
    root = merkle.root_of_leaves(leaves)
    assert root == slow_root(entries)
    if entries:
        index = data.draw(st.integers(0, len(entries) - 1))
        proof = merkle.inclusion_proof(merkle.nodes_over(leaves), index, len(entries))
        assert merkle.verify_inclusion(leaves[index], index, len(entries), proof, root)
