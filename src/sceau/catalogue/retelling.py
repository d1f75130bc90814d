"""Saying in English what was already said in French: the values of a finding that are themselves words of the
catalogue.

Decisions are made with the French catalogue, and some put its words into their findings (the state of a card,
the sentence of what a scope covers). Told on an English page, such a value is recognised by its French text;
one that somebody typed stays what they typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sceau.catalogue.saying import FindingText, Template

_SENTENCES = frozenset({"words", "why"})  # the values that quote a whole sentence of the catalogue
_TYPED = frozenset({"subject", "value", "text", "name", "declared", "commune", "domain", "label", "given"})


@dataclass(frozen=True, slots=True)
class Retelling:
    """`texts` are the French texts that have another English one; `sentences` the French templates with their
    English ones.
    """

    texts: Mapping[str, str]
    sentences: Mapping[str, tuple[Template, Template]]
    _patterns: dict[str, re.Pattern[str]] = field(default_factory=dict, repr=False, compare=False)

    def of(self, details: Mapping[str, str]) -> dict[str, str]:
        """The values, each in English where it is a French word or sentence of the catalogue."""
        return {key: self._value(key, value) for key, value in details.items()}

    def _value(self, key: str, value: str) -> str:
        if key in _TYPED:
            return value
        return self.sentence(value) if key in _SENTENCES else self.texts.get(value, value)

    def sentence(self, value: str) -> str:
        """A text of the catalogue, or a sentence it said, in English; any other text as it is."""
        if value in self.texts:
            return self.texts[value]
        for code, (french, english) in self.sentences.items():
            pattern = self._patterns.get(code)
            if pattern is None:
                pattern = self._patterns[code] = re.compile(_pattern(french), re.DOTALL)
            found = pattern.fullmatch(value)
            if found is not None:
                return english.fill(found.groupdict())
        return value


def retelling_of(
    french: Mapping[str, FindingText], english: Mapping[str, FindingText], pairs: Iterator[tuple[str, str]]
) -> Retelling:
    """From the texts of both languages. `pairs` are French texts, each with its English."""
    sentences = {
        code: (text.sentence, english[code].sentence)
        for code, text in french.items()
        if any(literal.strip() for literal, _ in text.sentence.parts)
    }
    return Retelling({one: other for one, other in pairs if one != other and "{" not in one}, sentences)


def text_pairs(french: object, words: object) -> Iterator[tuple[str, str]]:
    """Each text of `words`, with the French one at the same place."""
    if isinstance(french, dict) and isinstance(words, dict):
        for key in words:
            yield from text_pairs(french.get(key), words[key])
    elif isinstance(french, list) and isinstance(words, list):
        for value, word in zip(french, words, strict=False):
            yield from text_pairs(value, word)
    elif isinstance(french, str) and isinstance(words, str):
        yield french, words


def _pattern(template: Template) -> str:
    seen: set[str] = set()
    pieces = []
    for literal, name in template.parts:
        pieces.append(re.escape(literal))
        if name is not None:
            pieces.append(f"(?P={name})" if name in seen else f"(?P<{name}>.+?)")
            seen.add(name)
    return "".join(pieces)
