"""Each attack on a modulus, to its exact reach: the last number it finds, the first it does not [F20]."""

from __future__ import annotations

import math
import random

import pytest

from sceau.certification import weakness
from sceau.certification.known_keys import KeyFacts, KnownModuli, WeakKeyList

RATIOS = ((1, 2), (1, 3), (2, 3), (1, 4), (3, 4), (2, 5), (3, 5), (4, 5))
LARGEST_SMALL, FIRST_LARGER = 109_987, 110_017
BIG = (1 << 521) - 1, (1 << 607) - 1, (1 << 1279) - 1, (1 << 2203) - 1


def is_prime(number: int) -> bool:
    return number > 1 and all(number % low for low in range(2, math.isqrt(number) + 1))


@pytest.mark.parametrize("prime", [2, 3, 5, 104_729, LARGEST_SMALL])
def test_f20_every_prime_below_110000_is_found(prime: int) -> None:
    assert is_prime(prime)
    assert weakness.small_factor(prime * BIG[2]) == prime


def test_f20_the_first_prime_above_is_not_small_and_nothing_else_is_taken_for_a_factor() -> None:
    between = range(LARGEST_SMALL + 1, FIRST_LARGER)
    assert not any(is_prime(one) for one in between)
    assert is_prime(FIRST_LARGER)
    assert weakness.small_factor(FIRST_LARGER * BIG[2]) is None
    assert weakness.small_factor(BIG[0] * BIG[1]) is None
    assert weakness.small_factor(3 * 5 * LARGEST_SMALL * BIG[2]) == 3 * 5 * LARGEST_SMALL


def rounds_to_find(left: int, right: int, one: int, other: int) -> int:
    """At which step Fermat's search for one/other near left/right comes to the factors; from the definition,
    not the code: 4·left·right·n is a square less a square, the first the sum of right·one and left·other.
    """
    if (left, right) == (1, 1):
        middle, start = (one + other) // 2, math.isqrt(one * other - 1) + 1
    else:
        middle = right * one + left * other
        start = math.isqrt(4 * left * right * one * other - 1) + 1
    return middle - start + 1


