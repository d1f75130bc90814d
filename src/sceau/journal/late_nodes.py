"""The proof of a recent leaf without the whole tree: what stood before it is in the frontier kept with the
last head, so only the leaves since then are needed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sceau.journal.tree import Frontier, node_hash


def nodes_after(frontier: Frontier, leaves: Sequence[bytes]) -> Callable[[int, int], bytes]:
    """The complete subtrees of the tree that `leaves` made of `frontier`, as far as proofs of those leaves
    ask for them. KeyError for one that lies within the frontier and is none of its own.
    """
    known: dict[tuple[int, int], bytes] = {}
    begin = 0
    for level, value in zip(_levels(frontier.size), frontier.hashes, strict=True):
        known[level, begin >> level] = value
        begin += 1 << level
    size = frontier.size + len(leaves)

    def node_at(level: int, index: int) -> bytes:
        found = known.get((level, index))
        if found is not None:
            return found
        first = index << level
        if level == 0 and frontier.size <= first < size:
            return leaves[first - frontier.size]
        if level == 0 or first + (1 << level) <= frontier.size:
            raise KeyError((level, index))
        made = node_hash(node_at(level - 1, 2 * index), node_at(level - 1, 2 * index + 1))
        known[level, index] = made
        return made

    return node_at


def _levels(size: int) -> list[int]:
    return [bit for bit in reversed(range(size.bit_length())) if size >> bit & 1]
