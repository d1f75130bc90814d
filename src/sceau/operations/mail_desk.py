"""What the desk does beside sending: further contacts, the letter for the post, and structures' calendars.

A calendar's address holds a secret that is drawn and shown once; of it only the digest is kept. Whoever has
the address reads that structure's deadlines, until it is revoked.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta

from sceau.catalogue import WITH_CONTACTS
from sceau.documents import PostLetter, make_letter
from sceau.operations.acts import Act, acting
from sceau.operations.machine import Actor, machine
from sceau.operations.matters import matter_of
from sceau.operations.occasions import day_text
from sceau.operations.standing import (
    AUTHORITY,
    DESK,
    contract_qualities,
    require_person,
    require_role,
    roles_worn,
    wears_office,
)
from sceau.records import feed_deadlines, mail_file
from sceau.records.models import CalendarFeed, Contract, MailContact, Structure
from sceau.vocabulary import Finding, Refused, displayed, read_email

_SECRET_BYTES = 24
_MOST_CONTACTS = 10


def add_contact(actor: Actor, *, structure: str, role: str, address: str) -> None:
    """One more address for a role of a structure (national identifier), tried after the others. Desk only."""
    with acting(actor, "mail.contact-added") as act:
        require_role(act, DESK, AUTHORITY)
        row = _structure(structure)
        if role not in set(WITH_CONTACTS):
            raise Refused([Finding.error("mail.contact-role", displayed(role) or "—")])
        read = read_email(address.strip(), subject="email").require().text
        standing = MailContact.objects.filter(structure=row, role=role, ended_at=None)
        if standing.filter(address=read).exists():
            act.unchanged()
            return
        last = standing.order_by("-rank").values_list("rank", flat=True).first() or 0
        if last >= _MOST_CONTACTS:
            raise Refused([Finding.error("mail.contact-role", role)])
        MailContact.objects.create(
            structure=row, role=role, address=read, rank=last + 1, added_by=actor.person_id, added_at=act.at
        )
        act.tell(structure=row.national_id, role=role)
        act.keep(address=read)


def end_contact(actor: Actor, *, number: int) -> None:
    """An address is taken off. Desk only."""
    with acting(actor, "mail.contact-ended") as act:
        require_role(act, DESK, AUTHORITY)
        row = MailContact.objects.select_related("structure").filter(pk=number, ended_at=None).first()
        if row is None:
            raise Refused([Finding.error("mail.unknown", str(number))])
        row.ended_at = act.at
        row.save(update_fields=["ended_at"])
        act.tell(structure=row.structure.national_id, role=row.role)
        act.keep(address=row.address)


def letter_of(actor: Actor, *, number: int) -> bytes:
    """What a mail said, as a letter for the post (PDF/A), to the structure it is about. Desk only; the
    journal says that it was made.
    """
    with acting(actor, "mail.letter-made") as act:
        require_role(act, DESK, AUTHORITY)
        file = mail_file(number)
        matter = None if file is None else matter_of(file.line.about)
        if file is None or matter is None:
            raise Refused([Finding.error("mail.unknown", str(number))])
        act.about(f"mail/{number}", file.line.about)
        present = act.machine
        structure = matter.structure
        place = () if structure is None else (structure.name, f"{structure.postcode} {structure.commune}")
        body = file.text.partition("\n\n-- \n")[0]
        contact = present.mail.contact if present.mail is not None else ""
        letter = PostLetter(
            sender=(present.catalogue.contacts["post"].value, contact),
            recipient=place or (file.line.address,),
            day=f"Le {day_text(act.at)}",
            subject=file.line.subject,
            paragraphs=tuple(part.replace("\n", " ") for part in body.split("\n\n")),
            reference=f"{file.line.about}, courriel {number} du {day_text(file.line.made_at)}",
        )
        return make_letter(letter, at=act.at)


def make_feed(actor: Actor, *, structure: str) -> str:
    """A calendar for a structure (national identifier): the secret of its address, told once. One before it
    ends. By the desk, or by whom a contract of the structure names.
    """
    with acting(actor, "feed.made") as act:
        row = _own_structure(act, structure)
        secret = base64.urlsafe_b64encode(act.machine.random(_SECRET_BYTES)).decode()
        CalendarFeed.objects.filter(structure=row, revoked_at=None).update(revoked_at=act.at)
        CalendarFeed.objects.create(
            structure=row, secret_sha256=_digest(secret), made_by=actor.person_id, made_at=act.at
        )
        act.tell(structure=row.national_id)
    return secret


def revoke_feed(actor: Actor, *, structure: str) -> None:
    """From now on the calendar's address opens nothing."""
    with acting(actor, "feed.revoked") as act:
        row = _own_structure(act, structure)
        if not CalendarFeed.objects.filter(structure=row, revoked_at=None).update(revoked_at=act.at):
            raise Refused([Finding.error("mail.feed-unknown", row.name)])
        act.tell(structure=row.national_id)


def read_feed(secret: str) -> bytes | None:
    """The calendar behind a secret, as iCalendar [RFC 5545]: one day for each end, with an alarm a month and
    a week before. None for a secret that opens nothing.
    """
    from icalendar import Alarm, Calendar, Event  # late: one page needs it

    present = machine()
    at = present.clock()
    found = feed_deadlines(_digest(secret), at=at)
    if found is None:
        return None
    name, deadlines = found
    calendar = Calendar()
    calendar.add("prodid", "-//sceau//echeances//FR")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", f"Échéances {name}")
    for kind, called, day in deadlines:
        product = present.catalogue.products.get(kind)
        label = product.label if product is not None else _LABELS[kind]
        event = Event()
        event.add("uid", f"{hashlib.sha256(f'{kind}/{called}/{day}'.encode()).hexdigest()[:32]}@sceau")
        event.add("dtstamp", at)
        event.add("dtstart", day)
        event.add("dtend", day + timedelta(days=1))
        event.add("summary", f"Fin : {label} {called}".strip())
        event.add("transp", "TRANSPARENT")
        for before in (30, 7):
            alarm = Alarm()
            alarm.add("action", "DISPLAY")
            alarm.add("description", f"Dans {before} jours : {label} {called}".strip())
            alarm.add("trigger", timedelta(days=-before))
            event.add_component(alarm)
        calendar.add_component(event)
    return bytes(calendar.to_ical())


_LABELS = {
    "contract": "contrat",
    "leave": "accord du titulaire de",
    "answer": "délai pour répondre au guichet, commande",
    "replace": "délai pour remplacer le certificat",
    "revoke": "certificat (révocation prévue)",
}


def _own_structure(act: Act, structure: str) -> Structure:
    person = require_person(act)
    row = _structure(structure)
    if roles_worn(act.actor) & {DESK, AUTHORITY}:
        return row
    contracts = Contract.objects.filter(structure=row).exclude(state="terminated")
    if not wears_office(act.actor) and any(
        contract_qualities(person.national_id, contract.pk) for contract in contracts
    ):
        return row
    raise Refused([Finding.error("mail.feed-unknown", displayed(structure) or "—")])


def _structure(number: str) -> Structure:
    row = Structure.objects.filter(national_id=number).first()
    if row is None:
        raise Refused([Finding.error("mail.feed-unknown", displayed(number) or "—")])
    return row


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
