"""Who is known: people, their cards, and who is an officer of what."""

from __future__ import annotations

from datetime import datetime

from sceau.operations.acts import Act, acting
from sceau.operations.machine import Actor
from sceau.operations.search_index import index_card, index_person
from sceau.operations.standing import AUTHORITY, require_keeper
from sceau.records import CardLine, PersonLine, card_line, person_line
from sceau.records.models import Card, Person, Role
from sceau.registration import OFFICER_ROLES, CardStatus, check_subject, is_test_subject
from sceau.registration import Card as CardFacts
from sceau.registration import Person as PersonFacts
from sceau.vocabulary import (
    Finding,
    Refused,
)


def register_person(actor: Actor, person: PersonFacts) -> PersonLine:
    """A person, by national identifier; a second call brings names and profession up to date."""
    with acting(actor, "person.registered") as act:
        require_keeper(act)
        found = check_subject(person)
        if found:
            raise Refused(found)
        row = keep_person(person)
        act.about(f"person/{row.pk}")
        act.keep(person=describe_person(person))
    return person_view(row.national_id)


def register_card(actor: Actor, card: CardFacts, *, not_after: datetime | None = None) -> CardLine:
    """A card and its holder (already registered). A number never changes holder."""
    with acting(actor, "card.registered") as act:
        require_keeper(act)
        holder = Person.objects.filter(national_id=card.person_id.text).first()
        if is_test_subject(card.person_id):
            raise Refused([Finding.error("right.test-subject-asks", "person")])
        if holder is None:
            raise Refused([Finding.error("operations.person-unknown", card.person_id.text)])
        if card.type not in act.machine.catalogue.cards:
            raise Refused([Finding.error("operations.card-type", card.type)])
        keep_card(holder, card, not_after)
        act.about(f"person/{holder.pk}")
        act.tell(type=card.type, status=str(card.status))
        act.keep(card=card.number.text)
    return _card(card.number.text, act.at)


def set_card_status(actor: Actor, *, number: str, status: str, reason: str) -> CardLine:
    """A card was opposed, lost, suspended, or is valid (again): never by its holder. By the desk, the
    authority or the machine.
    """
    with acting(actor, "card.changed") as act:
        require_keeper(act)
        row = Card.objects.select_for_update().select_related("person").filter(number=number).first()
        if row is None:
            raise Refused([Finding.error("operations.card-unknown", number)])
        if status not in set(CardStatus):
            raise Refused([Finding.error("operations.card-status", number, status=status)])
        if status == CardStatus.VALID and row.person.national_id == act.actor.person_id:
            raise Refused([Finding.error("operations.card-own", number)])
        act.about(f"person/{row.person.pk}")
        act.tell(before=row.status, status=status)
        act.keep(card=number, reason=reason)
        row.status = status
        row.save(update_fields=["status"])
    return _card(number, act.at)


def appoint_officer(actor: Actor, *, person_id: str, quality: str) -> PersonLine:
    """Give `desk`, `auditor` or `authority` at the set-up: by the machine, while nobody holds the authority's
    role. From then on it takes two people (`roles.propose_role`).
    """
    with acting(actor, "role.given") as act:
        person = _for_role(act, person_id, quality)
        _, given = Role.objects.get_or_create(person=person, quality=quality, defaults={"since": act.at})
        if not given:
            act.unchanged()
    return person_view(person_id)


def dismiss_officer(actor: Actor, *, person_id: str, quality: str) -> PersonLine:
    """Take a role back at the set-up, as `appoint_officer` gives it."""
    with acting(actor, "role.taken") as act:
        person = _for_role(act, person_id, quality)
        removed, _ = Role.objects.filter(person=person, quality=quality).delete()
        if not removed:
            act.unchanged()
    return person_view(person_id)


def welcome(person: PersonFacts, card: CardFacts, *, not_after: datetime | None = None) -> Actor:
    """A validated card is at the door: note its holder if new, and say who acts, with the roles held now.

    `person` and `card` are as the card authority certifies them. A card that the records know as opposed,
    or as somebody else's, is refused; its type stays the one the register knows.
    """
    number, display = card.number.text, f"{person.given_names} {person.surname}".strip()
    with acting(Actor(person.national_id.text, number, frozenset(), display), "card.met") as act:
        row = Card.objects.select_related("person").filter(number=number).first()
        if row is not None and row.person.national_id != person.national_id.text:
            raise Refused([Finding.error("operations.card-not-yours", number)])
        if row is None:
            known = Person.objects.filter(national_id=person.national_id.text).first()
            row = keep_card(known or keep_person(person), card, not_after)
            act.tell(type=card.type)
            act.keep(card=number, person=describe_person(person))
        else:
            act.unchanged()
        act.about(f"person/{row.person.pk}")
        status = row.facts(act.at).status
        if status is not CardStatus.VALID:
            words = act.machine.catalogue.text(f"card-status.{status}")
            raise Refused([Finding.error("operations.card-not-valid", number, status=words)])
    line = person_view(person.national_id.text)
    return Actor(line.national_id, number, line.roles, line.display)


def keep_person(facts: PersonFacts) -> Person:
    """The row of a person, brought up to date."""
    row, _ = Person.objects.update_or_create(
        national_id=facts.national_id.text,
        defaults={
            "surname": facts.surname,
            "given_names": facts.given_names,
            "title": facts.title,
            "profession_code": facts.profession_code,
            "specialities": list(facts.specialities),
        },
    )
    index_person(row)
    return row


def keep_card(holder: Person, card: CardFacts, not_after: datetime | None) -> Card:
    """The row of a card, brought up to date. Refused when it is known as somebody else's."""
    known, is_new = Card.objects.select_for_update().get_or_create(
        number=card.number.text,
        defaults={"person": holder, "type": card.type, "status": card.status, "not_after": not_after},
    )
    if is_new:
        index_card(known)
        return known
    if known.person_id != holder.pk:
        raise Refused([Finding.error("operations.card-holder", card.number.text)])
    known.type, known.status, known.not_after = card.type, card.status, not_after
    known.save(update_fields=["type", "status", "not_after"])
    return known


def _for_role(act: Act, person_id: str, quality: str) -> Person:
    """Whose role changes, after checking that the machine may still change roles."""
    if act.actor.person_id or Role.objects.filter(quality=AUTHORITY).exists():
        raise Refused([Finding.error("operations.roles-by-two", quality)])
    person = Person.objects.filter(national_id=person_id).first()
    if person is None:
        raise Refused([Finding.error("operations.person-unknown", person_id)])
    if quality not in OFFICER_ROLES:
        raise Refused([Finding.error("operations.role-unknown", quality)])
    act.about(f"person/{person.pk}")
    act.tell(quality=quality)
    return person


def describe_person(person: PersonFacts) -> dict[str, object]:
    return {
        "id": person.national_id.text,
        "surname": person.surname,
        "given_names": person.given_names,
        "title": person.title,
        "profession_code": person.profession_code,
    }


def person_view(national_id: str) -> PersonLine:
    line = person_line(national_id)
    if line is None:
        raise LookupError(f"person {national_id} was just written")
    return line


def _card(number: str, at: datetime) -> CardLine:
    line = card_line(number, at=at)
    if line is None:
        raise LookupError(f"card {number} was just written")
    return line