def pairs_at(left: int, right: int, rounds: int, *, count: int = 5) -> list[tuple[int, int]]:
    """Odd numbers near the ratio, of which the search comes to the factors at exactly that step."""
    chance = random.Random(f"{left}/{right}/{rounds}")
    found: list[tuple[int, int]] = []
    for _ in range(200):
        one = chance.getrandbits(512) | 1 << 511 | 1
        above = right * one
        apart = math.isqrt((8 if left == right else 4) * above * (2 * rounds - 1) // 2)
        other = ((above - apart) // left) | 1
        if rounds_to_find(left, right, one, other) == rounds and math.gcd(one, other) == 1:
            found.append((one, other))
            if len(found) == count:
                return found
    raise AssertionError(f"too few numbers found: {left}/{right}, {rounds}")


def reach(left: int, right: int) -> int:
    return 100 if (left, right) == (1, 1) else 4


@pytest.mark.parametrize(("left", "right"), [(1, 1), *RATIOS])
def test_f20_close_primes_are_found_at_the_last_step_of_the_search(left: int, right: int) -> None:
    for rounds in (1, reach(left, right)):
        for one, other in pairs_at(left, right, rounds):
            assert weakness.has_close_primes(one * other), (left, right, rounds)


@pytest.mark.parametrize(("left", "right"), [(1, 1), *RATIOS])
def test_f20_one_step_further_they_are_not_close(left: int, right: int) -> None:
    for one, other in pairs_at(left, right, reach(left, right) + 1):
        assert not weakness.has_close_primes(one * other)


def test_f20_a_square_has_close_primes_and_a_good_modulus_has_none() -> None:
    assert weakness.has_close_primes(BIG[0] ** 2)
    assert not weakness.has_close_primes(BIG[0] * BIG[1])
    chance = random.Random(7)
    for _ in range(50):
        one, other = chance.getrandbits(512) | 1 << 511 | 1, chance.getrandbits(512) | 3 << 510 | 1
        assert weakness.has_close_primes(one * other) is _is_near_some_ratio(one, other)


def _is_near_some_ratio(one: int, other: int) -> bool:
    return any(
        rounds_to_find(left, right, first, second) <= reach(left, right)
        for left, right in ((1, 1), *RATIOS)
        for first, second in ((one, other), (other, one))
    )


ROCA_PRIMES = [at for at in range(3, 168) if is_prime(at)]
POWERS = {prime: {pow(65537, step, prime) for step in range(prime)} for prime in ROCA_PRIMES}
TELLING = [prime for prime in ROCA_PRIMES if len(POWERS[prime]) < prime - 1]


def with_residues(residues: dict[int, int], bits: int = 2048) -> int:
    """A number of that size with these residues."""
    product = math.prod(residues)
    number = sum(
        rest * (product // prime) * pow(product // prime, -1, prime) for prime, rest in residues.items()
    )
    return number % product + product * ((1 << bits) // product)


def test_f20_a_roca_modulus_is_known_and_one_residue_that_is_no_power_clears_it() -> None:
    for step in (0, 1, 2, 1000, 12345):
        residues = {prime: pow(65537, step, prime) for prime in ROCA_PRIMES}
        assert weakness.has_roca_fingerprint(with_residues(residues))
        for prime in TELLING:
            other = next(rest for rest in range(1, prime) if rest not in POWERS[prime])
            assert not weakness.has_roca_fingerprint(with_residues(residues | {prime: other})), prime
            assert not weakness.has_roca_fingerprint(with_residues(residues | {prime: 0})), prime


@pytest.mark.parametrize("root", [at for at in range(2, 245) if is_prime(at)])
def test_f20_every_perfect_power_that_a_key_can_be_is_known(root: int) -> None:
    for bits in (2048, 3072, 4096):
        base = (1 << bits // root) - 1 - 2 * root
        if base > 110_000:
            assert weakness.is_perfect_power(base**root), bits
            assert not weakness.is_perfect_power(base**root + 2)
            assert not weakness.is_perfect_power(base**root - 2)
            assert not weakness.is_perfect_power(base ** (root - 1) * (base + 2))


def test_f20_no_power_beyond_can_be_a_key_without_a_small_factor() -> None:
    assert (110_000**245).bit_length() > 4096


@pytest.mark.parametrize("root", [3, 5, 7, 11])
def test_f20_powers_are_known_whatever_their_residues(root: int) -> None:
    chance = random.Random(root)
    for _ in range(200):
        assert weakness.is_perfect_power((chance.getrandbits(2048 // root) | 1 << 20 | 1) ** root)


@pytest.mark.parametrize(
    ("modulus", "is_prime_"), [(BIG[3], True), (BIG[0] * BIG[1], False), (BIG[0] * 2, False)]
)
def test_f20_a_prime_modulus_is_known(modulus: int, is_prime_: bool) -> None:
    assert weakness.is_probable_prime(modulus) is is_prime_


@pytest.mark.parametrize("octet", [0x00, 0x41, 0xFF])
@pytest.mark.parametrize("before", [0, 1, 40])
def test_f20_ten_equal_octets_are_a_long_run_and_nine_are_not(octet: int, before: int) -> None:
    head = bytes([0x9C, *((7 * at + 1) % 251 for at in range(before))])
    tail = bytes((11 * at + 3) % 251 for at in range(30))
    assert octet not in (head[-1], tail[0])
    for count, is_long in ((9, False), (10, True), (11, True), (25, True)):
        modulus = int.from_bytes(head + bytes([octet]) * count + tail, "big")
        assert weakness.has_long_run(modulus) is is_long, count
    twice = head + bytes([octet]) * 9 + b"\x17" + bytes([octet]) * 9 + tail
    assert not weakness.has_long_run(int.from_bytes(twice, "big"))


def test_f20_a_run_is_seen_at_either_end_and_in_a_number_of_odd_bits() -> None:
    assert weakness.has_long_run(int.from_bytes(b"\x7f" * 10 + b"\x01\x02", "big"))
    assert weakness.has_long_run(int.from_bytes(b"\x01\x02" + b"\x7f" * 10, "big"))
    assert weakness.has_long_run(int.from_bytes(b"\x01" * 10, "big"))
    assert not weakness.has_long_run(int.from_bytes(b"\x01" * 9, "big"))


P, Q, R, S = BIG[0], BIG[1], BIG[2], BIG[3]
T = (1 << 3217) - 1


def test_f20_a_shared_prime_is_found_with_the_smallest_the_last_and_the_only_known_modulus() -> None:
    assert KnownModuli.of([P * Q]).share_a_factor_with(P * R)
    known = KnownModuli.of([P * Q, R * S, 3 * T])
    for modulus in (P * T, Q * T, R * T, S * P):
        assert known.share_a_factor_with(modulus)
    assert not KnownModuli.of([P * Q]).share_a_factor_with(R * S)
    assert not KnownModuli.of([]).share_a_factor_with(R * S)


def test_f20_a_modulus_is_no_news_for_itself_but_its_neighbours_are() -> None:
    assert not KnownModuli.of([P * Q, R * S]).share_a_factor_with(P * Q)
    assert KnownModuli.of([P * Q, R * S, Q * T]).share_a_factor_with(P * Q)


def test_f20_both_primes_met_in_different_keys_are_found_though_the_product_divides() -> None:
    assert KnownModuli.of([P * R, Q * S]).share_a_factor_with(P * Q)
    fillers = [2 * at + 1 for at in range(10**6, 10**6 + 200) if math.gcd(2 * at + 1, P * Q * R * S) == 1]
    known = KnownModuli.of([P * Q, *fillers[:63], R * P, S * Q, *fillers[63:]])
    assert known.share_a_factor_with(P * Q), "also when it is known itself, in another group than they are"


def test_f20_a_weak_key_list_reads_its_own_format_and_says_which_line_is_not() -> None:
    entry = WeakKeyList.fingerprint(P * Q)
    assert WeakKeyList.of_text(f"# openssl-blacklist\n\n  {entry.upper()}\n").lists(P * Q)
    assert not WeakKeyList.of_text(f"{entry}\n").lists(P * R)
    with pytest.raises(ValueError, match="line 2 "):
        WeakKeyList.of_text(f"{entry}\n{entry}0\n")
    with pytest.raises(ValueError, match="line 1 "):
        WeakKeyList.of_text(entry[:-1])


def test_the_same_key_is_not_renewed_unless_policy_says_so() -> None:
    assert KeyFacts().renewable is False
