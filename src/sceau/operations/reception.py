"""A card read at a door becomes who acts: the same reception for people's pages and for programs."""

from __future__ import annotations

from sceau.catalogue import RegisterSubject
from sceau.identity import CardHolder
from sceau.operations.acts import considering
from sceau.operations.card_succession import admit_card
from sceau.operations.machine import Actor, machine
from sceau.operations.people import welcome
from sceau.records import card_line, person_line, register_entries, valid_cards_of
from sceau.registration import Card, CardStatus, Person
from sceau.vocabulary import Finding, Refused


def welcome_card(holder: CardHolder) -> Actor:
    """Who acts with this card, read and found good at the door. `Refused` as `welcome` does."""
    person = Person(
        national_id=holder.national_id,
        surname=holder.surname,
        given_names=holder.given_names,
        title=holder.title,
        profession_code=holder.profession_code,
        specialities=holder.specialities,
    )
    card = Card(holder.card_number, card_type_of(holder), CardStatus.VALID, holder.national_id)
    admit_card(card, not_after=holder.not_after)
    return welcome(person, card, not_after=holder.not_after)


def card_type_of(holder: CardHolder) -> str:
    """The card's code in the catalogue. A certificate does not tell a director's card from an employee's:
    our records do, else the directory of cards; what neither knows is taken for the lesser of the two
    [IGC-SANTE 3.1].
    """
    number = holder.card_number.text
    known = card_line(number, at=machine().clock())
    if known is not None and known.type in holder.card_types:
        return known.type
    listed = register_entries([RegisterSubject.CARD], [number]).get((RegisterSubject.CARD, number))
    if listed is not None and listed.category in holder.card_types:
        return listed.category
    return holder.card_types[-1]


def welcome_without_card(national_id: str) -> Actor:
    """Who acts when Pro Santé Connect has named somebody, without a card in hand [decision 16].

    They were met here with a card before, and one of theirs is still valid; else `Refused`
    (``psc.not-known``, ``psc.no-card``). Roles of the desk are left at the door: they go with the card.
    """
    with considering(Actor(national_id), "person.met") as act:
        person = person_line(national_id)
        if person is None:
            raise Refused([Finding.error("psc.not-known", "psc")])
        if not valid_cards_of(national_id, at=act.at):
            raise Refused([Finding.error("psc.no-card", "psc")])
    return Actor(person.national_id, None, frozenset(), person.display)
