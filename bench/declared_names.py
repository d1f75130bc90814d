"""A million declared names, and who holds them: the input of two subjects.

`DeclaredNames` is a dictionary where the records have an index; the keys that it is asked for are the
product's (`registration.covering_keys`): one look-up for each suffix of the name, never a scan.
"""

from __future__ import annotations

import random

from sceau.registration import Scope, ScopeKind, covering_keys
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


class DeclaredNames:
    """`count` declared names in memory, by canonical key."""

    def __init__(self, count: int) -> None:
        self._numbers = {f"under:{declared_name(number)}": number for number in range(count)}
        self.count = count

    def find(self, name: str) -> int | None:
        """The number of the declaration that holds `name`, the nearest one first."""
        for key in covering_keys(HostName(name)):
            number = self._numbers.get(key)
            if number is not None:
                return number
        return None


def drawn_numbers(count: int, many: int) -> list[int]:
    """`many` numbers below `count`, the same in each run, without any order that a cache could like."""
    chance = random.Random(413)
    return [chance.randrange(count) for _ in range(many)]
