"""Registers: one line of a published file becomes a row, or the reason why not; names compared as people
write them.

Decides what a line says by its layout; knows no file and no database. A million lines go through here: a
reader is made once for a file, and a row is a plain tuple.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from sceau.catalogue import KeyShape, RegisterLayout, RegisterNames
from sceau.vocabulary import Finding, Refused

LONGEST_LINE = 65_536
"""Bytes. Published lines have a few hundred; more is no line."""

_SHAPES: dict[KeyShape, re.Pattern[str]] = {
    KeyShape.FINESS: re.compile(r"[0-9][0-9A-Z][0-9]{7}"),
    KeyShape.SIRET: re.compile(r"[0-9]{14}"),
    KeyShape.SIREN: re.compile(r"[0-9]{9}"),
    KeyShape.PROFESSIONAL: re.compile(r"8[0-9]{11}|0[0-9][0-9A-Z][0-9]{7}"),
    KeyShape.CARD: re.compile(r"[0-9]{10}"),
}
_SPREADSHEET = re.compile(r"[0-9][.,][0-9]+E\+[0-9]+")  # 2,601E+13: a number that a spreadsheet rounded
_WORDS = re.compile(r"[0-9A-Z]+")
_ACCENTS = re.compile(r"[\u0300-\u036f]+")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FRENCH_DATE = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")
_PLACE = re.compile(r"([0-9]{5}) +(.+)")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
FOLDED = 60


class Rejection(StrEnum):
    """Why a line was not taken. Texts: ``register-reject.<reason>``."""

    ENCODING = "encoding"
    CONTROL = "control"
    TOO_LONG = "too-long"
    QUOTES = "quotes"
    COLUMNS = "columns"
    KEY = "key"
    SPREADSHEET = "spreadsheet"
    STATE = "state"


class RegisterRow(NamedTuple):
    """What a line says, in the order of the table's columns."""

    key: str
    name: str
    given: str
    folded: str
    parent: str
    other: str
    postcode: str
    commune: str
    category: str
    state: str
    since: str
    successor: str


LineReading = RegisterRow | Rejection | None
"""None: a line of another section, or an empty one. Nothing to keep, nothing wrong."""


@dataclass(frozen=True, slots=True)
class Head:
    """What the first line of a file said: the names of its columns (none without a header), and the
    register's own date as text, empty when it does not say.
    """

    columns: tuple[str, ...] = ()
    dated: str = ""


def read_head(layout: RegisterLayout, first: str) -> Head:
    """The first line of a file. `Refused` when it is not the file that the layout describes."""
    first = first.removeprefix("\ufeff").rstrip("\r\n")
    try:
        cells = _cells(layout, first)
    except csv.Error:
        raise Refused([Finding.error("register.other-file", layout.label, file=layout.file)]) from None
    if layout.header:
        names = tuple(cell.strip() for cell in cells)
        missing = [
            places[0] for places in layout.columns.values() if not any(place in names for place in places)
        ]
        if missing:
            raise Refused(
                [Finding.error("register.columns-missing", layout.label, columns=", ".join(missing))]
            )
        return Head(names)
    if layout.preamble and cells[0].strip() != layout.preamble:
        raise Refused([Finding.error("register.other-file", layout.label, file=layout.file)])
    at = layout.preamble_date
    dated = cells[at].strip() if at is not None and at < len(cells) else ""
    return Head((), dated if _DATE.fullmatch(dated) else "")


def line_reader(layout: RegisterLayout, head: Head) -> Callable[[str], LineReading]:
    """How each line of this file is read. Give it a whole decoded line, with or without its end."""
    find = _Columns.of(layout, head)
    shape, spread = _SHAPES[layout.key].fullmatch, _SPREADSHEET.search
    width, least, section = len(head.columns), layout.least_columns, layout.section
    states = {word: str(state) for word, state in layout.states.items()}
    usual = "" if layout.usual_state is None else str(layout.usual_state)

    def split(line: str) -> list[str] | Rejection | None:
        if not line:
            return None
        if _CONTROL.search(line):
            return Rejection.CONTROL
        try:
            cells = _cells(layout, line)
        except csv.Error:
            return Rejection.QUOTES
        if section and cells[0] != section:
            return None
        is_whole = len(cells) == width if width else least <= len(cells) <= least + 1
        return cells if is_whole else Rejection.COLUMNS

    def read(line: str) -> LineReading:
        cells = split(line.rstrip("\r\n"))
        if not isinstance(cells, list):
            return cells
        key = find.first(cells, "key")
        if not shape(key):
            return Rejection.SPREADSHEET if spread(key) else Rejection.KEY
        state = usual or states.get(find.first(cells, "state"), "")
        if not state:
            return Rejection.STATE
        return find.row(cells, key, state)

    return read


