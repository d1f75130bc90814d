"""Structures under contract, people, cards, roles: as the pages and the commands see them."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from sceau.records.models import (
    PARIS,
    Card,
    Contract,
    ContractParty,
    MailboxConfirmation,
    Person,
    Role,
    Structure,
)
from sceau.records.views import CardLine, ContractLine, PartyLine, PersonLine, StructureLine
from sceau.registration import CardStatus


def person_line(national_id: str) -> PersonLine | None:
    """A person by national identifier, with the roles held now."""
    person = Person.objects.prefetch_related("roles").filter(national_id=national_id).first()
    return None if person is None else as_person_line(person)


def roles_of(person_id: str) -> frozenset[str]:
    """The qualities `desk`, `auditor`, `authority` that this person holds now."""
    if not person_id:
        return frozenset()
    held = Role.objects.filter(person__national_id=person_id).values_list("quality", flat=True)
    return frozenset(held)


def officers() -> tuple[PersonLine, ...]:
    """Everybody who holds a role, by name."""
    people = Person.objects.filter(roles__isnull=False).distinct().prefetch_related("roles")
    return tuple(as_person_line(person) for person in people.order_by("surname", "given_names", "id"))


def officers_without_mailbox(*, limit: int = 50) -> tuple[PersonLine, ...]:
    """Who decides at the desk and has confirmed no mailbox: no mail reaches them by name."""
    told = MailboxConfirmation.objects.filter(confirmed_at__isnull=False).values("person_id")
    people = Person.objects.filter(roles__quality="desk").exclude(pk__in=told).prefetch_related("roles")
    return tuple(as_person_line(one) for one in people.order_by("surname", "given_names", "id")[:limit])


def card_line(number: str, *, at: datetime) -> CardLine | None:
    """A card by the number printed on it."""
    card = Card.objects.select_related("person").filter(number=number).first()
    return None if card is None else as_card_line(card, at)


def contract_line(number: str, *, at: datetime) -> ContractLine | None:
    """A contract by its number, with the people it names."""
    contract = Contract.objects.select_related("structure").filter(number=number).first()
    return None if contract is None else as_contract_line(contract, at)


def structures_of(person_id: str, *, at: datetime) -> tuple[ContractLine, ...]:
    """The contracts for which this person speaks at `at`, as representative or *mandataire*."""
    contracts = Contract.objects.select_related("structure").filter(id__in=contracts_naming(person_id, at=at))
    return tuple(as_contract_line(contract, at) for contract in contracts.order_by("number"))


def contracts_naming(person_id: str, *, at: datetime) -> list[int]:
    """The contracts that name, on that day, a card which is, or was, this person's."""
    if not person_id:
        return []
    day = at.astimezone(PARIS).date()
    cards = Card.objects.filter(person__national_id=person_id).values("number")
    named = ContractParty.objects.filter(
        Q(valid_until__isnull=True) | Q(valid_until__gte=day), card_number__in=cards, valid_from__lte=day
    ).values_list("contract_id", flat=True)
    return sorted(set(named))


def cards_of(person_id: str) -> frozenset[str]:
    """The numbers of every card that is, or was, this person's."""
    if not person_id:
        return frozenset()
    return frozenset(Card.objects.filter(person__national_id=person_id).values_list("number", flat=True))


def valid_cards_of(person_id: str, *, at: datetime) -> tuple[CardLine, ...]:
    """The cards of this person that are valid at `at`, by number."""
    held = Card.objects.select_related("person").filter(person__national_id=person_id).order_by("number")
    lines = (as_card_line(card, at) for card in held)
    return tuple(line for line in lines if line.status == CardStatus.VALID)


def as_person_line(person: Person) -> PersonLine:
    """The view of a person."""
    return PersonLine(
        national_id=person.national_id,
        surname=person.surname,
        given_names=person.given_names,
        title=person.title,
        profession_code=person.profession_code,
        roles=frozenset(role.quality for role in person.roles.all()),
    )


def as_card_line(card: Card, at: datetime) -> CardLine:
    """The view of a card, as it stands at `at`."""
    return CardLine(
        number=card.number,
        type=card.type,
        status=str(card.facts(at).status),
        not_after=card.not_after,
        person=as_person_line(card.person),
    )


def as_structure_line(structure: Structure) -> StructureLine:
    """The view of a structure."""
    return StructureLine(
        national_id=structure.national_id,
        name=structure.name,
        department=structure.department,
        postcode=structure.postcode,
        commune=structure.commune,
        siret=structure.siret,
        finess=structure.finess,
    )


def as_contract_line(contract: Contract, at: datetime) -> ContractLine:
    """The view of a contract, as it stands at `at`."""
    parties = list(contract.parties.order_by("id"))
    known = Card.objects.filter(number__in=[party.card_number for party in parties])
    holders = dict(known.values_list("number", "person__national_id"))
    return ContractLine(
        number=contract.number,
        state=str(contract.state_at(at)),
        structure=as_structure_line(contract.structure),
        valid_from=contract.valid_from,
        valid_until=contract.valid_until,
        parties=tuple(
            PartyLine(
                quality=party.quality,
                surname=party.surname,
                given_names=party.given_names,
                card_number=party.card_number,
                person_id=holders.get(party.card_number, ""),
                email=party.email,
                phone=party.phone,
                valid_from=party.valid_from,
                valid_until=party.valid_until,
                powers=tuple(party.powers),
            )
            for party in parties
        ),
        standing=contract.state,
        invoiceable=contract.invoiceable,
        reason=contract.reason,
    )
