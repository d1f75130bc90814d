"""What helps a person to fill the form: presets, usages, help of fields, glossary, contacts, and the tables
of professions, departments and domains that nobody can claim.
"""

from __future__ import annotations

from dataclasses import dataclass

from sceau.catalogue.types import Source


@dataclass(frozen=True, slots=True)
class Preset:
    """A known use: which products it takes, which names it imposes (`common_names`, exact; empty = free)."""

    code: str
    label: str
    sentence: str
    products: tuple[str, ...]
    common_names: tuple[str, ...]
    same_subject: bool
    advice: str
    source: str
    clause: str


@dataclass(frozen=True, slots=True)
class Usage:
    """One usage sentence of the notice, and the products that serve it (the products are our reading)."""

    sentence: str
    products: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UsageGroup:
    """A group of usage sentences [N413 4.1]."""

    code: str
    label: str
    usages: tuple[Usage, ...]
    clause: str


@dataclass(frozen=True, slots=True)
class FieldHelp:
    """A field of the form: its label, the notice's help, the expected format. `length` 0 = not stated."""

    path: str
    label: str
    text: str
    example: str
    length: int
    required: bool
    clause: str


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the notice's glossary. `number` is its footnote, 0 for a word defined elsewhere in it."""

    code: str
    number: int
    term: str
    definition: str
    clause: str


@dataclass(frozen=True, slots=True)
class Contact:
    """A way to reach the authority: the neutral value shipped, and the notice's own as an example."""

    code: str
    label: str
    value: str
    example: str
    clause: str


@dataclass(frozen=True, slots=True)
class Profession:
    """A profession of table G15, as it stands in `title` and in extension 1.2.250.1.71.1.2.7."""

    code: int
    label: str
    title: str
    source: Source


@dataclass(frozen=True, slots=True)
class Department:
    """A French department or overseas territory; `text` is what the subject's ST holds [IGC-SANTE 2.3]."""

    code: str
    label: str

    @property
    def text(self) -> str:
        """Label and code: ``Rhône (69)``."""
        return f"{self.label} ({self.code})"


@dataclass(frozen=True, slots=True)
class DomainList:
    """Names that can't be anybody's scope, with the reason why."""

    code: str
    label: str
    why: str
    names: frozenset[str]
    clause: str
