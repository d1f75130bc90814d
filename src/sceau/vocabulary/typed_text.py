"""A number as a hand typed it: what is forgiven, what is told, what is refused.

Spaces (ordinary, non-breaking, thin), dots and dashes between groups and lower-case letters are how people
write numbers: they are taken away. Anything that only looks like a digit, hides, or controls a terminal is
refused, each with its own finding, and what is left is still returned so that a wrong length can be told
beside it. Decides nothing about any identifier: lengths, keys and tables belong to the identifier's module.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sceau.vocabulary.findings import Finding
from sceau.vocabulary.spelling import displayed

SPACES = " \u00a0\u2007\u2009\u202f"  # the last four: non-breaking, figure, thin and narrow non-breaking
_SPACE = re.compile(f"[{SPACES}]")
_PUNCTUATED = re.compile(r"[0-9A-Z]{2,}(?:[.-][0-9A-Z]{2,})*")
_CONTROLS = frozenset({"Cc", "Zl", "Zp"})
_HIDDEN = frozenset({"Cf", "Cs", "Co", "Cn"})
_LISTED = 5


class IdentifierMode(StrEnum):
    """Whether identifiers are those of living structures and persons, or of the authority's test data."""

    REAL = "real"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed that can be seen, without separators, in capitals; and what was wrong with it."""

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


def require_shape(shape: re.Pattern[str], text: str) -> None:
    """ValueError unless `text` has the `shape` of its type: what no reader can have made is a defect."""
    if not shape.fullmatch(text):
        raise ValueError(f"does not have the shape {shape.pattern}: {text!r}")


def as_typed(text: object, subject: str, *, letters: bool = False) -> Typed:
    """`text` without separators, and a finding for each sort of character that a number cannot hold.

    `letters` allows ASCII letters (FINESS and ADELI have them). A dot or a dash stands between groups of two
    characters or more: ``18751275.1`` is what a spreadsheet writes. Linear in the length of `text`.
    """
    if not isinstance(text, str):
        return Typed("", (Finding.error("typed.not-text", subject),))
    joined = _SPACE.sub("", text)
    if not joined:
        return Typed("", (Finding.error("typed.empty", subject),))
    upper = "".join(char.upper() if char.isascii() else char for char in joined)
    bare = upper.replace(".", "").replace("-", "")
    findings = character_findings(bare, subject, letters=letters)
    if findings:
        return Typed("".join(char for char in bare if not _is_unseen(char)), findings)
    if bare != upper and not _PUNCTUATED.fullmatch(upper):
        findings = (Finding.error("typed.separator", subject, value=displayed(text)),)
    return Typed(bare, findings)


def character_findings(text: str, subject: str, *, letters: bool) -> tuple[Finding, ...]:
    """One finding for each sort of character that a number cannot hold: unseen, foreign digits, others."""
    strange = [char for char in dict.fromkeys(text) if not _is_plain(char, letters=letters)]
    digits = [char for char in strange if char.isdigit()]
    others = [char for char in strange if not char.isdigit() and not _is_unseen(char)]
    findings = list(unseen_findings(text, subject))
    if digits:
        findings.append(Finding.error("typed.foreign-digit", subject, characters=listed(digits)))
    if others:
        findings.append(Finding.error("typed.character", subject, characters=listed(others)))
    return tuple(findings)


def unseen_findings(text: str, subject: str) -> tuple[Finding, ...]:
    """Controls (NUL, tab, line end, escape) and what hides (zero width, bidirectional marks, surrogates)."""
    characters = dict.fromkeys(text)
    controls = [char for char in characters if unicodedata.category(char) in _CONTROLS]
    hidden = [char for char in characters if unicodedata.category(char) in _HIDDEN]
    findings = []
    if controls:
        findings.append(Finding.error("typed.control-character", subject, characters=listed(controls)))
    if hidden:
        findings.append(Finding.error("typed.hidden-character", subject, characters=listed(hidden)))
    return tuple(findings)


def listed(characters: Iterable[str]) -> str:
    """Characters named for a person: ``« O » (U+004F), U+200B``; at most five."""
    every = list(characters)
    names = [_named(char) for char in every[:_LISTED]]
    return ", ".join([*names, "…"] if len(every) > _LISTED else names)


def _is_plain(char: str, *, letters: bool) -> bool:
    return char.isascii() and (char.isdigit() or (letters and char.isalpha()))


def _is_unseen(char: str) -> bool:
    return unicodedata.category(char) in _CONTROLS | _HIDDEN


def _named(char: str) -> str:
    alone = _is_unseen(char) or unicodedata.category(char)[0] in "ZM"
    return _code(char) if alone else f"« {char} » ({_code(char)})"


def _code(char: str) -> str:
    return f"U+{ord(char):04X}"
