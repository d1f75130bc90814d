"""The offline verifier, tampering by tampering, as an auditor would meet them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sceau.journal import (
    Disclosure,
    Entry,
    Export,
    Frontier,
    HeadVerifier,
    TreeHead,
    Verification,
    commit,
    encode_entry,
    leaf_hash,
    root_from_leaves,
    sign_head,
    verify_export,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
VERIFIER = HeadVerifier.of("sceau.example/journal", KEY)
START = datetime(2026, 11, 24, tzinfo=UTC)


def salt(position: int) -> bytes:
    return position.to_bytes(32, "big")


def person(position: int) -> dict[str, str]:
    return {"person": f"8{position:011d}"}


def line(position: int, **public: Any) -> bytes:
    actor = commit(person(position), salt=salt(position))
    at = START + timedelta(seconds=position)
    return encode_entry(Entry("order.received", at, actor, (f"order/{position}",), public or {"n": position}))


def head(lines: list[bytes], size: int, key: Ed25519PrivateKey = KEY) -> str:
    root = root_from_leaves(leaf_hash(data) for data in lines[:size])
    return sign_head(TreeHead(VERIFIER.name, size, root), key)


LINES = [line(position) for position in range(20)]
HEADS = [head(LINES, size) for size in (0, 1, 7, 8, 15, 20)]
LEAVES = [leaf_hash(data) for data in LINES]
OPENED = [
    Disclosure(position, "actor", salt(position), person(position)).encode() for position in range(0, 20, 3)
]
WHOLE = Export(LINES, HEADS, [VERIFIER], LEAVES, OPENED)


def codes(found: Verification) -> list[tuple[str, int | None]]:
    return [(flaw.finding.code, flaw.position) for flaw in found.flaws]


def test_a_journal_that_nobody_touched_holds() -> None:
    found = verify_export(WHOLE)
    assert found.flaws == ()
    assert found.first is None
    assert (found.size, found.heads, found.disclosures) == (20, 6, 7)
    assert found.root == root_from_leaves(LEAVES)


def test_an_empty_journal_holds_when_its_empty_head_is_signed() -> None:
    assert verify_export(Export([], [head([], 0)], [VERIFIER])).flaws == ()


@pytest.mark.parametrize("position", [0, 6, 7, 14, 19])
def test_an_edited_entry_is_named_exactly_when_leaf_hashes_were_kept(position: int) -> None:
    lines = LINES.copy()
    lines[position] = line(position, n=999)
    found = verify_export(replace(WHOLE, entries=lines, disclosures=()))
    assert codes(found) == [("journal.entry-differs", position)]


@pytest.mark.parametrize(("position", "between"), [(0, (0, 0)), (3, (1, 6)), (7, (7, 7)), (19, (15, 19))])
def test_an_edited_entry_is_named_between_two_heads_without_leaf_hashes(
    position: int, between: tuple[int, int]
) -> None:
    lines = LINES.copy()
    lines[position] = line(position, n=999)
    found = verify_export(Export(lines, HEADS, [VERIFIER]))
    assert [(flaw.position, flaw.through) for flaw in found.flaws] == [between]


def test_an_editor_who_also_rewrites_the_leaf_hashes_is_found_by_the_heads() -> None:
    lines = LINES.copy()
    lines[10] = line(10, n=999)
    rewritten = [leaf_hash(data) for data in lines]
    found = verify_export(replace(WHOLE, entries=lines, leaves=rewritten))
    assert [(flaw.position, flaw.through) for flaw in found.flaws] == [(8, 14)]


def test_a_deleted_entry_is_found() -> None:
    found = verify_export(replace(WHOLE, entries=LINES[:9] + LINES[10:], disclosures=()))
    assert codes(found) == [("journal.entry-differs", 9), ("journal.cut-off", 19)]


def test_two_entries_swapped_are_found() -> None:
    lines = LINES.copy()
    lines[4], lines[11] = lines[11], lines[4]
    found = verify_export(replace(WHOLE, entries=lines, disclosures=()))
    assert codes(found)[0] == ("journal.entry-differs", 4)


def test_an_entry_put_back_elsewhere_is_found() -> None:
    lines = LINES[:5] + LINES[6:12] + [LINES[5]] + LINES[12:]
    found = verify_export(replace(WHOLE, entries=lines, disclosures=()))
    assert codes(found)[0] == ("journal.entry-differs", 5)


def test_an_entry_written_twice_is_found() -> None:
    found = verify_export(replace(WHOLE, entries=[*LINES[:5], LINES[4], *LINES[5:]], disclosures=()))
    assert codes(found)[0] == ("journal.entry-differs", 5)


@pytest.mark.parametrize("kept", [0, 1, 8, 19])
def test_a_tail_cut_off_is_found_by_a_later_head(kept: int) -> None:
    found = verify_export(Export(LINES[:kept], HEADS, [VERIFIER], LEAVES))
    assert codes(found) == [("journal.cut-off", kept)]


@pytest.mark.parametrize(("kept", "held"), [(0, 0), (1, 1), (5, 1), (8, 8), (14, 8), (19, 15)])
def test_a_tail_cut_off_with_its_leaf_hashes_begins_after_the_last_head_that_holds(
    kept: int, held: int
) -> None:
    """Without the hashes, an entry removed before the cut could not be told from one removed at it."""
    for leaves in (None, LEAVES[:kept]):
        found = verify_export(Export(LINES[:kept], HEADS, [VERIFIER], leaves))
        assert [(flaw.position, flaw.through) for flaw in found.flaws] == [(held, 19)]


def test_a_leaf_hash_rewritten_before_a_changed_entry_does_not_mislead() -> None:
    """Entry 9 was edited with its hash, entry 12 without: 12 must not be called the first."""
    lines = LINES.copy()
    lines[9], lines[12] = line(9, n=999), line(12, n=999)
    hashes = [*LEAVES[:9], leaf_hash(lines[9]), *LEAVES[10:]]
    found = verify_export(Export(lines, HEADS, [VERIFIER], hashes))
    assert codes(found) == [("journal.root-differs", 8), ("journal.entry-differs", 12)]


def test_a_tail_cut_off_with_its_heads_is_found_by_a_head_kept_elsewhere() -> None:
    export = Export(LINES[:8], HEADS[:4], [VERIFIER])
    assert verify_export(export).flaws == ()
    assert codes(verify_export(replace(export, witnessed=HEADS[5:]))) == [("journal.cut-off", 8)]


def test_entries_added_after_the_last_head_are_vouched_for_by_nobody() -> None:
    lines = [*LINES, line(20), line(21)]
    found = verify_export(Export(lines, HEADS, [VERIFIER]))
    assert codes(found) == [("journal.not-signed", 20)]


def test_a_leaf_hash_without_its_entry_is_found() -> None:
    found = verify_export(replace(WHOLE, leaves=[*LEAVES, LEAVES[3]]))
    assert codes(found) == [("journal.entry-missing", 20)]


def test_a_leaf_hash_lost_is_found() -> None:
    found = verify_export(replace(WHOLE, leaves=LEAVES[:12]))
    assert codes(found) == [("journal.entry-differs", 12)]


def test_two_stories_under_one_key_are_found() -> None:
    other = [*LINES[:3], line(3, n=999), *LINES[4:]]
    found = verify_export(replace(WHOLE, witnessed=[head(other, 15)]))
    assert codes(found) == [("journal.fork", None)]


def test_heads_of_another_story_are_found_even_without_a_common_size() -> None:
    other = [*LINES[:3], line(3, n=999), *LINES[4:]]
    found = verify_export(replace(WHOLE, witnessed=[head(other, 12)]))
    assert codes(found) == [("journal.root-differs", 8)]


def test_a_forged_head_is_found_though_it_tells_the_truth() -> None:
    forged = head(LINES, 12, Ed25519PrivateKey.from_private_bytes(bytes(32)))
    assert codes(verify_export(replace(WHOLE, heads=[*HEADS, forged]))) == [("journal.head-signature", None)]


def test_a_whole_journal_rewritten_under_another_key_is_refused() -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    heads = [head(LINES, size, key) for size in (8, 20)]
    found = verify_export(replace(WHOLE, heads=heads))
    assert codes(found) == [
        ("journal.head-signature", None),
        ("journal.head-signature", None),
        ("journal.no-head", None),
    ]


def test_a_journal_without_a_head_is_not_taken_for_good() -> None:
    assert codes(verify_export(replace(WHOLE, heads=[]))) == [("journal.no-head", None)]


def test_a_line_that_is_not_canonical_is_found_though_the_tree_holds() -> None:
    lines = [*LINES[:2], LINES[2].replace(b'"n":2', b'"n":2 '), *LINES[3:]]
    heads = [head(lines, 20)]
    found = verify_export(Export(lines, heads, [VERIFIER]))
    assert codes(found) == [("journal.not-canonical", 2)]


def test_disclosed_data_that_were_changed_are_found() -> None:
    opened = [*OPENED[:2], Disclosure(6, "actor", salt(6), person(7)).encode(), *OPENED[3:]]
    found = verify_export(replace(WHOLE, disclosures=opened))
    assert codes(found) == [("journal.disclosure-differs", 6)]


@pytest.mark.parametrize("wrong", [salt(7), b"short"])
def test_a_salt_that_was_changed_is_found(wrong: bytes) -> None:
    opened = [Disclosure(6, "actor", wrong, person(6)).encode()]
    found = verify_export(replace(WHOLE, disclosures=opened))
    assert codes(found) == [("journal.disclosure-differs", 6)]


def test_data_that_were_never_committed_are_not_taken_for_disclosed() -> None:
    opened = [Disclosure(6, "signatory", salt(6), person(6)).encode()]
    found = verify_export(replace(WHOLE, disclosures=opened))
    assert codes(found) == [("journal.disclosure-differs", 6)]


def test_erased_personal_data_leave_the_journal_whole() -> None:
    assert verify_export(replace(WHOLE, disclosures=OPENED[3:4])).flaws == ()
    assert verify_export(replace(WHOLE, disclosures=())).flaws == ()


def test_disclosures_out_of_order_beyond_the_end_or_unreadable_are_found() -> None:
    beyond = Disclosure(20, "actor", salt(20), person(20)).encode()
    opened = [OPENED[1], OPENED[0], b"{", OPENED[2], beyond, OPENED[3]]
    found = verify_export(replace(WHOLE, disclosures=opened))
    assert codes(found) == [
        ("journal.disclosure-order", 0),
        ("journal.disclosure-unreadable", 3),
        ("journal.disclosure-order", 9),
        ("journal.disclosure-alone", 20),
    ]


def test_a_wholly_broken_file_is_told_and_not_repeated_a_million_times() -> None:
    found = verify_export(Export([b"x"] * 1000, HEADS, [VERIFIER]))
    assert len([flaw for flaw in found.flaws if flaw.finding.code == "journal.not-canonical"]) == 100


def test_a_frontier_kept_beside_gives_the_same_root_as_the_check() -> None:
    assert verify_export(WHOLE).root == Frontier().extend(LEAVES).root()
