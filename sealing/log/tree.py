"""The Merkle tree of RFC 9162 §2.1: hashes, roots, inclusion and consistency paths, over any source of nodes.

It reads and writes no file: nodes are kept by `sealing.log.tiles`. Paths are checked here for our own nightly check; a
stranger uses `verifier`, which shares no code with this module.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

#: Hash of the complete subtree of 2**level leaves that is the index-th of its level, counted from 0.
Nodes = Callable[[int, int], bytes]

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf (RFC 9162 §2.1.1)."""
    return sha256(b"\x00" + data).digest()


def parent_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


def root_of(nodes: Nodes, size: int) -> bytes:
    """Return the root of the tree over the first `size` leaves."""
    return _range_root(nodes, 0, size) if size else EMPTY_ROOT


def inclusion_path(nodes: Nodes, index: int, size: int) -> list[bytes]:
    """Return PATH(index, D[size]) of RFC 9162 §2.1.3: the siblings from the leaf to the root.

    Args:
        nodes: of the tree.
        index: of the leaf, counted from 0.
        size: leaves of the tree.

    Raises:
        ValueError: a tree of that size has no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    return _inclusion(nodes, index, 0, size)


def consistency_path(nodes: Nodes, old: int, new: int) -> list[bytes]:
    """Return PROOF(old, D[new]) of RFC 9162 §2.1.4: it shows that the larger tree begins with the smaller one.

    Args:
        nodes: of the larger tree.
        old: leaves of the smaller tree.
        new: leaves of the larger tree.

    Raises:
        ValueError: not 0 < old <= new.
    """
    if not 0 < old <= new:
        raise ValueError(f"no proof from {old} leaves to {new}")
    return _consistency(nodes, old, 0, new)


def root_by_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root that an inclusion path leads to (RFC 9162 §2.1.3.2), or None if its length does not fit.

    Args:
        leaf: hash of the leaf.
        index: of the leaf, counted from 0.
        size: leaves of the tree.
        path: siblings from the leaf to the root.
    """
    if index >= size:
        return None
    position, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if position & 1 or position == last:
            found = parent_hash(sibling, found)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            found = parent_hash(found, sibling)
        position, last = position >> 1, last >> 1
    return found if last == 0 else None


def nodes_of(leaves: Sequence[bytes]) -> Nodes:
    """Return the nodes of a tree that fits into memory, from the hashes of its leaves."""
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([parent_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)])
    return lambda level, index: levels[level][index]


def _range_root(nodes: Nodes, start: int, end: int) -> bytes:
    """Return MTH(D[start:end]) for a range that begins where a subtree of its size may begin."""
    width = end - start
    if width & (width - 1) == 0 and start % width == 0:
        return nodes(width.bit_length() - 1, start // width)
    split = start + _split(width)
    return parent_hash(_range_root(nodes, start, split), _range_root(nodes, split, end))


def _inclusion(nodes: Nodes, index: int, start: int, end: int) -> list[bytes]:
    if end - start == 1:
        return []
    split = start + _split(end - start)
    if index < split:
        return [*_inclusion(nodes, index, start, split), _range_root(nodes, split, end)]
    return [*_inclusion(nodes, index, split, end), _range_root(nodes, start, split)]


def _consistency(nodes: Nodes, old: int, start: int, end: int) -> list[bytes]:
    """Return SUBPROOF(old - start, D[start:end], b): the RFC's flag `b` is true exactly while `start` is 0."""
    if old == end:
        return [_range_root(nodes, start, end)] if start else []
    split = start + _split(end - start)
    if old <= split:
        return [*_consistency(nodes, old, start, split), _range_root(nodes, split, end)]
    return [*_consistency(nodes, old, split, end), _range_root(nodes, start, split)]


def _split(width: int) -> int:
    """Return the largest power of two smaller than `width` (> 1)."""
    return 1 << ((width - 1).bit_length() - 1)
