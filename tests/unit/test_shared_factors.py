"""Primes in common are all found, wherever they are among how many; nothing else is [F20, T28]."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from sceau.certification import Comparison, FreshModuli, pairs_among, shared_among

PRIMES = [
    at
    for at in range(1_000_003, 1_003_000, 2)
    if all(at % small for small in range(3, math.isqrt(at) + 1, 2))
]
PAIRS = st.tuples(st.sampled_from(PRIMES), st.sampled_from(PRIMES)).filter(lambda pair: pair[0] != pair[1])
MODULI = st.lists(PAIRS.map(math.prod), max_size=40)


def shared_with(fresh: FreshModuli, *groups: list[int]) -> Iterator[tuple[int, int]]:
    comparison = Comparison(fresh)
    for group in groups:
        comparison.take(group)
    return pairs_among(comparison.suspects(), [one for group in groups for one in group])


def naive(fresh: list[int], others: list[int]) -> set[int]:
    """Who shares with some other one, by looking at every pair."""
    return {one for one in fresh if any(other != one and math.gcd(one, other) > 1 for other in others)}


@given(MODULI)
def test_among_many_exactly_those_that_share_are_found(moduli: list[int]) -> None:
    found = dict(shared_among(FreshModuli.of(moduli)))
    assert set(found) == naive(moduli, moduli)
    assert all(other in moduli and math.gcd(one, other) > 1 for one, other in found.items())


@given(MODULI, MODULI, MODULI)
def test_f20_against_many_groups_exactly_those_that_share_are_suspects(
    fresh: list[int], first: list[int], second: list[int]
) -> None:
    comparison = Comparison(FreshModuli.of(fresh))
    comparison.take(first)
    comparison.take(second)
    others = [one for one in [*first, *second] if one not in fresh]
    assert set(comparison.suspects()) == naive(fresh, others)


@given(MODULI, MODULI)
def test_against_a_group_exactly_those_that_share_are_found(fresh: list[int], group: list[int]) -> None:
    others = [one for one in group if one not in fresh]
    found = dict(shared_with(FreshModuli.of(fresh), group))
    assert set(found) == naive(fresh, others)
    assert all(other in group and other != one and math.gcd(one, other) > 1 for one, other in found.items())


def moduli_of_real_size(count: int) -> list[int]:
    chance = random.Random(413)
    return [chance.getrandbits(1023) * 2 * (chance.getrandbits(1023) * 2 + 1) + 1 for _ in range(count)]


def test_planted_primes_are_found_among_real_keys() -> None:
    keys = [rsa.generate_private_key(65537, 2048) for _ in range(6)]
    primes = [(numbers.p, numbers.q) for numbers in (key.private_numbers() for key in keys)]
    moduli = [key.public_key().public_numbers().n for key in keys]
    planted = primes[0][0] * primes[1][1]  # one prime of each of two good keys
    twin = primes[4][0] * primes[3][1]
    found = dict(shared_among(FreshModuli.of([*moduli, planted, twin])))
    assert set(found) == {moduli[0], moduli[1], moduli[4], moduli[3], planted, twin}
    assert dict(shared_with(FreshModuli.of(moduli[2:3]), [planted, twin])) == {}
    found = dict(shared_with(FreshModuli.of([moduli[5], planted]), moduli[:2]))
    assert found == {planted: moduli[0]}
    assert list(shared_among(FreshModuli.of(moduli))) == []


def test_a_key_seen_before_shares_nothing_with_itself() -> None:
    one, other = 1_000_003 * 1_000_033, 1_000_037 * 1_000_039
    assert list(shared_with(FreshModuli.of([one]), [one, one, other])) == []
    assert list(shared_among(FreshModuli.of([one, one]))) == []
    assert list(shared_among(FreshModuli.of([]))) == []
    assert list(shared_with(FreshModuli.of([]), [one])) == []
    assert list(shared_with(FreshModuli.of([one]), [])) == []


def test_hundreds_of_large_moduli_are_compared_exactly() -> None:
    large = moduli_of_real_size(300)
    found = set(dict(shared_among(FreshModuli.of(large))))
    expected = set()
    for one, other in itertools.combinations(large, 2):
        if math.gcd(one, other) > 1:
            expected |= {one, other}
    assert found == expected
    assert expected  # numbers at random share small factors
