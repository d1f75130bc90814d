"""Primes that two RSA moduli have in common: whoever sees both computes both private keys [Heninger et al.
2012].

Many moduli are compared at once through trees of products and remainders (Bernstein's batch gcd), so that the
cost grows almost with their number and not with its square. The numbers have hundreds of thousands of digits;
`decimal` multiplies and divides such by number-theoretic transforms, where Python's own integers would take
the square of their length. Pure: whose keys they are, the caller knows.
"""

from __future__ import annotations

import decimal
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

_EXACT = decimal.Context(
    prec=decimal.MAX_PREC,
    Emax=decimal.MAX_EMAX,
    Emin=decimal.MIN_EMIN,
    traps=[decimal.Inexact, decimal.InvalidOperation, decimal.DivisionByZero],
)
Tree = list[list[Decimal]]


@dataclass(frozen=True, slots=True)
class FreshModuli:
    """Moduli to compare, each once, with the tree of their products: made once, used against any number of
    groups.
    """

    moduli: tuple[int, ...]
    tree: Tree

    @classmethod
    def of(cls, moduli: Iterable[int]) -> FreshModuli:
        """Each counted once, in their order."""
        distinct = tuple(dict.fromkeys(moduli))
        return cls(distinct, _products([Decimal(one) for one in distinct]))


def shared_among(fresh: FreshModuli) -> Iterator[tuple[int, int]]:
    """(modulus, another one) for each of the moduli that has a prime in common with another of them."""
    if len(fresh.moduli) < 2:
        return
    squares = [[_EXACT.multiply(one, one) for one in level] for level in fresh.tree]
    suspects = [
        modulus
        for modulus, rest in zip(fresh.moduli, _remainders(fresh.tree[-1][0], squares), strict=True)
        if math.gcd(rest // modulus, modulus) > 1
    ]
    yield from _pairs(suspects, fresh.moduli)


def shared_with(fresh: FreshModuli, group: Sequence[int]) -> Iterator[tuple[int, int]]:
    """(modulus, one of the group) for each fresh modulus that has a prime in common with one of `group`. A
    modulus that is itself in the group is no news for that.
    """
    others = [one for one in dict.fromkeys(group) if one not in set(fresh.moduli)]
    if not others or not fresh.moduli:
        return
    product = _products([Decimal(one) for one in others])[-1][0]
    suspects = [
        modulus
        for modulus, rest in zip(fresh.moduli, _remainders(product, fresh.tree), strict=True)
        if math.gcd(rest, modulus) > 1
    ]
    yield from _pairs(suspects, others)


def _pairs(suspects: Iterable[int], others: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Who shares with whom: looked for one by one, for the few that share at all."""
    for modulus in suspects:
        for other in others:
            if other != modulus and math.gcd(modulus, other) > 1:
                yield modulus, other
                break


def _products(leaves: list[Decimal]) -> Tree:
    """The tree of products, leaves first. Nothing of nothing."""
    tree = [leaves]
    while len(tree[-1]) > 1:
        level = tree[-1]
        above = [_EXACT.multiply(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        if len(level) % 2:
            above.append(level[-1])
        tree.append(above)
    return tree


def _remainders(product: Decimal, tree: Tree) -> list[int]:
    """`product` modulo each leaf of `tree`."""
    rests = [_EXACT.remainder(product, tree[-1][0])]
    for level in reversed(tree[:-1]):
        rests = [_EXACT.remainder(rests[at // 2], one) for at, one in enumerate(level)]
    return [int(rest) for rest in rests]
