"""To whom a mail goes: the addresses behind each role of what it is about, in the order in which they are
tried.

An address is believed only as far as it can be written to (`read_email`); one that mails came back from is
passed over. Officers of the desk have those that they confirmed themselves, then the desk's own mailbox.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sceau.catalogue import OF_THE_DESK, MailRole
from sceau.operations.machine import machine
from sceau.operations.occasions import Matter
from sceau.records.models import (
    PARIS,
    Card,
    Contract,
    ContractParty,
    DeadAddress,
    MailboxConfirmation,
    MailContact,
    Person,
)
from sceau.registration import card_at
from sceau.vocabulary import read_email


def addresses_of(matter: Matter, role: MailRole, *, at: datetime) -> list[str]:
    """The addresses behind `role`, in the order in which they are tried; then, of a role of the
    structure's, the representative's.
    """
    found = [*(_of_desk(matter, role) if role in OF_THE_DESK else _addresses(matter, role, at))]
    if role not in {MailRole.REPRESENTATIVE, MailRole.THIRD_PARTY, MailRole.HELPER, *OF_THE_DESK}:
        found += _addresses(matter, MailRole.REPRESENTATIVE, at)
    readable = (read_email(one).value for one in found)
    return list(dict.fromkeys(one.text for one in readable if one is not None))


def living(addresses: Iterable[str]) -> list[str]:
    """Those that nothing came back from."""
    wanted = list(addresses)
    dead = set(DeadAddress.objects.filter(address__in=wanted).values_list("address", flat=True))
    return [one for one in wanted if one not in dead]


def _addresses(matter: Matter, role: MailRole, at: datetime) -> Iterator[str]:
    yield from matter.addresses.get(role, ())
    person = matter.people.get(role)
    if role is MailRole.REQUESTER:
        for form in matter.forms:
            yield _text(form, "signatory", "email")
    if person is not None:
        numbers = set(Card.objects.filter(person=person).values_list("number", flat=True))
        for form in matter.forms:
            named = form.get("administrators") if isinstance(form, dict) else None
            for one in [*(named if isinstance(named, list) else []), _part(form, "signatory")]:
                if card_at(one) in numbers:
                    yield _text(one, "email")
    if matter.structure is not None:
        further = MailContact.objects.filter(structure=matter.structure, role=role, ended_at=None)
        yield from further.order_by("rank", "id").values_list("address", flat=True)
    if person is not None:
        yield from _confirmed(person)
    if matter.contract is not None and role in {MailRole.REPRESENTATIVE, MailRole.MANDATAIRE}:
        yield from _of_contract(matter.contract, role, at)


def _confirmed(person: Person) -> Iterator[str]:
    """The mailboxes that somebody showed to be theirs, the latest first."""
    confirmed = MailboxConfirmation.objects.filter(person=person, confirmed_at__isnull=False)
    yield from confirmed.order_by("-confirmed_at").values_list("mailbox", flat=True)[:2]


def _of_desk(matter: Matter, role: MailRole) -> Iterator[str]:
    person = matter.people.get(role)
    if person is not None:
        yield from _confirmed(person)
    room = machine().mail
    if room is not None and room.desk and (person is not None or role is MailRole.DESK):
        yield room.desk


def _of_contract(contract: Contract, role: MailRole, at: datetime) -> Iterator[str]:
    day = at.astimezone(PARIS).date()
    parties = ContractParty.objects.filter(contract=contract, quality=role).exclude(email="")
    for party in parties.order_by("id"):
        if party.valid_from <= day and (party.valid_until is None or day <= party.valid_until):
            yield party.email


def _part(raw: Any, key: str) -> Any:
    return raw.get(key) if isinstance(raw, dict) else None


def _text(raw: Any, *path: str) -> str:
    for step in path:
        raw = _part(raw, step)
    return raw if isinstance(raw, str) else ""
