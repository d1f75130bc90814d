"""Primes that two RSA moduli have in common: whoever sees both computes both private keys [Heninger et al.
2012].

Many moduli are compared at once through trees of products and remainders (Bernstein's batch gcd), so that the
cost grows almost with their number and not with its square. The keys that were there before are multiplied
together modulo the product of the new ones, group after group: however many there are, what is held is one
number of the size of that product. Pure: whose keys they are, the caller knows.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import gmpy2

Tree = list[list[Any]]


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
        return cls(distinct, _products([gmpy2.mpz(one) for one in distinct]))


@dataclass(slots=True)
class Comparison:
    """The fresh moduli against keys of before, which come in groups: `take` each group, then ask `suspects`.

    Only the product of all of them modulo that of the fresh ones is kept, whatever their number.
    """

    fresh: FreshModuli
    _known: frozenset[int] = field(init=False)
    _product: Any = field(init=False, default=1)

    def __post_init__(self) -> None:
        self._known = frozenset(self.fresh.moduli)

    def take(self, group: Iterable[int]) -> None:
        """Multiply a group in. A modulus that is itself among the fresh ones is no news for that."""
        others = [gmpy2.mpz(one) for one in set(group) - self._known]
        if others and self.fresh.moduli:
            self._product = self._product * _products(others)[-1][0] % self.fresh.tree[-1][0]

    def suspects(self) -> tuple[int, ...]:
        """The fresh moduli that have a prime in common with some key that was taken."""
        if not self.fresh.moduli:
            return ()
        rests = zip(self.fresh.moduli, _remainders(self._product, self.fresh.tree), strict=True)
        return tuple(modulus for modulus, rest in rests if math.gcd(rest, modulus) > 1)


def shared_among(fresh: FreshModuli) -> Iterator[tuple[int, int]]:
    """(modulus, another one) for each of the moduli that has a prime in common with another of them."""
    if len(fresh.moduli) < 2:
        return
    squares = [[one * one for one in level] for level in fresh.tree]
    suspects = [
        modulus
        for modulus, rest in zip(fresh.moduli, _remainders(fresh.tree[-1][0], squares), strict=True)
        if math.gcd(rest // modulus, modulus) > 1
    ]
    yield from pairs_among(suspects, fresh.moduli)


def pairs_among(suspects: Iterable[int], others: Sequence[int]) -> Iterator[tuple[int, int]]:
    """(suspect, one of the others) with a prime in common: looked for one by one, for the few that share at
    all.
    """
    for modulus in suspects:
        for other in others:
            if other != modulus and math.gcd(modulus, other) > 1:
                yield modulus, other
                break


def _products(leaves: list[Any]) -> Tree:
    """The tree of products, leaves first. Nothing of nothing."""
    tree = [leaves]
    while len(tree[-1]) > 1:
        level = tree[-1]
        above = [level[at] * level[at + 1] for at in range(0, len(level) - 1, 2)]
        if len(level) % 2:
            above.append(level[-1])
        tree.append(above)
    return tree


def _remainders(product: Any, tree: Tree) -> list[int]:
    """`product` modulo each leaf of `tree`."""
    rests = [product % tree[-1][0]]
    for level in reversed(tree[:-1]):
        rests = [rests[at // 2] % one for at, one in enumerate(level)]
    return [int(rest) for rest in rests]
