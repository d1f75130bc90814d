"""A raw form as it is walked through: each value asked for once, under its path, and everything wrong noted.

The same for a web page, a PDF and what the desk keys. Decides the shape only: text is text, a box is a box,
no key is unknown, nothing hides in a text. What a missing value means depends on the edition
(`catalogue.editions`) and on whether the field is required (`catalogue.help`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from sceau.catalogue import Catalogue, Edition
from sceau.vocabulary import Finding, IdentifierMode, Reading, displayed

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

MOST_ROWS = 100  # offers or administrators in one form; a hundred administrators is already a mistake
_LONGEST = 200
_LONGEST_LINES = 4_000
_MOST_UNKNOWN = 20
_EDGES = " \u00a0\u2007\u2009\u202f\t\r\n"
_BLANKS = re.compile("[ \u00a0\u2007\u2009\u202f]+")
_FRENCH_DATE = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_IN_A_NAME = frozenset(" '’.-")


class _Reader(Protocol[T]):
    def __call__(self, text: str, *, subject: str, mode: IdentifierMode) -> Reading[T]: ...


@dataclass(slots=True)
class Sheet:
    """What is known while a form is read: its edition, the catalogue, and the findings so far."""

    edition: Edition
    catalogue: Catalogue
    mode: IdentifierMode
    findings: list[Finding] = field(default_factory=list)

    def note(self, *findings: Finding) -> None:
        """Keep findings."""
        self.findings.extend(findings)

    def missing(self, path: str) -> None:
        """A value is not there: an error where this edition asks for it, else a question for the desk."""
        help_of = self.catalogue.help.get(generic(path))
        if help_of is None or not help_of.required:
            return
        if self.edition.has(path):
            self.note(Finding.error("form.required", path))
        else:
            self.note(Finding.warning("form.to-complete", path, edition=self.edition.title))

    def from_template(self, path: str, text: str) -> bool:
        """Whether `text` is a placeholder of the blank form, which answers nothing; it is noted."""
        for template in self.edition.templates:
            if template.path == generic(path) and template.text.casefold() == text.casefold():
                if template.placeholder:
                    self.note(Finding.error("form.template-left", path, text=text))
                    return True
                self.note(Finding.warning("form.template-kept", path, text=text))
        return False


class Part:
    """A table of the raw form. `path` is empty for the form itself."""

    def __init__(self, sheet: Sheet, path: str, values: object) -> None:
        self.sheet = sheet
        self.path = path
        self._asked: set[str] = set()
        self._values: Mapping[Any, Any] = {}
        if isinstance(values, Mapping):
            self._values = values
        elif values is not None:
            sheet.note(Finding.error("form.wrong-type", path, expected="table"))

    def at(self, key: str) -> str:
        """The path of a key."""
        return f"{self.path}.{key}" if self.path else key

    def take(self, key: str) -> Any:
        """The value as it came; None when it is not there."""
        self._asked.add(key)
        return self._values.get(key)

    def has(self, key: str) -> bool:
        """Whether there is something under `key` (blanks are nothing)."""
        raw = self.take(key)
        return bool(raw.strip(_EDGES)) if isinstance(raw, str) else raw is not None and raw != []

    def line(self, key: str, *, longest: int = _LONGEST) -> str:
        """One line of text, spaces run together; empty when missing or refused (then noted)."""
        return self._visible(key, _BLANKS.sub(" ", self._text(key, longest)))

    def lines(self, key: str) -> str:
        """Text of several lines, each without spaces at its end."""
        text = self._text(key, _LONGEST_LINES).replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
        lines = [_BLANKS.sub(" ", line).rstrip(" ") for line in text.split("\n")]
        return "\n".join(lines) if all(self._visible(key, line) == line for line in lines) else ""

    def name(self, key: str) -> str:
        """A surname or given names, in letters that a card can carry; missing is noted."""
        text = self.line(key, longest=80)
        if not text:
            if not self.has(key):
                self.sheet.missing(self.at(key))
            return ""
        strange = [char for char in dict.fromkeys(text) if not _in_a_name(char)]
        if strange or not any(char.isalpha() for char in text):
            self.sheet.note(
                Finding.error("form.not-a-name", self.at(key), characters=displayed(" ".join(strange)))
            )
            return ""
        return text

    def value(self, key: str, reader: _Reader[T]) -> T | None:
        """A value read by its own reader; missing is noted."""
        if not self.has(key):
            self.sheet.missing(self.at(key))
            return None
        raw = self.take(key)
        if not isinstance(raw, str):
            self.sheet.note(Finding.error("form.wrong-type", self.at(key), expected="text"))
            return None
        reading = reader(raw.strip(_EDGES), subject=self.at(key), mode=self.sheet.mode)
        self.sheet.note(*reading.findings)
        return reading.value

    def day(self, key: str) -> date | None:
        """A date, ``2026-11-24`` or ``24/11/2026``; a missing one is not noted."""
        text = self.line(key, longest=20)
        if not text:
            return None
        french = _FRENCH_DATE.fullmatch(text)
        try:
            if french:
                return date(int(french[3]), int(french[2]), int(french[1]))
            if _ISO_DATE.fullmatch(text):
                return date.fromisoformat(text)
        except ValueError:
            pass  # said below: such a day is in no calendar
        self.sheet.note(Finding.error("form.date", self.at(key), value=displayed(text)))
        return None

    def box(self, key: str) -> bool | None:
        """A box: true, false, or None when nobody said."""
        raw = self.take(key)
        if raw is None or isinstance(raw, bool):
            return raw
        self.sheet.note(Finding.error("form.wrong-type", self.at(key), expected="box"))
        return None

    def choice(self, key: str, kind: type[E]) -> E | None:
        """One of a closed set; a missing one is not noted."""
        raw = self.take(key)
        if raw is None or raw == "":
            return None
        if isinstance(raw, str) and raw in set(kind):
            return kind(raw)
        self.sheet.note(Finding.error("form.choice", self.at(key), value=displayed(str(raw)[:100])))
        return None

    def part(self, key: str) -> Part:
        """The table under a key; an empty one when there is none."""
        return Part(self.sheet, self.at(key), self.take(key))

    def rows(self, key: str, *, most: int) -> list[Any]:
        """The values of the list under a key; beyond `most` they are not read, which is noted."""
        raw = self.take(key)
        if raw is None:
            return []
        if not isinstance(raw, list | tuple):
            self.sheet.note(Finding.error("form.wrong-type", self.at(key), expected="list"))
            return []
        if len(raw) > most:
            self.sheet.note(Finding.error("form.too-many", self.at(key), found=len(raw), most=most))
        return list(raw[:most])

    def close(self) -> None:
        """Every key that was not asked for is refused: a misspelt one would otherwise be silently lost."""
        unknown = [key for key in self._values if key not in self._asked]
        for key in unknown[:_MOST_UNKNOWN]:
            self.sheet.note(Finding.error("form.unknown-key", self.at(displayed(str(key)[:100]))))

    def _text(self, key: str, longest: int) -> str:
        raw = self.take(key)
        if raw is None:
            return ""
        if not isinstance(raw, str):
            self.sheet.note(Finding.error("form.wrong-type", self.at(key), expected="text"))
            return ""
        if len(raw) > longest:
            self.sheet.note(Finding.error("form.too-long", self.at(key), found=len(raw), most=longest))
            return ""
        return unicodedata.normalize("NFC", raw.strip(_EDGES))

    def _visible(self, key: str, text: str) -> str:
        hidden = [char for char in dict.fromkeys(text) if not char.isprintable()]
        if not hidden:
            return text
        self.sheet.note(
            Finding.error("form.hidden-character", self.at(key), characters=displayed("".join(hidden)))
        )
        return ""


def generic(path: str) -> str:
    """A path without its indices: ``offers.0.declared`` → ``offers.declared``."""
    return ".".join(step for step in path.split(".") if not step.isdecimal())


def same_name(first: str, second: str) -> bool:
    """Whether two names are one for a reader of cards: case, accents, hyphens and apostrophes aside."""
    return _letters(first) == _letters(second)


def once(values: Iterable[T], key: Callable[[T], object]) -> list[T]:
    """The values, the first of each key only."""
    found: dict[object, T] = {}
    for value in values:
        found.setdefault(key(value), value)
    return list(found.values())


def _letters(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in plain if char.isalpha())


def _in_a_name(char: str) -> bool:
    if char in _IN_A_NAME:
        return True
    return char.isalpha() and unicodedata.name(char, "").startswith("LATIN ")
