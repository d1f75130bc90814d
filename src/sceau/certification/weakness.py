"""Weak RSA moduli: what an attacker could factor, seen from the modulus alone [F20, décision 7].

Arithmetic only: each function answers one question about one number, and a "yes" is a proof or as good as
one. No policy is here (`keys` refuses), no list of known keys either (`known_keys`). All published attacks:
trial division, Fermat 1643, Lehman's ratios, the ROCA fingerprint (Nemec et al., CCS 2017), perfect powers, a
prime modulus.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise
from typing import Any

import gmpy2

SMALL_PRIMES_TO = 110_000
FERMAT_ROUNDS = 100
_ROCA_PRIMES_TO = 167
_LARGEST_ROOT = 244  # a power beyond, of more than 4,096 bits, or of a base with a small factor
_RATIOS = ((1, 2), (1, 3), (2, 3), (1, 4), (3, 4), (2, 5), (3, 5), (4, 5))
_RATIO_ROUNDS = 4


def small_factor(modulus: int) -> int | None:
    """A product of primes below 110,000 that divides `modulus`, None if there is none."""
    common = int(gmpy2.gcd(_primorial(), modulus))
    return common if common > 1 else None


def has_close_primes(modulus: int) -> bool:
    """Fermat: p and q close together, or close to a small ratio of each other. A yes has found the
    factors.
    """
    return _fermat(modulus, 1, FERMAT_ROUNDS) or any(
        _fermat(modulus, left * right, _RATIO_ROUNDS) for left, right in _RATIOS
    )


def has_roca_fingerprint(modulus: int) -> bool:
    """Primes of the form k·M + (65537^a mod M): modulo each small prime the modulus is a power of 65537."""
    left = modulus % _roca_primorial()
    return all(left % prime in powers for prime, powers in _roca_table())


def is_perfect_power(modulus: int) -> bool:
    """m^k for some k ≥ 2. Residues rule out nearly everything; what is left is settled by taking the root."""
    if math.isqrt(modulus) ** 2 == modulus:
        return True
    left = modulus % _residue_primorial()
    return any(
        all(pow(left % prime, (prime - 1) // root, prime) in (0, 1) for prime in primes)
        and _root(modulus, root) ** root == modulus
        for root, primes in _residue_table()
    )


def is_probable_prime(modulus: int) -> bool:
    """A strong test to the base 2, which no prime fails. A pseudoprime would be refused with the primes: no
    modulus is made of such numbers.
    """
    return modulus % 2 == 1 and bool(gmpy2.is_strong_prp(gmpy2.mpz(modulus), 2))


def has_long_run(modulus: int) -> bool:
    """Ten equal octets in a row: a modulus made by hand or by a broken generator (chance: below 2^-63)."""
    octets = modulus.to_bytes((modulus.bit_length() + 7) // 8, "big")
    run = 1
    for last, octet in pairwise(octets):
        run = run + 1 if last == octet else 1
        if run == 10:
            return True
    return False


def _fermat(modulus: int, multiple: int, rounds: int) -> bool:
    """Look for 4·k·n = a² − b² with a just above the root; for k = 1 the factor 4 is left out, which looks
    further.
    """
    target = modulus if multiple == 1 else 4 * multiple * modulus
    high = math.isqrt(target - 1) + 1
    rest = high * high - target
    for _ in range(rounds):
        if _SQUARES_64[rest & 63] and _SQUARES_ODD[rest % 45045]:
            root = math.isqrt(rest)
            if root * root == rest:  # 4·k·n is a square less a square: so are its factors found
                return True
        rest += 2 * high + 1
        high += 1
    return False


def _root(value: int, degree: int) -> int:
    """The integer root, rounded down (Newton from above)."""
    guess = 1 << -(-value.bit_length() // degree)
    while True:
        better = ((degree - 1) * guess + value // guess ** (degree - 1)) // degree
        if better >= guess:
            return guess
        guess = better


def _primes_to(limit: int) -> list[int]:
    sieve = bytearray([1]) * (limit + 1)
    sieve[0:2] = b"\x00\x00"
    for number in range(2, math.isqrt(limit) + 1):
        if sieve[number]:
            sieve[number * number :: number] = bytes(len(sieve[number * number :: number]))
    return [number for number in range(limit + 1) if sieve[number]]


@lru_cache(maxsize=1)
def _primorial() -> Any:
    return gmpy2.primorial(SMALL_PRIMES_TO)


@lru_cache(maxsize=1)
def _roca_primorial() -> int:
    return math.prod(_primes_to(_ROCA_PRIMES_TO)[1:])


@lru_cache(maxsize=1)
def _roca_table() -> tuple[tuple[int, frozenset[int]], ...]:
    table = []
    for prime in reversed(_primes_to(_ROCA_PRIMES_TO)[1:]):
        powers = frozenset(pow(65537, exponent, prime) for exponent in range(prime - 1))
        if len(powers) < prime - 1:
            table.append((prime, powers))
    return tuple(table)


@lru_cache(maxsize=1)
def _residue_table() -> tuple[tuple[int, tuple[int, ...]], ...]:
    """For each prime degree, four small primes of which that degree divides the predecessor."""
    primes = _primes_to(6000)
    return tuple(
        (root, tuple([prime for prime in primes if prime % root == 1][:4]))
        for root in _primes_to(_LARGEST_ROOT)[1:]
    )


@lru_cache(maxsize=1)
def _residue_primorial() -> int:
    return math.prod({prime for _, primes in _residue_table() for prime in primes})


_SQUARES_64 = tuple(any(x * x % 64 == rest for x in range(64)) for rest in range(64))
_SQUARES_ODD = bytearray(45045)  # 9·5·7·11·13: one number in twenty is a square there
for _x in range(45045):
    _SQUARES_ODD[_x * _x % 45045] = 1
