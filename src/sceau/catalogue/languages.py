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
