"""A million declared names, and who holds them: the input of two subjects.

The product has no look-up by name yet (a right is found by its reference, then `decide_name` judges under its
scope). `DeclaredNames` stands in for it here, in the bench, as PERFORMANCE §7 describes it: one hash look-up
for each suffix of the name, never a scan. When `registration` has its own, this module goes.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from sceau.registration import Scope, ScopeKind
from sceau.vocabulary import HostName

_WORDS = ("ch", "clinique", "labo", "msp", "ehpad", "pharmacie", "imagerie", "cabinet", "ghu", "had")
_ENDS = ("fr", "sante.fr", "asso.fr", "com", "re", "bzh")


def declared_name(number: int) -> str:
    """The declared name of this number: as many different ones as numbers, of two to four labels."""
    word, end = _WORDS[number % len(_WORDS)], _ENDS[number % len(_ENDS)]
    inner = f"sih-{number % 7}." if number % 5 == 0 else ""
    return f"{inner}{word}-{number:07d}.{end}"


def asked_name(number: int) -> str:
    """A host below that declared name."""
    return f"srv{number % 97}.{declared_name(number)}"


def scope_of(number: int) -> Scope:
    """The scope declared under this number: a branch."""
    return Scope(ScopeKind.DOMAIN, HostName(declared_name(number)))


def suffixes(name: str) -> Iterator[str]:
    """The name, and each name above it that has two labels or more."""
    yield name
    at = name.find(".")
    while at >= 0 and "." in (rest := name[at + 1 :]):
        yield rest
        at = name.find(".", at + 1)


def canonical_keys(name: str) -> tuple[str, ...]:
    """The canonical keys of every scope that could hold this host [decision 17]: itself alone, or a branch
    above.
    """
    return (f"only:{name}", *(f"under:{suffix}" for suffix in suffixes(name)))


class DeclaredNames:
    """`count` declared names in memory, by canonical key."""

    def __init__(self, count: int) -> None:
        self._numbers = {f"under:{declared_name(number)}": number for number in range(count)}
        self.count = count

    def find(self, name: str) -> int | None:
        """The number of the declaration that holds `name`, the nearest one first."""
        for key in canonical_keys(name):
            number = self._numbers.get(key)
            if number is not None:
                return number
        return None


def drawn_numbers(count: int, many: int) -> list[int]:
    """`many` numbers below `count`, the same in each run, without any order that a cache could like."""
    chance = random.Random(413)
    return [chance.randrange(count) for _ in range(many)]
