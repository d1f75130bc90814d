"""A card read at a door becomes who acts: the same reception for people's pages and for programs."""

from __future__ import annotations

from sceau.catalogue import RegisterSubject
from sceau.identity import CardHolder
from sceau.operations.machine import Actor, machine
from sceau.operations.people import welcome
from sceau.records import card_line, register_entries
from sceau.registration import Card, CardStatus, Person


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
