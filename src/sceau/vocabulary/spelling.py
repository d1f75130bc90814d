"""How a text is shown and its odd characters named, so that no finding carries a trap to a screen or a log.

Decides nothing about names; the readers of names ask it which characters are invisible, and how to say
them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

_SHOWN = 100  # characters of a foreign text that a sentence repeats


def displayed(text: str) -> str:
    """`text` as it can safely be shown: no control, invisible or bidirectional mark, no surrogate; cut."""
    if not text:
        return "(vide)"
    if len(text) <= _SHOWN and text.isascii() and text.isprintable():
        return text
    shown = "".join(char if _is_plain(char) else f"\\u{ord(char):04x}" for char in text[:_SHOWN])
    return shown + "…" if len(text) > _SHOWN else shown


def _is_plain(char: str) -> bool:
    return char == " " or (char.isprintable() and unicodedata.category(char) != "Co")


def is_control(char: str) -> bool:
    """NUL, C0, C1, DEL, and the invisible format characters (zero width, bidirectional, soft hyphen)."""
    return unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def is_space(char: str) -> bool:
    """A space of any width. Tabs and line ends are controls."""
    return unicodedata.category(char) == "Zs"


def characters_named(text: str, which: Callable[[str], bool]) -> str:
    """The first few characters of `text` that `which` picks, as ``U+0430 CYRILLIC SMALL LETTER A``."""
    picked = list(dict.fromkeys(char for char in text if which(char)))[:4]
    return ", ".join(f"U+{ord(char):04X} {unicodedata.name(char, '')}".strip() for char in picked)
