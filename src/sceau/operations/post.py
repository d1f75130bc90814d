"""What the verbs need of the outside to write to people: a postman, and the letterhead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to hand over. `message_id` is without its angle brackets; `at` its date."""

    to: str
    subject: str
    text: str
    html: str
    message_id: str
    at: datetime


class Fate(StrEnum):
    """What became of a mail that was handed over."""

    ACCEPTED = "accepted"
    LATER = "later"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Delivery:
    """The fate of a mail, and what the server said. `LATER`: surely not taken, may be tried again; `UNKNOWN`:
    it may have been taken. `address_is_bad`: the refusal is of the address itself.
    """

    fate: Fate
    reply: str
    address_is_bad: bool = False


class Postman(Protocol):
    """Who hands mails over, one at a time."""

    def deliver(self, letter: Letter) -> Delivery:
        """Hand one over. Never raises for what a server or the network does."""
        ...


@dataclass(frozen=True, slots=True)
class MailRoom:
    """The postman, the domain that names our mails, and what stands at their foot: the portal's address and
    how the authority is reached. `relay_secret` is shared with the relay that calls us when a mail comes
    back; empty, no call is believed. `desk` is the mailbox that the desk's officers share, if it has one.
    """

    postman: Postman
    domain: str
    portal: str
    contact: str
    relay_secret: bytes = b""
    desk: str = ""
