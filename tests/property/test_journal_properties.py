"""What holds for every journal: proofs for all sizes, and no tampering that goes unseen."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from sceau.journal import (
    ConsistencyProof,
    Disclosure,
    Entry,
    Export,
    Frontier,
    HeadVerifier,
    InclusionProof,
    TreeHead,
    commit,
    consistency_proof,
    encode_entry,
    inclusion_proof,
    leaf_hash,
    nodes_of,
    read_disclosure,
    read_entry,
    root_from_leaves,
    sign_head,
    verify_consistency,
    verify_export,
    verify_inclusion,
)

MOST = 200
LEAVES = [leaf_hash(position.to_bytes(2, "big")) for position in range(MOST)]
NODES = nodes_of(LEAVES)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
VERIFIER = HeadVerifier.of("sceau.example/journal", KEY)
START = datetime(2026, 1, 1, tzinfo=UTC)


def roots() -> list[bytes]:
    found, frontier = [], Frontier()
    found.append(frontier.root())
    for leaf in LEAVES:
        frontier = frontier.append(leaf)
        found.append(frontier.root())
    return found


ROOTS = roots()


def recursive_root(leaves: list[bytes]) -> bytes:
    """The RFC's own definition, word for word [RFC 6962 §2.1]."""
    from sceau.journal.tree import EMPTY_ROOT, node_hash

    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(recursive_root(leaves[:split]), recursive_root(leaves[split:]))


def test_appending_gives_the_root_of_the_definition_at_every_size() -> None:
    assert [recursive_root(LEAVES[:size]) for size in range(MOST + 1)] == ROOTS


def test_every_leaf_of_every_tree_up_to_200_has_its_proof() -> None:
    for size in range(1, MOST + 1):
        for index in range(size):
            proof = inclusion_proof(index, size, NODES)
            assert verify_inclusion(proof, leaf=LEAVES[index], root=ROOTS[size]) == ()


def test_every_pair_of_sizes_up_to_200_is_consistent() -> None:
    for new in range(MOST + 1):
        for old in range(new + 1):
            proof = consistency_proof(old, new, NODES)
            assert verify_consistency(proof, old_root=ROOTS[old], new_root=ROOTS[new]) == ()


@given(st.data())
def test_a_proof_with_one_bit_changed_proves_nothing(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, MOST))
    index = data.draw(st.integers(0, size - 1))
    good = inclusion_proof(index, size, NODES)
    at = data.draw(st.integers(0, len(good.path) - 1))
    bit = 1 << data.draw(st.integers(0, 7))
    byte = data.draw(st.integers(0, 31))
    wrong = bytearray(good.path[at])
    wrong[byte] ^= bit
    path = (*good.path[:at], bytes(wrong), *good.path[at + 1 :])
    assert verify_inclusion(InclusionProof(index, size, path), leaf=LEAVES[index], root=ROOTS[size])


@given(st.data())
def test_a_proof_for_one_position_proves_no_other(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, MOST))
    index, other = data.draw(st.lists(st.integers(0, size - 1), min_size=2, max_size=2, unique=True))
    good = inclusion_proof(index, size, NODES)
    assert verify_inclusion(InclusionProof(other, size, good.path), leaf=LEAVES[index], root=ROOTS[size])
    assert verify_inclusion(good, leaf=LEAVES[other], root=ROOTS[size])


@given(st.data())
def test_no_history_but_the_true_one_is_consistent(data: st.DataObject) -> None:
    new = data.draw(st.integers(2, MOST))
    old = data.draw(st.integers(1, new - 1))
    changed = data.draw(st.integers(0, old - 1))
    other = root_from_leaves([*LEAVES[:changed], leaf_hash(b"other"), *LEAVES[changed + 1 : old]])
    good = consistency_proof(old, new, NODES)
    assert verify_consistency(good, old_root=other, new_root=ROOTS[new])
    shorter = ConsistencyProof(old, new, good.path[:-1])
    assert verify_consistency(shorter, old_root=ROOTS[old], new_root=ROOTS[new])


@given(st.integers(0, MOST), st.lists(st.integers(0, 40), max_size=8))
def test_a_tree_grown_in_steps_is_the_tree_grown_at_once(start: int, steps: list[int]) -> None:
    frontier = Frontier().extend(LEAVES[:start])
    for step in steps:
        frontier = Frontier.from_bytes(frontier.to_bytes()).extend(
            LEAVES[frontier.size : min(frontier.size + step, MOST)]
        )
    assert frontier.root() == ROOTS[frontier.size]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
ENTRIES = st.builds(
    Entry,
    kind=st.from_regex(r"[a-z0-9-]{1,8}(\.[a-z0-9-]{1,8}){1,2}", fullmatch=True),
    at=st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    actor=st.just("machine:test") | st.binary(min_size=32, max_size=32).map(bytes.hex),
    about=st.lists(st.text(max_size=20), max_size=3).map(tuple),
    public=st.dictionaries(st.text(max_size=8), JSON, max_size=5),
    catalogue=st.just("") | st.binary(min_size=32, max_size=32).map(bytes.hex),
    commitments=st.dictionaries(
        st.text(max_size=8), st.binary(min_size=32, max_size=32).map(bytes.hex), max_size=3
    ),
)


