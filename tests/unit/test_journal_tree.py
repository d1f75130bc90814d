"""The Merkle tree against the known answers of RFC 6962's own test data (the Certificate Transparency
project's).
"""

from __future__ import annotations

import hashlib

import pytest

from sceau.journal import (
    ConsistencyProof,
    Frontier,
    InclusionProof,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    nodes_of,
    root_from_leaves,
    verify_consistency,
    verify_inclusion,
)

DATA = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
LEAVES = [leaf_hash(data) for data in DATA]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
N1 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
N23 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
N4567 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
N4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
N45 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
N67 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
N0123 = ROOTS[3]


def hexes(path: tuple[bytes, ...]) -> list[str]:
    return [value.hex() for value in path]


@pytest.mark.parametrize(("size", "root"), list(enumerate(ROOTS, start=1)))
def test_roots_are_those_of_the_rfcs_test_data(size: int, root: str) -> None:
    assert root_from_leaves(LEAVES[:size]).hex() == root


def test_an_empty_tree_has_the_hash_of_nothing() -> None:
    assert Frontier().root() == hashlib.sha256(b"").digest()


@pytest.mark.parametrize(
    ("index", "size", "path"),
    [
        (0, 1, []),
        (0, 8, [N1, N23, N4567]),
        (5, 8, [N4, N67, N0123]),
        (2, 3, [ROOTS[1]]),
        (
            1,
            5,
            [ROOTS[0], N23, N4],
        ),
    ],
)
def test_inclusion_proofs_are_those_of_the_rfcs_test_data(index: int, size: int, path: list[str]) -> None:
    proof = inclusion_proof(index, size, nodes_of(LEAVES))
    assert hexes(proof.path) == path
    assert verify_inclusion(proof, leaf=LEAVES[index], root=bytes.fromhex(ROOTS[size - 1])) == ()


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        (1, 1, []),
        (1, 8, [N1, N23, N4567]),
        (6, 8, [N45, N67, N0123]),
        (2, 5, [N23, N4]),
    ],
)
def test_consistency_proofs_are_those_of_the_rfcs_test_data(old: int, new: int, path: list[str]) -> None:
    proof = consistency_proof(old, new, nodes_of(LEAVES))
    assert hexes(proof.path) == path
    roots = {"old_root": bytes.fromhex(ROOTS[old - 1]), "new_root": bytes.fromhex(ROOTS[new - 1])}
    assert verify_consistency(proof, **roots) == ()


def test_a_leaf_is_never_a_node() -> None:
    """Without the prefix, the tree of two leaves would have the root of one well-chosen leaf."""
    forged = leaf_hash(LEAVES[0] + LEAVES[1])
    assert forged != root_from_leaves(LEAVES[:2])


def test_proofs_of_what_is_not_there_are_refused() -> None:
    nodes = nodes_of(LEAVES)
    with pytest.raises(ValueError, match="no leaf 8"):
        inclusion_proof(8, 8, nodes)
    with pytest.raises(ValueError, match="does not follow"):
        consistency_proof(8, 7, nodes)
    root = bytes.fromhex(ROOTS[7])
    assert verify_inclusion(InclusionProof(8, 8, ()), leaf=LEAVES[0], root=root)
    assert verify_inclusion(InclusionProof(-1, 8, ()), leaf=LEAVES[0], root=root)
    assert verify_inclusion(InclusionProof(0, 0, ()), leaf=LEAVES[0], root=LEAVES[0])
    assert verify_consistency(ConsistencyProof(9, 8, ()), old_root=root, new_root=root)
    assert verify_consistency(ConsistencyProof(3, 8, ()), old_root=root, new_root=root)


def test_a_proof_too_long_or_too_short_is_refused() -> None:
    root = bytes.fromhex(ROOTS[7])
    good = inclusion_proof(5, 8, nodes_of(LEAVES))
    for path in (good.path[:-1], (*good.path, root), ()):
        findings = verify_inclusion(InclusionProof(5, 8, path), leaf=LEAVES[5], root=root)
        assert [finding.code for finding in findings] == ["journal.inclusion"]
    steady = consistency_proof(6, 8, nodes_of(LEAVES))
    for path in (steady.path[:-1], (*steady.path, root), ()):
        findings = verify_consistency(
            ConsistencyProof(6, 8, path), old_root=bytes.fromhex(ROOTS[5]), new_root=root
        )
        assert [finding.code for finding in findings] == ["journal.consistency"]


def test_a_frontier_survives_storage() -> None:
    frontier = Frontier().extend(LEAVES[:7])
    again = Frontier.from_bytes(frontier.to_bytes())
    assert again == frontier
    assert again.append(LEAVES[7]).root().hex() == ROOTS[7]


@pytest.mark.parametrize("data", [b"", b"\0" * 7, b"\0" * 8 + b"x", (3).to_bytes(8, "big") + b"\1" * 32])
def test_a_damaged_frontier_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"frontier|subtrees"):
        Frontier.from_bytes(data)


def test_a_frontier_with_a_short_hash_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Frontier(1, (b"short",))
