"""The Merkle tree of RFC 6962 §2.1, with the proofs of RFC 9162 §2.1.3 and §2.1.4.

An odd node is promoted, never duplicated, so two different lists of leaves never share a
root. Everything here works on a *node source*: a function ``(level, index) -> hash`` that
knows the complete subtrees, where node ``(l, i)`` covers the leaves ``[i·2^l, (i+1)·2^l)``.
A list in memory and a folder of tiles are both such sources, so one set of proofs serves
both. All hashes are 32 bytes of SHA-256.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()

NodeSource = Callable[[int, int], bytes]


def leaf_hash(entry: bytes) -> bytes:
    """Hash of one entry; the leading zero keeps leaves and inner nodes apart."""
    return sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node."""
    return sha256(b"\1" + left + right).digest()


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """Root of a complete subtree, given its 1, 2, 4, … lower nodes from left to right."""
    row = list(hashes)
    while len(row) > 1:
        row = [sha256(b"\1" + row[i] + row[i + 1]).digest() for i in range(0, len(row), 2)]
    return row[0]


def peaks(hashes: Sequence[bytes]) -> list[bytes]:
    """Roots of the complete subtrees over ``hashes``, widest (leftmost) first."""
    found: list[bytes] = []
    start = 0
    for bit in reversed(range(len(hashes).bit_length())):
        width = 1 << bit
        if len(hashes) & width:
            found.append(perfect_root(hashes[start : start + width]))
            start += width
    return found


def root_of_peaks(widest_first: Iterable[bytes]) -> bytes:
    """Root of the tree whose complete subtrees, widest first, have these roots."""
    row = list(widest_first)
    if not row:
        return EMPTY_ROOT
    root = row.pop()
    while row:
        root = node_hash(row.pop(), root)
    return root


def root_of_leaves(hashes: Sequence[bytes]) -> bytes:
    """Root of the tree over these leaf hashes."""
    return root_of_peaks(peaks(hashes))


def nodes_over(hashes: Sequence[bytes]) -> NodeSource:
    """The node source of a list of leaf hashes in memory."""

    def node(level: int, index: int) -> bytes:
        return perfect_root(hashes[index << level : (index + 1) << level])

    return node


def range_root(node: NodeSource, start: int, end: int) -> bytes:
    """Root over the leaves ``[start, end)``, as if they were a tree of their own.

    Args:
        node: source of complete subtrees.
        start: first leaf; a multiple of the largest power of two in ``end - start``,
            which holds for every range that an RFC 9162 proof needs.
        end: one past the last leaf.
    """
    found = []
    for bit in reversed(range((end - start).bit_length())):
        if (end - start) >> bit & 1:
            found.append((bit, start >> bit))
            start += 1 << bit
    return root_of_peaks(node(level, index) for level, index in found)


def _split(size: int) -> int:
    """The largest power of two below ``size`` (which is at least 2)."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_proof(node: NodeSource, index: int, size: int) -> list[bytes]:
    """Audit path of leaf ``index`` in the tree of ``size`` leaves (RFC 9162 §2.1.3.1).

    Raises:
        ValueError: there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError("no such leaf in a tree of this size")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(range_root(node, middle, end))
            end = middle
        else:
            path.append(range_root(node, start, middle))
            start = middle
    return path[::-1]


def consistency_proof(node: NodeSource, old_size: int, size: int) -> list[bytes]:
    """Proof that the first ``old_size`` leaves did not change (RFC 9162 §2.1.4.1).

    The empty tree is a prefix of every tree and a tree of itself: both proofs are empty.

    Raises:
        ValueError: ``old_size`` is negative or larger than ``size``.
    """
    if not 0 <= old_size <= size:
        raise ValueError("the old tree is larger than the new one")
    if old_size in (0, size):
        return []
    path: list[bytes] = []
    start, end = 0, size
    while end != old_size:
        middle = start + _split(end - start)
        if old_size <= middle:
            path.append(range_root(node, middle, end))
            end = middle
        else:
            path.append(range_root(node, start, middle))
            start = middle
    if start > 0:
        path.append(range_root(node, start, end))
    return path[::-1]


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """Whether ``proof`` leads from ``leaf`` at ``index`` to ``root`` (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    position, last, computed = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            computed = node_hash(sibling, computed)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            computed = node_hash(computed, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and computed == root


def verify_consistency(
    old_size: int, size: int, proof: Sequence[bytes], old_root: bytes, root: bytes
) -> bool:
    """Whether the tree of ``size`` leaves extends the one of ``old_size`` (RFC 9162 §2.1.4.2)."""
    if old_size in (0, size):
        return not proof and old_root == (root if old_size == size else EMPTY_ROOT)
    if not 0 < old_size < size or not proof:
        return False
    # A complete subtree as old tree is its own first node, which the proof leaves out.
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    position, last = old_size - 1, size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and old == old_root and new == root