@given(ENTRIES)
def test_an_entry_has_one_line_that_reads_back_to_it(entry: Entry) -> None:
    line = encode_entry(entry)
    assert b"\n" not in line
    assert encode_entry(read_entry(line).require()) == line


@given(ENTRIES, st.data())
def test_a_line_with_one_byte_changed_is_another_entry_or_none(entry: Entry, data: st.DataObject) -> None:
    line = bytearray(encode_entry(entry))
    line[data.draw(st.integers(0, len(line) - 1))] ^= data.draw(st.integers(1, 255))
    reading = read_entry(bytes(line))
    assert reading.value is None or encode_entry(reading.value) == bytes(line)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_readers(line: bytes) -> None:
    assert read_entry(line).value is None
    reading = read_disclosure(line)
    assert reading.value is None or reading.findings == ()


@given(JSON, st.binary(min_size=32, max_size=32))
def test_a_commitment_opens_to_its_own_data_only(data: object, salt: bytes) -> None:
    opened = read_disclosure(Disclosure(0, "name", salt, data).encode()).require()  # type: ignore[arg-type]
    assert commit(opened.data, salt=opened.salt) == commit(data, salt=salt)  # type: ignore[arg-type]


# --- tampering (ASSURANCE G23): each kind of change, anywhere, by an adversary who lacks only the key ---


def lines_of(count: int) -> list[bytes]:
    return [
        encode_entry(Entry("order.received", START + timedelta(seconds=n), "machine:test", public={"n": n}))
        for n in range(count)
    ]


COUNT = 60
LINES = lines_of(COUNT)
HASHES = [leaf_hash(line) for line in LINES]
SIZES = (1, 2, 10, 11, 31, 32, 33, 50, 60)
HEADS = [sign_head(TreeHead(VERIFIER.name, s, root_from_leaves(HASHES[:s])), KEY) for s in SIZES]


def edit(lines: list[bytes], draw: random.Random) -> list[bytes]:
    at = draw.randrange(len(lines))
    line = lines[at].replace(b'"n":', b'"n":1')
    return [*lines[:at], line, *lines[at + 1 :]]


def delete(lines: list[bytes], draw: random.Random) -> list[bytes]:
    at = draw.randrange(len(lines))
    return lines[:at] + lines[at + 1 :]


def swap(lines: list[bytes], draw: random.Random) -> list[bytes]:
    first, second = draw.sample(range(len(lines)), 2)
    changed = lines.copy()
    changed[first], changed[second] = changed[second], changed[first]
    return changed


def truncate(lines: list[bytes], draw: random.Random) -> list[bytes]:
    return lines[: draw.randrange(len(lines))]


def reinsert(lines: list[bytes], draw: random.Random) -> list[bytes]:
    changed = lines.copy()
    line = changed.pop(draw.randrange(len(lines)))
    changed.insert(draw.randrange(len(changed) + 1), line)
    return changed


def duplicate(lines: list[bytes], draw: random.Random) -> list[bytes]:
    changed = lines.copy()
    changed.insert(draw.randrange(len(lines) + 1), draw.choice(lines))
    return changed


TAMPERINGS = [edit, delete, swap, truncate, reinsert, duplicate]


def first_difference(lines: list[bytes]) -> int | None:
    for position, (was, now) in enumerate(zip(LINES, lines, strict=False)):
        if was != now:
            return position
    return None if len(lines) == COUNT else min(len(lines), COUNT)


@pytest.mark.parametrize("tamper", TAMPERINGS)
def test_every_tampering_is_detected_and_its_position_named(
    tamper: Callable[[list[bytes], random.Random], list[bytes]],
) -> None:
    draw = random.Random(f"sceau {tamper.__name__}")
    for _ in range(300):
        lines = tamper(LINES, draw)
        true = first_difference(lines)
        with_leaves = verify_export(Export(lines, HEADS, [VERIFIER], HASHES))
        alone = verify_export(Export(lines, HEADS, [VERIFIER], [leaf_hash(line) for line in lines]))
        if true is None:  # put back where it was, or swapped with its like
            assert with_leaves.flaws == alone.flaws == ()
            continue
        assert with_leaves.first == true
        assert with_leaves.flaws[0].through in {true, COUNT - 1, len(lines) - 1}
        named = alone.flaws[0]
        assert named.position is not None
        assert named.through is not None
        assert named.position <= true <= named.through


@settings(max_examples=50)
@given(st.data())
def test_any_mixture_of_tamperings_is_detected(data: st.DataObject) -> None:
    draw = random.Random(data.draw(st.integers()))
    lines = LINES
    for tamper in data.draw(st.lists(st.sampled_from(TAMPERINGS), min_size=1, max_size=5)):
        if len(lines) > 2:
            lines = tamper(lines, draw)
    found = verify_export(Export(lines, HEADS, [VERIFIER]))
    assert bool(found.flaws) == (lines != LINES)
