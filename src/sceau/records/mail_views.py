"""Mails as the desk sees them: plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class MailLine:
    """A mail with its fate. `again` is the number of its copy, `next` of the mail that its bounce made (0:
    none).
    """

    number: int
    template: str
    role: str
    about: str
    address: str
    subject: str
    state: str
    made_at: datetime
    sent_at: datetime | None
    next_at: datetime
    tries: int
    reply: str
    is_copy: bool
    again: int
    next: int


@dataclass(frozen=True, slots=True)
class MailFile:
    """A mail with its words."""

    line: MailLine
    text: str
    message_id: str


@dataclass(frozen=True, slots=True)
class DeadLine:
    """An address that nothing is sent to any more, since when and why."""

    address: str
    since: datetime
    why: str


@dataclass(frozen=True, slots=True)
class ContactLine:
    """A further address of a role in a structure."""

    number: int
    structure: str
    structure_name: str
    role: str
    address: str
    rank: int
