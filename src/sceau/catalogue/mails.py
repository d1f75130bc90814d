"""What people are told, and when: a table of mails, a table of reminders, and the rules of sending.

A mail says which acts it tells (`on`), to which roles, in which words. Values only, as `data/mails.toml` has
them; who is behind a role, and whether a mail left, `operations` decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType

from sceau.catalogue.reading import Row
from sceau.catalogue.saying import Template, read_template

_DAYS = re.compile(r"-?[1-9][0-9]{0,2}")


class MailRole(StrEnum):
    """For whom a mail is, seen from what it is about."""

    REQUESTER = "requester"
    ADMINISTRATOR = "administrator"
    HOLDER = "holder"
    REPRESENTATIVE = "representative"
    MANDATAIRE = "mandataire"
    THIRD_PARTY = "third-party"
    HELPER = "helper"
    OFFICER = "officer"
    DESK = "desk"


OF_THE_DESK = frozenset({MailRole.OFFICER, MailRole.DESK})
"""Roles inside the authority: no structure has contacts for them, and no representative stands behind."""
WITH_CONTACTS = frozenset(MailRole) - OF_THE_DESK - {MailRole.HELPER}
"""Roles for which a structure may have further contacts. Who has a technical part in hand is named each time.
"""


class ReminderOf(StrEnum):
    """What ends: a thing that is held, the time to replace a certificate of a structure that changed
    (`replacement`), the time of an order with the requester (`answer`) or anywhere (`case`), a draft that
    nobody takes up again (`draft`).
    """

    CERTIFICATE = "certificate"
    CONTRACT = "contract"
    LEAVE = "leave"
    REPLACEMENT = "replacement"
    ANSWER = "answer"
    CASE = "case"
    DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class MailTemplate:
    """One mail. `on` are the kinds of acts it tells, `unless` the kinds that make it needless when they are
    told of the same object at the same moment; `when` are the values of the fact ``status`` it is sent for
    (none: always). `insists`: when nobody can be reached by mail, the desk calls.
    """

    code: str
    label: str
    on: tuple[str, ...]
    unless: tuple[str, ...]
    when: tuple[str, ...]
    to: tuple[MailRole, ...]
    subject: Template
    text: Template
    item: Template
    quote: str
    after: Template
    page: str
    insists: bool
    clause: str


@dataclass(frozen=True, slots=True)
class Reminder:
    """A series of reminders: so many days before an end (after it, where negative), by which mail."""

    code: str
    of: ReminderOf
    days: tuple[int, ...]
    mail: str
    clause: str


@dataclass(frozen=True, slots=True)
class SendingRules:
    """How a mail is tried again (minutes, doubled up to `longest_wait`), when it is given up (hours), and
    when what was never sent is no longer worth sending (days).
    """

    first_wait: int
    longest_wait: int
    given_up_after: int
    stale_after: int
    most_items: int
    clause: str


@dataclass(frozen=True)
class MailRules:
    """The tables. `silent` are the kinds of acts that no mail tells, each with the reason."""

    mails: Mapping[str, MailTemplate]
    reminders: Mapping[str, Reminder]
    sending: SendingRules
    silent: Mapping[str, str]

    @cached_property
    def told_by(self) -> Mapping[str, tuple[MailTemplate, ...]]:
        """The mails that tell each kind of act."""
        kinds = sorted({kind for mail in self.mails.values() for kind in mail.on})
        return MappingProxyType(
            {kind: tuple(mail for mail in self.mails.values() if kind in mail.on) for kind in kinds}
        )


def read_mail_rules(row: Row) -> MailRules:
    """The whole of mails.toml."""
    mails = {code: _read_mail(code, one) for code, one in row.row("mails").rows()}
    reminders = {code: _read_reminder(code, one) for code, one in row.row("reminders").rows()}
    untold = row.row("silent")
    silent = {kind: untold.text(kind) for kind in untold.names}
    rules = MailRules(
        MappingProxyType(mails),
        MappingProxyType(reminders),
        _read_sending(row.row("sending")),
        MappingProxyType(silent),
    )
    for kind in sorted(silent.keys() & rules.told_by.keys()):
        row.problem(f"{kind!r} is told by a mail", "silent")
    for one in rules.reminders.values():
        if one.mail not in rules.mails:
            row.problem(f"{one.mail!r} is no mail", f"reminders.{one.code}.mail")
    row.close()
    return rules


def _read_mail(code: str, row: Row) -> MailTemplate:
    mail = MailTemplate(
        code=code,
        label=row.text("label"),
        on=_optional(row, "on"),
        unless=_optional(row, "unless"),
        when=_optional(row, "when"),
        to=row.choices("to", MailRole),
        subject=read_template(row, "subject"),
        text=read_template(row, "text"),
        item=read_template(row, "item"),
        quote=row.text("quote", ""),
        after=read_template(row, "after"),
        page=row.text("page", ""),
        insists=row.flag("insists", default=False),
        clause=row.text("clause"),
    )
    row.close()
    return mail


def _optional(row: Row, key: str) -> tuple[str, ...]:
    return row.texts(key) if key in row else ()


def _read_reminder(code: str, row: Row) -> Reminder:
    days = [one for one in row.texts("days") if _DAYS.fullmatch(one)]
    if len(days) != len(row.texts("days")):
        row.problem("whole numbers of days are expected, as texts", "days")
    reminder = Reminder(
        code=code,
        of=row.choice("of", ReminderOf),
        days=tuple(sorted(map(int, days), reverse=True)),
        mail=row.text("mail"),
        clause=row.text("clause"),
    )
    row.close()
    return reminder


def _read_sending(row: Row) -> SendingRules:
    rules = SendingRules(
        first_wait=row.number("first_wait_minutes", within=range(1, 61)),
        longest_wait=row.number("longest_wait_minutes", within=range(1, 1441)),
        given_up_after=row.number("given_up_after_hours", within=range(1, 721)),
        stale_after=row.number("stale_after_days", within=range(1, 91)),
        most_items=row.number("most_items", within=range(1, 201)),
        clause=row.text("clause"),
    )
    row.close()
    return rules
