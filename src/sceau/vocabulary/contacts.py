"""Where people are reached: e-mail addresses and French telephone numbers [N413 4.3].

Decides what can be written to or called; does not know whether anyone answers.
"""

from __future__ import annotations

from dataclasses import dataclass

from sceau.vocabulary.findings import Reading
from sceau.vocabulary.typed_text import IdentifierMode


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """A contact address: ASCII, the domain in lower case, the local part as given."""

    text: str


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A French telephone number. `e164` is ``+33…``, `national` the digits dialled from France (``01…``)."""

    e164: str
    national: str


def read_email(
    text: str, *, subject: str = "email", mode: IdentifierMode = IdentifierMode.REAL
) -> Reading[EmailAddress]:
    """The address in `text`, or every finding."""
    raise NotImplementedError


def read_phone(
    text: str, *, subject: str = "phone", mode: IdentifierMode = IdentifierMode.REAL
) -> Reading[PhoneNumber]:
    """The French number in `text`, or every finding."""
    raise NotImplementedError
