"""Reading a row of a data file: every key known, every key there, every value of its type.

A reader never stops at the first problem: it notes it, gives a value of the right type and goes on, so that
one loading says everything that has to be mended. Nothing is handed out once a problem was noted (`loading`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import TypeVar

from sceau.catalogue.types import Mark, Source

E = TypeVar("E", bound=StrEnum)
_ABSENT = object()
_OID = re.compile(r"[0-2](?:\.(?:0|[1-9][0-9]*)){2,}")


class CatalogueError(Exception):
    """The catalogue can't be used: every problem at once, each with its file and key."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class Row:
    """One table of a file, read key by key. `where` is its path as a person would look for it."""

    def __init__(self, where: str, values: object, problems: list[str]) -> None:
        self.where = where
        self.problems = problems
        self._read: set[str] = set()
        self._values: Mapping[str, object] = {}
        if isinstance(values, dict):
            self._values = values
        else:
            self.problem("a table is expected here")

    def problem(self, text: str, key: str | None = None) -> None:
        """Note what is wrong, with the place."""
        self.problems.append(f"{self.where}{f'.{key}' if key else ''}: {text}")

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def _take(self, key: str, kind: type, default: object) -> object:
        self._read.add(key)
        value = self._values.get(key, _ABSENT)
        if value is _ABSENT:
            if default is _ABSENT:
                self.problem("missing key", key)
                return kind()
            return default
        if type(value) is not kind:
            self.problem(f"{kind.__name__} expected, found {type(value).__name__}", key)
            return kind()
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """A text without edge spaces, never empty unless there is a default."""
        value = str(self._take(key, str, _ABSENT if default is None else default))
        if key in self._values and value != value.strip():
            self.problem("space at an edge", key)
        if default is None and key in self._values and not value:
            self.problem("empty text", key)
        return value

    def template(self, key: str) -> str:
        """A text that may have edge spaces (a prefix)."""
        return str(self._take(key, str, _ABSENT))

    def optional(self, key: str) -> str | None:
        """A text, or None when the key is absent."""
        return self.text(key) if key in self._values else None

    def number(self, key: str, default: int | None = None, *, within: range | None = None) -> int:
        """A whole number, of `within` where that is given."""
        value = self._take(key, int, _ABSENT if default is None else default)
        number = value if isinstance(value, int) else 0
        if within is not None and type(self._values.get(key)) is int and number not in within:
            self.problem(f"{_said(within)} expected", key)
        return number

    def optional_number(self, key: str, *, within: range | None = None) -> int | None:
        """A whole number, or None when the key is absent."""
        return self.number(key, within=within) if key in self._values else None

    def oid(self, key: str) -> str:
        """A dotted object identifier."""
        value = self.text(key)
        if value and not _OID.fullmatch(value):
            self.problem(f"{value!r} is no object identifier", key)
        return value

    def flag(self, key: str, default: bool | None = None) -> bool:
        """True or false."""
        return bool(self._take(key, bool, _ABSENT if default is None else default))

    def texts(self, key: str, *, empty: bool = False) -> tuple[str, ...]:
        """A list of texts, each once; an empty list only where it is said to be allowed."""
        values = self._take(key, list, _ABSENT)
        found = [value for value in values if isinstance(value, str)] if isinstance(values, list) else []
        if isinstance(values, list) and len(found) != len(values):
            self.problem("a list of texts is expected", key)
        if len(set(found)) != len(found):
            self.problem("the same text twice", key)
        if key in self._values and not found and not empty:
            self.problem("empty list", key)
        return tuple(found)

    def choice(self, key: str, kind: type[E]) -> E:
        """One of a closed set."""
        return self._member(self.text(key), key, kind)

    def optional_choice(self, key: str, kind: type[E]) -> E | None:
        """One of a closed set, or None when the key is absent."""
        return self.choice(key, kind) if key in self._values else None

    def optional_texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, or none when the key is absent."""
        return self.texts(key) if key in self._values else ()

    def optional_choices(self, key: str, kind: type[E]) -> tuple[E, ...]:
        """Several of a closed set, or none when the key is absent."""
        return self.choices(key, kind) if key in self._values else ()

    def choices(self, key: str, kind: type[E]) -> tuple[E, ...]:
        """Several of a closed set, at least one."""
        return tuple(self._member(value, key, kind) for value in self.texts(key))

    def _member(self, value: str, key: str, kind: type[E]) -> E:
        try:
            return kind(value)
        except ValueError:
            self.problem(f"{value!r} is none of {', '.join(kind)}", key)
            return next(iter(kind))

    @property
    def names(self) -> tuple[str, ...]:
        """The keys that are there, in the file's order."""
        return tuple(self._values)

    def row(self, key: str) -> Row:
        """The table under `key`."""
        self._read.add(key)
        if key not in self._values:
            self.problem("missing key", key)
            return Row(f"{self.where}.{key}", {}, [])
        return Row(f"{self.where}.{key}", self._values[key], self.problems)

    def rows(self) -> Iterator[tuple[str, Row]]:
        """Each key as a table of its own, in the file's order."""
        for key in self._values:
            yield key, self.row(key)

    def list_of_rows(self, key: str) -> Iterator[Row]:
        """Each table of the list under `key`."""
        values = self._take(key, list, _ABSENT)
        for index, value in enumerate(values if isinstance(values, list) else []):
            yield Row(f"{self.where}.{key}[{index}]", value, self.problems)

    def source(self) -> Source:
        """The `mark` and `reference` of a value."""
        return Source(self.choice("mark", Mark), self.text("reference"))

    def close(self) -> None:
        """Every key that nobody asked for is a problem."""
        for key in self._values:
            if key not in self._read:
                self.problem("unknown key", key)


def _said(within: range) -> str:
    if len(within) <= 2:
        return " or ".join(map(str, within))
    return f"{within[0]} to {within[-1]}"
