"""The words by which things are found, and how what somebody types becomes one.

A word is lower-case letters and digits only: accents, spaces, dots and dashes never keep anybody from finding
a number or a name. A name is found from each of its words on, a domain from each of its labels on.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

LONGEST = 48
SHORTEST = 3
"""Fewer letters than that are no question."""
_STARTS = 6


def word_of(text: str) -> bytes:
    """What is looked for, as a word: empty when nothing of it can be."""
    plain = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "oe").replace("æ", "ae"))
    kept = "".join(letter for letter in plain.casefold() if letter.isascii() and letter.isalnum())
    return kept[:LONGEST].encode()


def words_of_name(*parts: str) -> set[bytes]:
    """A name from each of its words on: ``Centre hospitalier`` is found under both."""
    words = " ".join(part for part in parts if part).replace("'", " ").replace("’", " ").split()
    starts = [words[at:] for at in range(min(len(words), _STARTS))]
    return real(word_of("".join(start)) for start in starts)


def words_of_person(surname: str, given_names: str) -> set[bytes]:
    """A person by surname then given names, and the other way round."""
    return real((word_of(surname + given_names), word_of(given_names + surname)))


def words_of_domain(name: str) -> set[bytes]:
    """A name of the DNS and those it stands under, its last label alone left out."""
    labels = name.strip(".").split(".")
    return real(word_of(".".join(labels[at:])) for at in range(max(1, len(labels) - 1)))


def real(words: Iterable[bytes]) -> set[bytes]:
    """Those long enough to be asked for."""
    return {word for word in words if len(word) >= SHORTEST}
