"""Registers' types: which columns of a published file say what, and how names are written otherwise.

Values only, as the data files have them: reading a line by them is `registration`'s, importing a file
`operations`'.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from sceau.catalogue.reading import Row


class RegisterSubject(StrEnum):
    """What a row of a register is about. FINESS has legal entities (EJ) and sites (ET); SIRENE has companies,
    establishments, and who took over from whom.
    """

    SITE = "site"
    ENTITY = "entity"
    ESTABLISHMENT = "establishment"
    COMPANY = "company"
    SUCCESSION = "succession"
    PROFESSIONAL = "professional"
    CARD = "card"


class KeyShape(StrEnum):
    """What numbers the rows of a register are known by."""

    FINESS = "finess"
    SIRET = "siret"
    SIREN = "siren"
    PROFESSIONAL = "professional"
    CARD = "card"


class RegisterState(StrEnum):
    """What a register says of a row's subject. Cards have the states of cards."""

    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"
    ACTIVE = "active"
    DEPARTED = "departed"
    VALID = "valid"
    REVOKED = "revoked"
    LOST = "lost"
    SUSPENDED = "suspended"
    EXPIRED = "expired"


FIELDS = (
    *("key", "name", "given", "parent", "other", "postcode", "commune", "place", "category"),
    *("state", "since", "successor"),
)
"""What a layout may find in a row. `parent` is the legal entity of a site, the company of an establishment,
the holder of a card, the place of work of a professional; `other` is a second number (a site's SIRET);
`place` is a postcode and a commune in one column.
"""


@dataclass(frozen=True, slots=True)
class RegisterLayout:
    """The form of one published file.

    `columns` gives, for a field, the columns in which it is looked for, first filled one first: names where
    the file has a `header`, positions from 0 where it has none. `section` is what the first column of a row
    must say, `preamble` what it says on a first line that gives the register's own date in column
    `preamble_date`. `gone` is what it means that a number is no longer there (None: nothing), `usual_state`
    the state of every row where no column tells. An import is not put to use when more than
    `most_rejected_percent` of its lines were rejected, or when fewer than `least_kept_percent` of the rows
    that stood before are left.
    """

    code: str
    label: str
    register: str
    about: RegisterSubject
    file: str
    delimiter: str
    encodings: tuple[str, ...]
    header: bool
    section: str
    preamble: str
    preamble_date: int | None
    least_columns: int
    undisclosed: tuple[str, ...]
    key: KeyShape
    gone: RegisterState | None
    usual_state: RegisterState | None
    most_rejected_percent: int
    least_kept_percent: int
    columns: Mapping[str, tuple[str, ...]]
    states: Mapping[str, RegisterState]
    clause: str


@dataclass(frozen=True, slots=True)
class RegisterNames:
    """How names are written otherwise: `short` words and what they stand for, and `silent` words, without
    which a name is still the same. Capital letters, without accents.
    """

    short: Mapping[str, str]
    silent: frozenset[str]
    clause: str


def read_layout(code: str, row: Row) -> RegisterLayout:
    """A file of ``registers/``."""
    layout = RegisterLayout(
        code=code,
        label=row.text("label"),
        register=row.text("register"),
        about=row.choice("about", RegisterSubject),
        file=row.text("file"),
        delimiter=row.text("delimiter"),
        encodings=row.texts("encodings"),
        header=row.flag("header"),
        section=row.text("section", ""),
        preamble=row.text("preamble", ""),
        preamble_date=row.optional_number("preamble_date"),
        least_columns=row.number("least_columns", 0),
        undisclosed=row.texts("undisclosed") if "undisclosed" in row else (),
        key=row.choice("key", KeyShape),
        gone=row.optional_choice("gone", RegisterState),
        usual_state=row.optional_choice("usual_state", RegisterState),
        most_rejected_percent=row.number("most_rejected_percent", within=range(101)),
        least_kept_percent=row.number("least_kept_percent", within=range(101)),
        columns=_columns(row.row("columns")),
        states=_states(row.row("states")),
        clause=row.text("clause"),
    )
    row.close()
    _check(layout, row)
    return layout


def read_register_names(row: Row) -> RegisterNames:
    """The file register_names.toml."""
    short, silent, sources = row.row("short"), row.row("silent"), row.row("sources")
    names = RegisterNames(
        short=MappingProxyType({word: short.text(word) for word in short.names}),
        silent=frozenset(silent.texts("words")),
        clause=sources.text("clause"),
    )
    for one in (silent, sources, row):
        one.close()
    for word, meant in names.short.items():
        if word != word.upper() or meant != meant.upper() or not word.isascii() or not meant.isascii():
            row.problem("capital letters without accents are expected", f"short.{word}")
    return names


def _columns(row: Row) -> Mapping[str, tuple[str, ...]]:
    found = {}
    for field in row.names:
        if field not in FIELDS:
            row.problem(f"none of {', '.join(FIELDS)}", field)
        found[field] = row.texts(field)
    return MappingProxyType(found)


def _states(row: Row) -> Mapping[str, RegisterState]:
    return MappingProxyType({word: row.choice(word, RegisterState) for word in row.names})


def _check(layout: RegisterLayout, row: Row) -> None:
    """What the columns, states and encodings must have to make sense together."""
    if "key" not in layout.columns:
        row.problem("no column for the key", "columns")
    if ("state" in layout.columns) == (layout.usual_state is not None):
        row.problem("a column for the state, or a usual state: one of the two", "usual_state")
    if bool(layout.states) != ("state" in layout.columns):
        row.problem("the words of the state's column are expected here, and nowhere else", "states")
    if not layout.header and not all(
        place.isdecimal() and int(place) < layout.least_columns
        for places in layout.columns.values()
        for place in places
    ):
        row.problem("without a header a column is a position below least_columns", "columns")
    for name in layout.encodings:
        try:
            codecs.lookup(name)
        except LookupError:
            row.problem(f"{name!r} is no encoding", "encodings")
