"""What a mail is about, gathered from the records as they stand: facts for its words, and who is behind each
role, by address.

An address is believed only as far as it can be written to (`read_email`); one that mails came back from is
passed over.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sceau.catalogue import MailRole
from sceau.operations.machine import machine
from sceau.records.models import (
    PARIS,
    Card,
    Certificate,
    Contract,
    ContractParty,
    DeadAddress,
    Habilitation,
    HabilitationVersion,
    Leave,
    MailboxConfirmation,
    MailContact,
    Order,
    OrderNote,
    OrderVersion,
    Person,
    Revocation,
    Structure,
)
from sceau.registration import card_at
from sceau.vocabulary import read_email

_MONTHS = (
    *("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre"),
    *("novembre", "décembre"),
)
_NO_SCOPE = "-"


@dataclass(slots=True)
class Matter:
    """An object with its facts; `people` are the persons behind roles, `forms` the texts of orders in which
    their addresses stand.
    """

    reference: str
    facts: dict[str, str] = field(default_factory=dict)
    quote: str = ""
    structure: Structure | None = None
    contract: Contract | None = None
    people: dict[MailRole, Person] = field(default_factory=dict)
    forms: list[Any] = field(default_factory=list)
    over: bool = False


def matter_of(subject: str) -> Matter | None:
    """What stands under this reference; None when nobody knows it, or nobody is told of such things."""
    kind, _, rest = subject.partition("/")
    if rest:
        return _NAMED[kind](rest) if kind in _NAMED else None
    kind = subject.partition("-")[0]
    return _REFERRED[kind](subject) if kind in _REFERRED else None


def addresses_of(matter: Matter, role: MailRole, *, at: datetime) -> list[str]:
    """The addresses behind `role`, in the order in which they are tried, then the representative's."""
    found = [*_addresses(matter, role, at)]
    if role is not MailRole.REPRESENTATIVE:
        found += _addresses(matter, MailRole.REPRESENTATIVE, at)
    readable = (read_email(one).value for one in found)
    return list(dict.fromkeys(one.text for one in readable if one is not None))


def living(addresses: Iterable[str]) -> list[str]:
    """Those that nothing came back from."""
    wanted = list(addresses)
    dead = set(DeadAddress.objects.filter(address__in=wanted).values_list("address", flat=True))
    return [one for one in wanted if one not in dead]


def day_text(day: date | datetime) -> str:
    """A day as a letter writes it, by the authority's calendar."""
    local = day.astimezone(PARIS).date() if isinstance(day, datetime) else day
    return f"{'1er' if local.day == 1 else local.day} {_MONTHS[local.month - 1]} {local.year}"


def _addresses(matter: Matter, role: MailRole, at: datetime) -> Iterator[str]:
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
        confirmed = MailboxConfirmation.objects.filter(person=person, confirmed_at__isnull=False)
        yield from confirmed.order_by("-confirmed_at").values_list("mailbox", flat=True)[:2]
    if matter.contract is not None and role in {MailRole.REPRESENTATIVE, MailRole.MANDATAIRE}:
        yield from _of_contract(matter.contract, role, at)


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


def _order(reference: str) -> Matter | None:
    row = Order.objects.filter(reference=reference).first()
    if row is None:
        return None
    raw = OrderVersion.objects.get(order=row, number=row.current_version).raw
    asked = OrderNote.objects.filter(order=row, audience="requester", kind__in=("request", "decision"))
    note = asked.order_by("-id").first()
    contract = Contract.objects.select_related("structure").filter(number=row.contract_number).first()
    matter = Matter(
        reference,
        facts={
            "structure": row.structure_name or "une structure",
            "contract": row.contract_number or "non indiqué",
            "due": "dès que possible" if note is None or note.due is None else f"le {day_text(note.due)}",
        },
        quote="" if note is None else note.text,
        structure=None if contract is None else contract.structure,
        contract=contract,
        forms=[json.loads(raw)],
    )
    submitter = Person.objects.filter(national_id=row.submitted_by).first() if row.submitted_by else None
    if submitter is not None:
        matter.people[MailRole.REQUESTER] = submitter
    return matter


