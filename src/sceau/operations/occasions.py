"""What a mail is told of, as values: the act, and the object with its facts and the people around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sceau.catalogue import MailRole
from sceau.records.models import PARIS, Contract, Person, Structure

_MONTHS = (
    *("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre"),
    *("novembre", "décembre"),
)


@dataclass(frozen=True, slots=True)
class Occasion:
    """What happened to it: the kind of act or reminder, what it said, and when. Empty when a mail goes on to
    another address.
    """

    kind: str = ""
    told: Mapping[str, Any] = field(default_factory=dict)
    at: datetime | None = None

    def text(self, name: str) -> str:
        """What the act said under this name, empty if nothing."""
        value = self.told.get(name)
        return value if isinstance(value, str) else ""


NO_OCCASION = Occasion()


@dataclass(slots=True)
class Matter:
    """An object with its facts; `people` are the persons behind roles, `forms` the texts of orders in which
    their addresses stand, `addresses` those known otherwise. `over`: what was to be recalled of it is done.
    """

    reference: str
    facts: dict[str, str] = field(default_factory=dict)
    quote: str = ""
    structure: Structure | None = None
    contract: Contract | None = None
    people: dict[MailRole, Person] = field(default_factory=dict)
    forms: list[Any] = field(default_factory=list)
    over: bool = False
    addresses: dict[MailRole, list[str]] = field(default_factory=dict)


def day_text(day: date | datetime) -> str:
    """A day as a letter writes it, by the authority's calendar."""
    local = day.astimezone(PARIS).date() if isinstance(day, datetime) else day
    return f"{'1er' if local.day == 1 else local.day} {_MONTHS[local.month - 1]} {local.year}"


def name_text(person: Person) -> str:
    """A person's given names and surname."""
    return f"{person.given_names} {person.surname}".strip()
