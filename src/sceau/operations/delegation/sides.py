"""On which side somebody stands: the structure's, the third party's, or the desk's. Never on two of them."""

from __future__ import annotations

from datetime import datetime

from sceau.catalogue import Quality
from sceau.operations.acts import Act
from sceau.operations.machine import Actor
from sceau.operations.standing import DESK, contract_qualities, require_person, roles_worn, wears_office
from sceau.records import cards_of, structures_worked_for
from sceau.records.models import (
    Contract,
    ContractParty,
    Designation,
    Person,
    TeamMember,
    ThirdParty,
)
from sceau.registration import ContractState, MemberState
from sceau.vocabulary import Finding, Refused, displayed

SIGN, RIGHTS = "sign", "rights"
_NEAREST = (Quality.REPRESENTATIVE, Quality.MANDATAIRE)


def require_card(act: Act) -> Person:
    """The actor as a person, a valid card in hand: nothing is signed, given or ended without one."""
    person = require_person(act)
    if not act.actor.card:
        raise Refused([Finding.error("designation.card-needed", "card")])
    return person


def require_hand(act: Act) -> Person:
    """The same for what an officer may do too: with a card, or with an officer's passkey."""
    person = require_person(act)
    if not act.actor.in_hand:
        raise Refused([Finding.error("designation.card-needed", "card")])
    return person


def quality_towards(person_id: str, contract: Contract, power: str = "") -> Quality | None:
    """In which quality this person speaks today for the holder of a contract; None when in none."""
    held = contract_qualities(person_id, contract.pk, power=power)
    return next((one for one in _NEAREST if one in held), None)


def side_towards(actor: Actor, contract: Contract, power: str = "") -> Quality | None:
    """The same for who acts: an officer's hat speaks for no structure."""
    return None if wears_office(actor) else quality_towards(actor.person_id, contract, power)


def officer_quality(actor: Actor) -> Quality | None:
    """`desk` or `authority`, as held now and acted in."""
    roles = roles_worn(actor)
    held = (quality for quality in (Quality.DESK, Quality.AUTHORITY) if quality in roles)
    return next(held, None)


def is_of_third_party(person_id: str, third_party: ThirdParty) -> bool:
    """Whether this person is of its team (or is to be), is named by its contract, or works for it."""
    live = (MemberState.PROPOSED, MemberState.ACTIVE)
    return (
        TeamMember.objects.filter(
            third_party=third_party, person__national_id=person_id, state__in=live
        ).exists()
        or ContractParty.objects.filter(
            contract_id=third_party.contract_id, card_number__in=cards_of(person_id)
        ).exists()
        or third_party.structure.national_id in structures_worked_for(person_id)
    )


def is_of_team(person_id: str, third_party: ThirdParty) -> bool:
    """Whether this person is of its team now, or speaks for it today."""
    active = TeamMember.objects.filter(
        third_party=third_party, person__national_id=person_id, state=MemberState.ACTIVE
    )
    return active.exists() or quality_towards(person_id, third_party.contract) is not None


def require_apart(act: Act, third_party: ThirdParty, *, subject: str) -> None:
    """Refuse an actor who is of the third party: it never signs for its client, and never decides."""
    if is_of_third_party(act.actor.person_id, third_party):
        raise Refused([Finding.error("designation.third-party-side", subject)])


def require_officer(act: Act, third_party: ThirdParty, contract: Contract | None, *, subject: str) -> Person:
    """An officer of the desk, card or passkey in hand, neither of the third party nor of its client."""
    person = require_hand(act)
    if DESK not in roles_worn(act.actor):
        raise Refused([Finding.error("operations.role-missing", person.national_id, needed=DESK)])
    concerned = is_of_third_party(person.national_id, third_party)
    if contract is not None:
        concerned = (
            concerned
            or contract.parties.filter(card_number__in=cards_of(person.national_id)).exists()
            or contract.structure.national_id in structures_worked_for(person.national_id)
        )
    if concerned:
        raise Refused([Finding.error("designation.own", subject)])
    return person


def lock_designation(act: Act, reference: str) -> Designation:
    """The designation, held until the end of the transaction, with all that it is between."""
    row = (
        Designation.objects.select_for_update(of=("self",))
        .select_related("structure", "contract__structure", "third_party__contract", "third_party__structure")
        .filter(reference=reference)
        .first()
    )
    if row is None:
        raise unknown(reference)
    act.about(row.reference, f"structure/{row.structure.national_id}", row.third_party.reference)
    return row


def unknown(reference: str) -> Refused:
    """What nobody at reach answers to: also what is not the asker's."""
    return Refused([Finding.error("designation.unknown", displayed(reference) or "—")])


def require_in_force(contract: Contract, at: datetime, *, subject: str) -> None:
    """Nothing new under a contract that is not in force."""
    if contract.state_at(at) is not ContractState.ACTIVE:
        raise Refused([Finding.error("designation.contract", subject, contract=contract.number)])
