"""What mails about drafts say: handed over, given back, taken back, about to go, gone; and to whom.

Nothing typed in a draft is believed: an address in it is written to only if it stands beside a card of the
very person, and no contract's people are told of what somebody is still writing. The address given with a
named person is the one that the owner vouches for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sceau.catalogue import MailRole
from sceau.operations.delegation.telling import speakers, team_addresses
from sceau.operations.machine import machine
from sceau.operations.occasions import Matter, Occasion, day_text, name_text
from sceau.records import cards_of
from sceau.records.models import Card, ContractParty, Entrusting, OrderDraft, Person
from sceau.registration import DraftState, card_at

_OPEN = (DraftState.WRITING, DraftState.ENTRUSTED)
_GIVEN_BACK, _TAKEN_BACK = "draft.given-back", "draft.taken-back"


def draft_matter(reference: str, occasion: Occasion) -> Matter | None:
    """A draft with its facts as they stand; None when there is none."""
    row = OrderDraft.objects.filter(reference=reference).first()
    if row is None:
        return None
    raw = json.loads(row.raw) if row.raw else {}
    owner = Person.objects.filter(national_id=row.owner).first()
    hands = _hands(row, occasion)
    structure = raw.get("structure")
    named = structure.get("name") if isinstance(structure, Mapping) else ""
    matter = Matter(
        reference,
        facts={
            "structure": str(named or "une structure"),
            "owner": "Quelqu'un" if owner is None else name_text(owner),
            "third": _third(hands),
            "until": day_text(row.expires_at),
        },
        quote=hands.answer if hands is not None and occasion.kind == _GIVEN_BACK else "",
        over=row.state not in _OPEN or row.expires_at <= machine().clock(),
    )
    if owner is not None:
        matter.people[MailRole.REQUESTER] = owner
    matter.addresses[MailRole.REQUESTER] = [*_beside(raw, row.owner), *_in_contracts(row.owner)]
    if hands is not None and (hands.ended_at is None or occasion.kind in {_TAKEN_BACK, ""}):
        _add_hands(matter, hands, raw)
    return matter


def _hands(row: OrderDraft, occasion: Occasion) -> Entrusting | None:
    """The time that this is about: for an end, the one that ended then; else the last."""
    rows = Entrusting.objects.select_related(
        "designation__third_party__structure", "designation__third_party__contract"
    ).filter(draft=row)
    if occasion.kind == _TAKEN_BACK and occasion.at is not None:
        rows = rows.filter(ended_at=occasion.at)
    return rows.order_by("-number").first()


def _third(hands: Entrusting | None) -> str:
    if hands is None:
        return "la personne"
    if hands.designation is not None:
        return hands.designation.third_party.structure.name
    return f"la personne n° {hands.card_number or hands.person_id}"


def _add_hands(matter: Matter, hands: Entrusting, raw: Mapping[str, Any]) -> None:
    if hands.designation is not None:
        party = hands.designation.third_party
        known = [*team_addresses(party), *speakers(party.contract, machine().clock())]
        matter.addresses[MailRole.HELPER] = known
        return
    card = Card.objects.select_related("person").filter(number=hands.card_number).first()
    person = Person.objects.filter(national_id=hands.person_id).first() if hands.person_id else None
    person = person or (card.person if card else None)
    if person is not None:
        matter.people[MailRole.HELPER] = person
    told = [hands.email] if hands.email else []
    beside = [] if person is None else [*_beside(raw, person.national_id)]
    matter.addresses[MailRole.HELPER] = [*told, *beside]


def _beside(raw: Mapping[str, Any], person: str) -> Iterator[str]:
    """The addresses that stand beside a card of this person in the form."""
    named = raw.get("administrators")
    for one in [raw.get("signatory"), *(named if isinstance(named, list) else [])]:
        if isinstance(one, Mapping) and card_at(one) in cards_of(person):
            yield str(one.get("email") or "")


def _in_contracts(person: str) -> Iterator[str]:
    """Those at which contracts write to this person."""
    named = ContractParty.objects.filter(card_number__in=cards_of(person)).exclude(email="")
    yield from named.order_by("-id").values_list("email", flat=True)[:3]
