"""A number as a hand typed it: what is forgiven, what is told, what is refused.

Spaces (ordinary, non-breaking, thin), dots and dashes between groups and lower-case letters are how people write
numbers: they are taken away. Anything that only looks like a digit, hides, or controls a terminal is refused,
each with its own finding, and what is left is still returned so that a wrong length can be told beside it.
Decides nothing about any identifier: lengths, keys and tables belong to the module of the identifier.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sceau.vocabulary.findings import Finding

SPACES = " \u00a0\u2007\u2009\u202f"  # the last four: non-breaking, figure, thin and narrow non-breaking
_SPACE = re.compile(f"[{SPACES}]")
_PUNCTUATED = re.compile(r"[0-9A-Z]{2,}(?:[.-][0-9A-Z]{2,})*")
_SHOWN = 40
_LISTED = 5
_CLASSES = {"Cc": "control", "Zl": "control", "Zp": "control"} | dict.fromkeys(
    ("Cf", "Cs", "Co", "Cn"), "hidden"
)


class IdentifierMode(StrEnum):
    """Whether identifiers are those of living structures and persons, or those of the authority's test data."""

    REAL = "real"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed, without its separators, in capitals; and what was wrong with its characters."""

    text: str
    findings: tuple[Finding, ...]

    @property
    def clean(self) -> bool:
        """Whether `text` is made of allowed characters only: a key may be computed."""
        return not self.findings

    def wrong_length(self, *lengths: int) -> bool:
        """Whether something was typed, and not of one of `lengths` characters."""
        return bool(self.text) and len(self.text) not in lengths


def is_number(text: str, length: int) -> bool:
    """Whether `text` is exactly `length` ordinary digits."""
    return len(text) == length and text.isascii() and text.isdigit()


def as_typed(text: object, subject: str, *, letters: bool = False) -> Typed:
    """`text` without separators, and a finding for each sort of character that a number cannot hold.

    `letters` allows ASCII letters (FINESS and ADELI have them). Linear in the length of `text`.
    """
    if not isinstance(text, str):
        return Typed("", (Finding.error("typed.not-text", subject),))
    joined = _SPACE.sub("", text)
    if not joined:
        return Typed("", (Finding.error("typed.empty", subject),))
    upper = "".join(_capital(character) for character in joined)
    bare = upper.replace(".", "").replace("-", "")
    findings = character_findings(bare, subject, letters=letters)
    if bare != upper and not findings and not _PUNCTUATED.fullmatch(upper):
        findings = (Finding.error("typed.separator", subject, value=shown(text)),)
    return Typed(bare, findings)


def character_findings(text: str, subject: str, *, letters: bool) -> tuple[Finding, ...]:
    """One finding for each sort of forbidden character in `text`: controls, hidden, foreign digits, others."""
    sorts: dict[str, list[str]] = {}
    for character in dict.fromkeys(text):
        sort = _sort(character, letters=letters)
        if sort:
            sorts.setdefault(sort, []).append(character)
    findings = []
    if "control" in sorts:
        findings.append(
            Finding.error("typed.control-character", subject, characters=listed(sorts["control"]))
        )
    if "hidden" in sorts:
        findings.append(Finding.error("typed.hidden-character", subject, characters=listed(sorts["hidden"])))
    if "digit" in sorts:
        findings.append(Finding.error("typed.foreign-digit", subject, characters=listed(sorts["digit"])))
    if "other" in sorts:
        findings.append(Finding.error("typed.character", subject, characters=listed(sorts["other"])))
    return tuple(findings)


def shown(text: str) -> str:
    """`text` as it may be shown anywhere: at most 40 characters, nothing hidden, no control, no lone surrogate."""
    cut = "".join(_visible(character) for character in text[:_SHOWN])
    return cut + "…" if len(text) > _SHOWN else cut


def listed(characters: Iterable[str]) -> str:
    """Characters named for a person: ``« O » (U+004F), U+200B``; at most five."""
    every = list(characters)
    names = [_named(character) for character in every[:_LISTED]]
    return ", ".join([*names, "…"] if len(every) > _LISTED else names)


def sort_of(character: str) -> str | None:
    """``control``, ``hidden``, or None for a character that can be seen."""
    return _CLASSES.get(unicodedata.category(character))


def _sort(character: str, *, letters: bool) -> str | None:
    if character.isascii() and (character.isdigit() or (letters and character.isalpha())):
        return None
    if character.isdigit() or character.isdecimal():
        return "digit"
    return sort_of(character) or "other"


def _capital(character: str) -> str:
    return character.upper() if character.isascii() else character


def _visible(character: str) -> str:
    return f"[U+{ord(character):04X}]" if sort_of(character) else character


def _named(character: str) -> str:
    code = f"U+{ord(character):04X}"
    if sort_of(character) or unicodedata.category(character) == "Zs" or unicodedata.combining(character):
        return code
    return f"« {character} » ({code})"
