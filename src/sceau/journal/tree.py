"""The Merkle tree of RFC 6962 (RFC 9162 §2.1): hashes, roots, inclusion and consistency proofs, and their
verifiers.

Knows leaves as hashes and nothing of what they say. Hashes are 32 bytes (SHA-256); leaf and node hashing are
kept apart by a prefix, so that no node can be passed off as a leaf. Positions start at 0. Nothing is stored
here: whoever keeps the tree gives a `NodeAt`, from a list of leaf hashes (`nodes_of`) or, later, from tiles
on a shelf.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sceau.vocabulary import Finding

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

NodeAt = Callable[[int, int], bytes]
"""`(level, index)` → hash of the complete subtree over the leaves ``index·2^level … (index+1)·2^level −
1``.
"""


def leaf_hash(data: bytes) -> bytes:
    """Hash of a leaf: SHA-256(0x00 ‖ data) [RFC 9162 §2.1.1]."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of a node: SHA-256(0x01 ‖ left ‖ right) [RFC 9162 §2.1.1]."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """All that must be remembered of a tree to append to it: the roots of its complete subtrees, largest
    first.

    One hash for each bit set in `size`, so an append costs O(log n). Raises `ValueError` when the two
    disagree.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.hashes) != self.size.bit_count():
            raise ValueError(f"a tree of {self.size} leaves has not {len(self.hashes)} complete subtrees")
        if any(len(value) != HASH_BYTES for value in self.hashes):
            raise ValueError("a hash of the frontier is not 32 bytes long")

    def append(self, leaf: bytes) -> Frontier:
        """The frontier after one more leaf hash."""
        return self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> Frontier:
        """The frontier after these leaf hashes, in this order."""
        stack, size = list(self.hashes), self.size
        for leaf in leaves:
            push(stack, size, leaf)
            size += 1
        return Frontier(size, tuple(stack))

    def root(self) -> bytes:
        """The root of the tree; SHA-256 of nothing when it is empty."""
        return fold(self.hashes)

    def to_bytes(self) -> bytes:
        """For storage: the size on 8 bytes, then the hashes."""
        return self.size.to_bytes(8, "big") + b"".join(self.hashes)

    @classmethod
    def from_bytes(cls, data: bytes) -> Frontier:
        """The frontier that `to_bytes` wrote. Raises `ValueError` when it did not."""
        body = data[8:]
        if len(data) < 8 or len(body) % HASH_BYTES:
            raise ValueError("these bytes are no stored frontier")
        hashes = tuple(body[at : at + HASH_BYTES] for at in range(0, len(body), HASH_BYTES))
        return cls(int.from_bytes(data[:8], "big"), hashes)


def push(stack: list[bytes], size: int, leaf: bytes) -> None:
    """Add a leaf hash to the subtree roots `stack` of a tree of `size` leaves, in place (the hot loop of a
    check).
    """
    carry = leaf
    while size & 1:
        carry = node_hash(stack.pop(), carry)
        size >>= 1
    stack.append(carry)


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root over complete subtrees given largest first."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def root_from_leaves(leaves: Iterable[bytes]) -> bytes:
    """The root over these leaf hashes (not the leaves' data)."""
    return Frontier().extend(leaves).root()


def nodes_of(leaves: Sequence[bytes]) -> NodeAt:
    """The complete subtrees over a list of leaf hashes, each level computed once, when first asked."""
    levels: list[Sequence[bytes]] = [leaves]

    def node_at(level: int, index: int) -> bytes:
        while len(levels) <= level:
            below = levels[-1]
            levels.append([node_hash(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)])
        return levels[level][index]

    return node_at


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """That the leaf at `index` is in the tree of `size` leaves: the hashes from the leaf up [RFC 9162
    §2.1.3].
    """

    index: int
    size: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """That the tree of `new` leaves begins with all of the tree of `old` leaves [RFC 9162 §2.1.4]."""

    old: int
    new: int
    path: tuple[bytes, ...]


def inclusion_proof(index: int, size: int, node_at: NodeAt) -> InclusionProof:
    """The proof for the leaf at `index` in the tree of `size` leaves. Raises `ValueError` when it is not in
    it.
    """
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    path: list[bytes] = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            path.append(_range_root(middle, end, node_at))
            end = middle
        else:
            path.append(_range_root(begin, middle, node_at))
            begin = middle
    return InclusionProof(index, size, tuple(reversed(path)))


def consistency_proof(old: int, new: int, node_at: NodeAt) -> ConsistencyProof:
    """The proof between two sizes of one tree. Raises `ValueError` unless ``0 <= old <= new``."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} leaves does not follow one of {old}")
    if old in (0, new):
        return ConsistencyProof(old, new, ())
    path: list[bytes] = []
    begin, end, whole = 0, new, True
    while end != old:
        middle = begin + _split(end - begin)
        if old <= middle:
            path.append(_range_root(middle, end, node_at))
            end = middle
        else:
            path.append(_range_root(begin, middle, node_at))
            begin, whole = middle, False
    if not whole:
        path.append(_range_root(begin, end, node_at))
    return ConsistencyProof(old, new, tuple(reversed(path)))


def verify_inclusion(proof: InclusionProof, *, leaf: bytes, root: bytes) -> tuple[Finding, ...]:
    """What is wrong with the proof that `leaf` (a leaf hash) is under `root`; nothing when it holds [RFC
    9162 §2.1.3.2].
    """
    holds = 0 <= proof.index < proof.size and _climb(proof, leaf) == root
    if holds:
        return ()
    return (Finding.error("journal.inclusion", str(proof.index), size=proof.size),)


def verify_consistency(proof: ConsistencyProof, *, old_root: bytes, new_root: bytes) -> tuple[Finding, ...]:
    """What is wrong with the proof that the tree under `new_root` begins with the one under `old_root`;
    nothing when it holds [RFC 9162 §2.1.4.2].
    """
    if _consistent(proof, old_root, new_root):
        return ()
    return (Finding.error("journal.consistency", str(proof.old), size=proof.new),)


def _climb(proof: InclusionProof, leaf: bytes) -> bytes | None:
    at, last, value = proof.index, proof.size - 1, leaf
    for sibling in proof.path:
        if last == 0:
            return None
        if at & 1 or at == last:
            value = node_hash(sibling, value)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        at, last = at >> 1, last >> 1
    return value if last == 0 else None


def _consistent(proof: ConsistencyProof, old_root: bytes, new_root: bytes) -> bool:
    old, new, path = proof.old, proof.new, list(proof.path)
    if not 0 <= old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    if old == 0:
        return not path and old_root == EMPTY_ROOT
    if not old & (old - 1):
        path.insert(0, old_root)
    return bool(path) and _fold_both(old, new, path) == (old_root, new_root)


def _fold_both(old: int, new: int, path: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    of_old = of_new = path[0]
    for value in path[1:]:
        if last == 0:
            return None
        if at & 1 or at == last:
            of_old, of_new = node_hash(value, of_old), node_hash(value, of_new)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            of_new = node_hash(of_new, value)
        at, last = at >> 1, last >> 1
    return (of_old, of_new) if last == 0 else None


def _split(count: int) -> int:
    """The largest power of two below `count` (at least 2): where the RFC splits a tree."""
    return 1 << (count - 1).bit_length() - 1


def _range_root(begin: int, end: int, node_at: NodeAt) -> bytes:
    """The root over the leaves ``begin … end − 1``, `begin` being where the RFC's splitting puts it."""
    hashes: list[bytes] = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        hashes.append(node_at(level, begin >> level))
        begin += 1 << level
    return fold(hashes)
