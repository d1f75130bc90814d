"""Saying a finding in French: templates checked at load, values shown as they are, harmless and not endless.

Escaping for HTML, mail or a terminal is the door's work. Here a value loses only what could change how the
sentence around it reads: control and format characters (bidirectional marks, zero widths) are shown by
their code point, and a value longer than 200 characters is cut where one sees it (``words``, a sentence that
this catalogue has already said, is let through whole).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter

from sceau.catalogue.reading import Row
from sceau.catalogue.types import Sentence

_LONGEST_VALUE = 200
_SAID_BEFORE = "words"  # what it quotes was cut when it was said
_LONGEST_SENTENCE = 4_000
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"})
_MISSING = "(non précisé)"


@dataclass(frozen=True, slots=True)
class Template:
    """A sentence with its places: pairs of literal text and the name of the value after it (or None)."""

    parts: tuple[tuple[str, str | None], ...]

    @property
    def fields(self) -> frozenset[str]:
        """Names of the values that the sentence uses."""
        return frozenset(field for _, field in self.parts if field is not None)

    def fill(self, values: Mapping[str, str]) -> str:
        """The sentence with its values; a value that is lacking is said to be, never an exception."""
        return "".join(
            literal + ("" if field is None else _shown(field, values.get(field, _MISSING)))
            for literal, field in self.parts
        )


@dataclass(frozen=True, slots=True)
class FindingText:
    """The French text of one finding code, as its file has it."""

    code: str
    sentence: Template
    remedy: Template
    clause: str

    @property
    def fields(self) -> frozenset[str]:
        """Names of the values that sentence and remedy use."""
        return self.sentence.fields | self.remedy.fields

    def say(self, values: Mapping[str, str]) -> Sentence:
        """The sentence about these values."""
        return Sentence(self.sentence.fill(values), self.remedy.fill(values), self.clause)


def harmless(value: str, *, most: int = _LONGEST_VALUE) -> str:
    """`value` as it can be shown: invisible characters by code point (``⟨U+202E⟩``), cut at `most`
    characters.
    """
    kept = value[: most + 1]
    shown = kept if kept.isascii() and kept.isprintable() else "".join(map(_visible, kept))
    return shown if len(shown) <= most else shown[:most] + "…"


def _shown(field: str, value: str) -> str:
    return harmless(value, most=_LONGEST_SENTENCE if field == _SAID_BEFORE else _LONGEST_VALUE)


def _visible(character: str) -> str:
    if unicodedata.category(character) in _INVISIBLE:
        return f"⟨U+{ord(character):04X}⟩"
    return character


def read_finding(code: str, row: Row) -> FindingText:
    """A row of a findings file."""
    return FindingText(code, read_template(row, "sentence"), read_template(row, "remedy"), row.text("clause"))


def read_template(row: Row, key: str) -> Template:
    """A sentence with places: each the plain name of a value."""
    try:
        pieces = list(Formatter().parse(row.text(key)))
    except ValueError as problem:
        row.problem(f"not a sentence with places: {problem}", key)
        return Template(())
    for _, field, form, conversion in pieces:
        if field is not None and (not field.isidentifier() or form or conversion):
            row.problem(f"{{{field}}} is not the plain name of a value", key)
    return Template(tuple((literal, field) for literal, field, _, _ in pieces))