def _right(reference: str) -> Matter | None:
    row = Habilitation.objects.select_related("person", "structure").filter(reference=reference).first()
    return None if row is None else _of_right(row)


def _of_right(row: Habilitation) -> Matter:
    version = HabilitationVersion.objects.select_related("contract", "order").get(
        habilitation=row, number=row.current_version
    )
    raw = OrderVersion.objects.get(order=version.order_id, number=version.order_version).raw
    product = machine().catalogue.products.get(row.product)
    return Matter(
        row.reference,
        facts={
            "structure": row.structure.name,
            "person": _name(row.person),
            "product": row.product if product is None else product.label,
            "scope": version.scope_name if row.canonical_scope != _NO_SCOPE else "la structure",
        },
        quote=row.reason,
        structure=row.structure,
        contract=version.contract,
        people={MailRole.ADMINISTRATOR: row.person},
        forms=[json.loads(raw)],
    )


def _certificate(reference: str) -> Matter | None:
    row = (
        Certificate.objects.select_related("habilitation__person", "habilitation__structure", "structure")
        .filter(reference=reference)
        .first()
    )
    if row is None:
        return None
    matter = Matter(reference) if row.habilitation is None else _of_right(row.habilitation)
    asker = Person.objects.filter(national_id=row.asked_by).first()
    if asker is not None:
        matter.people[MailRole.ADMINISTRATOR] = asker
    product = machine().catalogue.products.get(row.product)
    ended = Revocation.objects.filter(certificate=row).first()
    names = ", ".join(row.names.order_by("position").values_list("value", flat=True)[:5]) or row.subject
    matter.reference, matter.quote = reference, ""
    matter.facts |= {
        "structure": matter.facts.get("structure", "votre exercice"),
        "product": row.product if product is None else product.label,
        "names": names,
        "until": day_text(row.not_after),
        "serial": row.serial,
        "reason": "" if ended is None else _reason(ended.reason),
    }
    matter.over = (
        ended is not None
        or Certificate.objects.filter(
            replaces=row, state__in=("issued", "collected"), revocation=None
        ).exists()
    )
    return matter


def _person(number: str) -> Matter | None:
    person = Person.objects.filter(pk=int(number)).first() if number.isdecimal() else None
    if person is None:
        return None
    right = (
        Habilitation.objects.select_related("person", "structure")
        .filter(person=person)
        .exclude(state="withdrawn")
        .order_by("-id")
        .first()
    )
    matter = Matter(f"person/{number}") if right is None else _of_right(right)
    matter.reference, matter.quote = f"person/{number}", ""
    matter.people[MailRole.ADMINISTRATOR] = person
    matter.facts["person"] = _name(person)
    return matter


def _contract(number: str) -> Matter | None:
    row = Contract.objects.select_related("structure").filter(number=number).first()
    if row is None:
        return None
    return Matter(
        f"contract/{number}",
        facts={
            "number": number,
            "structure": row.structure.name,
            "until": "" if row.valid_until is None else day_text(row.valid_until),
        },
        quote=row.reason,
        structure=row.structure,
        contract=row,
        over=row.state == "terminated",
    )


def _leave(reference: str) -> Matter | None:
    row = Leave.objects.select_related("structure").filter(reference=reference).first()
    if row is None:
        return None
    contracts = Contract.objects.filter(structure=row.structure).exclude(state="terminated")
    return Matter(
        reference,
        facts={
            "name": row.name,
            "holder": row.holder,
            "structure": row.structure.name,
            "until": "" if row.ends is None else day_text(row.ends),
        },
        quote=row.reason,
        structure=row.structure,
        contract=contracts.order_by("-id").first(),
        over=row.state != "standing",
    )


def _name(person: Person) -> str:
    return f"{person.given_names} {person.surname}".strip()


def _reason(code: str) -> str:
    reason = machine().catalogue.reasons.get(code)
    return code if reason is None else reason.label.lower()


_REFERRED: Mapping[str, Callable[[str], Matter | None]] = {
    "CMD": _order,
    "HAB": _right,
    "CRT": _certificate,
    "ACC": _leave,
}
_NAMED: Mapping[str, Callable[[str], Matter | None]] = {"person": _person, "contract": _contract}
