"""The languages of the catalogue: French, in which it is written, and its English twin.

The rules and the French words stand in `data/`; the English words alone stand in `english/`, file by file
and key by key under the same names. Reading the catalogue in English reads the same French tables with the
English words put in their places: nothing but a text can differ, and what has no twin yet is French. The
digest names the French files: nothing that is recorded, signed or mailed is English.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

ENGLISH_WORDS = Path(__file__).parent / "english"


class Language(StrEnum):
    """A language that a page may be read in."""

    FRENCH = "fr"
    ENGLISH = "en"


_CHOICES = ("oui", "non", "inconnu", "structure", "autre", "editeur", "nous")
_KEYS = {
    "findings/": ("sentence", "remedy"),
    "texts/": ("text",),
    "cards.toml": ("label", "long_label", "note"),
    "contacts.toml": ("label", "value"),
    "desk.toml": ("label", "plain"),
    "glossary.toml": ("term", "definition"),
    "help.toml": ("label", "text"),
    "leaves.toml/uses": ("label",),
    "mails.toml/mails": ("label",),
    "needs.toml": ("label", "hint", "question", "text", *_CHOICES),
    "offers.toml": ("title", "usage", "short", "examples", "how_to_declare"),
    "pieces.toml": ("label", "hint"),
    "powers.toml": ("label",),
    "presets.toml": ("label", "sentence", "advice"),
    "products.toml": ("label", "description"),
    "professions.toml": ("label",),
    "reasons.toml": ("label", "plain", "evidence", "why"),
    "registers/": ("label",),
    "revocation_runs.toml": ("label", "plain", "stops"),
    "stops.toml": ("label",),
    "suffixes.toml": ("label", "why"),
    "usages.toml": ("label", "sentence"),
}
_FRENCH_ONLY = (
    "texts/policy.toml",  # what a certificate is relied on for
    "texts/evidence.toml",  # written in the signed evidence file
    "texts/mails.toml/mail.state.",  # mailed
)


def is_word(file: str, path: str) -> bool:
    """Whether the text at `path` (``/key/key/0``) of a data file is for reading on a page, and so has an
    English twin. What is written in a certificate, a form, a mail or the policy has none.
    """
    place = f"{file}{path}"
    keys = next((keys for start, keys in _KEYS.items() if place.startswith(start)), ())
    key = next((step for step in reversed(path.split("/")) if not step.isdecimal()), "")
    return key in keys and not place.startswith(_FRENCH_ONLY)


def with_words(french: object, words: object, where: str, problems: list[str]) -> object:
    """`french` (a table, a list or a text as TOML has it) with each text that has a twin in `words` in its
    place. Notes what has no French original, or is of another kind.
    """
    if isinstance(french, dict) and isinstance(words, dict):
        problems.extend(f"english/{where}.{key}: no such key in French" for key in words if key not in french)
        return {
            key: with_words(value, words[key], f"{where}.{key}", problems) if key in words else value
            for key, value in french.items()
        }
    if isinstance(french, list) and isinstance(words, list):
        if len(french) != len(words):
            problems.append(f"english/{where}: {len(french)} in French, {len(words)} here")
            return french
        return [
            with_words(value, word, f"{where}[{index}]", problems)
            for index, (value, word) in enumerate(zip(french, words, strict=True))
        ]
    if isinstance(french, str) and isinstance(words, str):
        return words
    problems.append(f"english/{where}: not of the French one's kind")
    return french


def english_files() -> Mapping[str, bytes]:
    """The files of English words, under the names of the French ones."""
    paths = sorted(ENGLISH_WORDS.rglob("*.toml"))
    return {path.relative_to(ENGLISH_WORDS).as_posix(): path.read_bytes() for path in paths}
