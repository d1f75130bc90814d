"""French communes and postcodes: does this commune have this postcode, and in which department is it?

The table is that of the State's administrative geography, as shipped in `data/communes`, where
`tools/build_communes.py` rebuilds it. It holds no CEDEX code and ages from the day it is built, so it warns
and never refuses (decision 11). Names are compared as people write them: case, accents, hyphens, articles,
SAINT or ST, a CEDEX or an arrondissement behind the name make no difference.
"""

from __future__ import annotations

import gzip
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from sceau.vocabulary import Finding, Postcode, displayed

_TABLE = Path(__file__).parent / "data" / "communes" / "communes.tsv.gz"
_LISTED = 8
_LONGEST_WORTH_COMPARING = 200
_POSTCODE = re.compile(r"[0-9]{5}")
_ARTICLES = frozenset({"le", "la", "les", "l"})
_WRITTEN_SHORT = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}
_WITH_DISTRICTS = frozenset({"paris", "lyon", "marseille"})
_DISTRICT = re.compile(r"0?([0-9]{1,2})(?:er|e|eme|ieme|nd)?")
_AFTER_DISTRICT = frozenset({"arrondissement", "arr", "ardt", "er", "e", "eme"})
_CEDEX = "cedex"
_MONACO = "980"


@dataclass(frozen=True, slots=True)
class _Place:
    """A name at a postcode. `kind`: nothing for a commune, ``a`` arrondissement, ``d`` former commune."""

    code: str
    name: str
    kind: str

    @property
    def department(self) -> str:
        """Code of the department, by the INSEE code: the one thing a postcode does not always tell."""
        return self.code[:3] if self.code[:2] in ("97", "98") else self.code[:2]


class Communes:
    """The table, by postcode. Made by `load_communes`; shared between threads, for it never changes."""

    __slots__ = ("_at",)

    def __init__(self, at: Mapping[str, tuple[_Place, ...]]) -> None:
        self._at = at

    def check(self, postcode: Postcode | str, commune: str = "") -> tuple[Finding, ...]:
        """What there is to say of a commune at a postcode: warnings and words, never an error.

        Subjects are ``postcode`` and ``commune``; a form says its own with `Finding.about`.
        """
        code = _text(postcode)
        places = self._at.get(code)
        if places is None:
            return self._check_unlisted(code, commune)
        wanted = _compared(commune)
        if not commune.strip() or any(_compared(place.name) == wanted for place in places):
            return ()
        told = {
            "commune": displayed(commune),
            "postcode": code,
            "communes": ", ".join(_some(self.suggest(code))),
        }
        return (Finding.warning("commune.not-at-postcode", "commune", **told),)

    def suggest(self, postcode: Postcode | str) -> tuple[str, ...]:
        """The communes at a postcode, as the State writes them, sorted; none for an unknown postcode."""
        places = self._at.get(_text(postcode), ())
        return tuple(sorted({place.name for place in places if not place.kind}))

    def department_of(self, postcode: Postcode | str, commune: str = "") -> str | None:
        """Label and code for the subject's ST (``Rhône (69)``) [IGC-SANTE 2.3].

        The commune decides where it is known: a few postcodes serve two departments, and some CEDEX codes of
        Corsica tell none. None when neither tells (Monaco, no postcode at all): a person must say.
        """
        from sceau.catalogue.loading import (
            load_catalogue,
        )  # late: the catalogue itself reaches this module late

        if not _POSTCODE.fullmatch(_text(postcode)):
            return None
        code = self._department_code(_text(postcode), commune)
        department = load_catalogue().departments.get(code or "")
        return None if department is None else department.text

    def _department_code(self, code: str, commune: str) -> str | None:
        places = self._at.get(code)
        if places is None:
            nearby = {place.department for place in self._named_near(code, commune)}
            return nearby.pop() if len(nearby) == 1 else Postcode(code).department
        wanted = _compared(commune)
        named = {place.department for place in places if _compared(place.name) == wanted}
        every = {place.department for place in places}
        if len(named) == 1:
            return named.pop()
        return every.pop() if len(every) == 1 else Postcode(code).department

    def _check_unlisted(self, code: str, commune: str) -> tuple[Finding, ...]:
        """A code that no commune has: often a CEDEX, whose commune is looked for in the same department."""
        if code.startswith(_MONACO):  # the reader of the postcode has told
            return ()
        cedex = _CEDEX in _words(commune[:_LONGEST_WORTH_COMPARING])
        told = (
            Finding.info("postcode.cedex", "postcode", value=displayed(code))
            if cedex
            else Finding.warning("postcode.unknown", "postcode", value=displayed(code))
        )
        if not commune.strip() or self._named_near(code, commune):
            return (told,)
        place = {"commune": displayed(commune), "postcode": displayed(code)}
        return (told, Finding.warning("commune.not-near-postcode", "commune", **place))

    def _named_near(self, code: str, commune: str) -> list[_Place]:
        """The places of that name whose postcodes begin like `code` (by two digits, overseas by three)."""
        wanted = _compared(commune)
        near = code[:3] if code[:2] in ("97", "98") else code[:2]
        if not wanted:
            return []
        return [
            place
            for postcode, places in self._at.items()
            if postcode.startswith(near)
            for place in places
            if _compared(place.name) == wanted
        ]


