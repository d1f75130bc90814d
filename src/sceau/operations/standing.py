"""Who the actor is now, by the records: never by what a session remembers.

Every verb that acts for a person asks here, inside its own transaction: the person is known, the card in
hand is valid and theirs, the role is still held. Quality towards an object (its administrator, its
representative) is looked up too. No rule of the field: those are in the decision rooms.
"""

from __future__ import annotations

from sceau.catalogue import Quality
from sceau.operations.acts import Act
from sceau.operations.confinement import hold_act
from sceau.operations.machine import Actor, machine
from sceau.records import cards_of, roles_of, structures_worked_for
from sceau.records.models import PARIS, Card, ContractParty, Passkey, Person, Structure
from sceau.registration import CardStatus, Officer
from sceau.vocabulary import Finding, Refused

DESK, AUTHORITY, AUDITOR = "desk", "authority", "auditor"


def require_person(act: Act) -> Person:
    """The actor as a person of the records, with a card (or a passkey) that holds now if one is in hand.
    Else `Refused`.
    """
    actor = act.actor
    hold_act(actor, act.telling.kind, act.at)
    person = Person.objects.filter(national_id=actor.person_id).first() if actor.person_id else None
    if person is None:
        raise Refused([Finding.error("operations.person-unknown", actor.person_id or "—")])
    if actor.card is not None:
        card = Card.objects.select_related("person").filter(number=actor.card).first()
        if card is None or card.person_id != person.pk:
            raise Refused([Finding.error("operations.card-not-yours", actor.card)])
        status = card.facts(act.at).status
        if status is not CardStatus.VALID:
            words = act.machine.catalogue.text(f"card-status.{status}")
            raise Refused([Finding.error("operations.card-not-valid", actor.card, status=words)])
    if (
        actor.passkey
        and not Passkey.objects.filter(reference=actor.passkey, person=person, ended_at=None).exists()
    ):
        raise Refused([Finding.error("passkey.ended", actor.passkey)])
    return person


def roles_worn(actor: Actor) -> frozenset[str]:
    """The roles that the actor holds now and acts in: the hat's alone where one was chosen. The holder's hat
    is none of them.
    """
    held = roles_of(actor.person_id) if actor.person_id else frozenset()
    return held & {actor.hat} if actor.hat else held


def wears_office(actor: Actor) -> bool:
    """Whether the actor wears an officer's hat, or came in by an officer's passkey: what a contract names
    them for is then not theirs to do.
    """
    return bool(actor.passkey) or actor.hat in {DESK, AUTHORITY, AUDITOR}


def require_role(act: Act, *qualities: str) -> Person:
    """The actor holds one of these roles now, and acts in it if one was chosen. The machine holds none."""
    person = require_person(act)
    if not roles_worn(act.actor) & set(qualities):
        raise Refused(
            [Finding.error("operations.role-missing", person.national_id, needed=", ".join(qualities))]
        )
    return person


def require_keeper(act: Act) -> None:
    """Who may keep the registers: the machine at set-up, the authority, the desk."""
    if act.actor.person_id:
        require_role(act, DESK, AUTHORITY)


def officer_of(act: Act) -> Officer:
    """The actor as one who decides on orders."""
    person = require_person(act)
    return Officer(
        person_id=person.national_id,
        cards=cards_of(person.national_id) | ({act.actor.card} if act.actor.card else frozenset()),
        is_desk=DESK in roles_worn(act.actor),
        card=act.actor.in_hand,
        roles=roles_of(person.national_id),  # an order may ask for somebody who is of the authority too
        structures=structures_worked_for(person.national_id),
    )


def contract_qualities(person_id: str, contract_id: int | None, *, power: str = "") -> frozenset[str]:
    """`representative` or `mandataire`, as the contract names this person today, by a card that is or was
    theirs; with `power` (a code of ``powers.toml``), only the qualities that give it.
    """
    if contract_id is None or not person_id:
        return frozenset()
    day = machine().clock().astimezone(PARIS).date()
    named = ContractParty.objects.filter(contract_id=contract_id, card_number__in=cards_of(person_id))
    mandates = ((party.quality, party.mandate()) for party in named)
    return frozenset(
        quality
        for quality, mandate in mandates
        if (mandate.allows(power, day=day) if power else mandate.is_in_force(day))
    )


def party_cards(contract_id: int) -> frozenset[str]:
    """The numbers of every card that the contract names, now or before."""
    named = ContractParty.objects.filter(contract_id=contract_id)
    return frozenset(named.values_list("card_number", flat=True))


def structure_quality(actor: Actor, structure: Structure) -> Quality | None:
    """The nearest of: desk, authority, whom a contract of the structure names with the power over rights. An
    officer's hat is an officer's quality only, the holder's hat none of them.
    """
    roles = roles_worn(actor)
    for role, quality in ((DESK, Quality.DESK), (AUTHORITY, Quality.AUTHORITY)):
        if role in roles:
            return quality
    if wears_office(actor):
        return None
    held: set[str] = set()
    for contract in structure.contracts.values_list("pk", flat=True):
        held |= contract_qualities(actor.person_id, contract, power="rights")
    return next((one for one in (Quality.REPRESENTATIVE, Quality.MANDATAIRE) if one in held), None)
