"""What tests of the two languages read a page with: the words one sees or hears, and which are French."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_SPOKEN = ("aria-label", "data-label", "placeholder", "title", "alt")
_SILENT = {"script", "style", "pre", "textarea"}
_VOID = {"meta", "link", "br", "hr", "input", "img", "wbr", "col", "source"}
FRENCH_WORDS = frozenset(
    (  # noqa: SIM905 - a line of words reads better than a list of quotes
        "le la les des une du au aux et ou est sont ce cette ces cet vous votre vos nous notre nos il elle"
        " ils elles qui que dont dans avec sans sur sous pour par pas ne se sa ses son leur leurs mes ma été"
        " être avoir fait faire aucun aucune tous toutes tout chaque jusqu depuis déjà encore aussi"
    ).split()
)
_WORD = re.compile(r"\b[A-Za-zÀ-ÿ]+\b")  # whole ones: a number in hexadecimal is no text


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[tuple[str, bool]] = []
        self.said: list[str] = []

    @property
    def _quiet(self) -> bool:
        return bool(self.open) and self.open[-1][1]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        quiet = self._quiet or tag in _SILENT or (tag != "html" and given.get("lang") == "fr")
        quiet = quiet or bool({"mono", "dn"} & set((given.get("class") or "").split()))
        if not quiet:
            self.said += [value for name in _SPOKEN if (value := given.get(name))]
        if tag not in _VOID:
            self.open.append((tag, quiet))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not self._quiet and data.strip():
            self.said.append(" ".join(data.split()))


def said_by(page: str) -> list[str]:
    """Every text of a page that is seen or heard, what it marks as French left out."""
    reader = _Reader()
    reader.feed(page)
    return reader.said


def is_french(text: str) -> bool:
    """Whether a text reads as French: two of its smallest words, or one and an accent."""
    words = [word.lower() for word in _WORD.findall(text)]
    small = sum(word in FRENCH_WORDS for word in words)
    accents = any(re.search(r"[éèêàçùôîâ]", word) for word in words)
    return small >= 2 or (small >= 1 and accents)