@cache
def load_communes() -> Communes:
    """The shipped table, read at first use (a few hundredths of a second) and kept."""
    at: dict[str, list[_Place]] = {}
    for line in gzip.decompress(_TABLE.read_bytes()).decode().splitlines():
        code, name, postcodes, kind = line.split("\t")
        place = _Place(code, name, kind)
        for postcode in postcodes.split(" "):
            at.setdefault(postcode, []).append(place)
    return Communes({postcode: tuple(places) for postcode, places in at.items()})


def _text(postcode: Postcode | str) -> str:
    return postcode if isinstance(postcode, str) else postcode.text


def _some(names: Iterable[str]) -> list[str]:
    every = list(names)
    return every if len(every) <= _LISTED else [*every[:_LISTED], "…"]


def _compared(name: str) -> str:
    """The letters and digits of a name that make it that name and no other; nothing for no name."""
    return _compared_part(name[:_LONGEST_WORTH_COMPARING])


@lru_cache(maxsize=50_000)  # more than the table has; what people type cannot fill the memory
def _compared_part(name: str) -> str:
    words = _words(name)
    if words and len(words[0]) == 5 and words[0].isdigit():  # "69003 LYON", typed in the commune's field
        words = words[1:]
    if _CEDEX in words:
        words = words[: words.index(_CEDEX)]
    words = [_WRITTEN_SHORT.get(word, word) for word in _without_district_words(words)]
    if len(words) > 1 and words[0] in _ARTICLES:
        words = words[1:]
    elif len(words) > 1 and words[-1] in _ARTICLES and "(" in name:  # "Havre (Le)"
        words = words[:-1]
    return "".join(words)


def _words(name: str) -> list[str]:
    lower = name.casefold().replace("œ", "oe").replace("æ", "ae")
    lower = re.sub(r"\bs/s\b|\bss/", "sous ", lower)
    lower = re.sub(r"\bs/", "sur ", lower)
    plain = "".join(char for char in unicodedata.normalize("NFKD", lower) if not unicodedata.combining(char))
    return re.findall(r"[a-z0-9]+", plain)


def _without_district_words(words: list[str]) -> list[str]:
    """``paris 12eme arrondissement`` as ``paris 12``; any other name as it is."""
    if len(words) < 2 or words[0] not in _WITH_DISTRICTS:
        return words
    district = _DISTRICT.fullmatch(words[1])
    if district is None or not _AFTER_DISTRICT.issuperset(words[2:]):
        return words
    return [words[0], district[1]]
