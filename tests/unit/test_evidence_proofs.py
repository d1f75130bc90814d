"""Proofs made from a frontier and the leaves after it are those that the whole tree gives."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from sceau.journal import Frontier, inclusion_proof, nodes_after, nodes_of, verify_inclusion


def leaves(count: int) -> list[bytes]:
    return [hashlib.sha256(str(number).encode()).digest() for number in range(count)]


@given(st.integers(0, 300), st.integers(1, 60), st.data())
def test_a_late_leaf_is_proven_without_those_before(before: int, after: int, data: st.DataObject) -> None:
    whole = leaves(before + after)
    position = data.draw(st.integers(before, before + after - 1))
    frontier = Frontier().extend(whole[:before])
    proof = inclusion_proof(position, len(whole), nodes_after(frontier, whole[before:]))
    assert proof == inclusion_proof(position, len(whole), nodes_of(whole))
    root = Frontier().extend(whole).root()
    assert verify_inclusion(proof, leaf=whole[position], root=root) == ()