@dataclass(frozen=True, slots=True)
class _Columns:
    """Positions of every field in this file, in the order in which they are looked at; none for a field that
    its layout does not have.
    """

    places: Mapping[str, tuple[int, ...]]
    undisclosed: frozenset[str]

    @classmethod
    def of(cls, layout: RegisterLayout, head: Head) -> _Columns:
        def at(field: str) -> tuple[int, ...]:
            places = layout.columns.get(field, ())
            if not layout.header:
                return tuple(map(int, places))
            return tuple(head.columns.index(place) for place in places if place in head.columns)

        return cls(
            {field: at(field) for field in (*RegisterRow._fields, "place")},
            frozenset(("", *layout.undisclosed)),
        )

    def first(self, cells: Sequence[str], field: str) -> str:
        """The first cell of a field that says something."""
        for place in self.places[field]:
            cell = cells[place].strip()
            if cell not in self.undisclosed:
                return cell
        return ""

    def row(self, cells: Sequence[str], key: str, state: str) -> RegisterRow:
        """The row of a line whose key and state are read."""
        first = self.first
        name, given = first(cells, "name")[:200], first(cells, "given")[:80]
        postcode, commune = first(cells, "postcode")[:5], first(cells, "commune")[:80]
        if self.places["place"] and (place := _PLACE.fullmatch(first(cells, "place"))):
            postcode, commune = place[1], place[2][:80]
        other = first(cells, "other")[:14]
        since, successor = first(cells, "since"), first(cells, "successor")
        return RegisterRow(
            key,
            name,
            given,
            fold(f"{name} {given}" if given else name)[:FOLDED],
            first(cells, "parent")[:64],
            other if other.isdecimal() else "",
            postcode,
            commune,
            first(cells, "category")[:16],
            state,
            _day(since) if since else "",
            successor[:14],
        )


def fold(name: str) -> str:
    """A name without case, accents and punctuation, its words parted by one space: how it is searched."""
    if not name.isascii():
        spread = unicodedata.normalize("NFKD", name.replace("œ", "oe").replace("Œ", "OE"))
        name = _ACCENTS.sub("", spread)
    return " ".join(_WORDS.findall(name.upper()))


class NameMatch(StrEnum):
    """How near two names are. `NEAR`: one says everything the other does, and more."""

    SAME = "same"
    NEAR = "near"
    OTHER = "other"


def compare_names(left: str, right: str, *, names: RegisterNames) -> NameMatch:
    """Two names of one structure or person: case, accents, punctuation, usual abbreviations, order of words
    and silent words (articles, legal forms) make no difference.
    """
    ours, theirs = _meaning(left, names), _meaning(right, names)
    if not ours or not theirs:
        return NameMatch.OTHER
    if ours == theirs:
        return NameMatch.SAME
    return NameMatch.NEAR if ours <= theirs or theirs <= ours else NameMatch.OTHER


def _meaning(name: str, names: RegisterNames) -> frozenset[str]:
    """The words of a name that count, written out. Initials with points are one word (C.H.U.)."""
    joined = re.sub(r"\b((?:[^\W\d_]\.){2,})", lambda found: found[1].replace(".", "") + " ", name)
    words = fold(joined).split()
    written = [word for short in words for word in names.short.get(short, short).split()]
    return frozenset(word for word in written if word not in names.silent) or frozenset(words)


def _cells(layout: RegisterLayout, line: str) -> list[str]:
    """Raises `csv.Error` for quotes that make no sense."""
    if '"' not in line:
        return line.split(layout.delimiter)
    return next(csv.reader([line], delimiter=layout.delimiter, strict=True))


def _day(text: str) -> str:
    if _DATE.fullmatch(text):
        return text
    french = _FRENCH_DATE.fullmatch(text)
    return f"{french[3]}-{french[2]}-{french[1]}" if french else ""


def spreadsheet_row(cells: Sequence[str]) -> str:
    """A line of CSV that a spreadsheet shows as it is: a cell that would be a formula is kept a text."""
    safe = [f"'{cell}" if cell[:1] in _FORMULA else cell for cell in cells]
    return ";".join(f'"{_CONTROL.sub(" ", cell).replace(chr(34), chr(34) * 2)}"' for cell in safe) + "\r\n"


_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|")
