"""From a certificate at the door to a session: read the card, ask the register, let in. Or every reason why
not.
"""

from __future__ import annotations

from django.http import HttpRequest

from sceau.identity import CardHolder
from sceau.operations import Actor, machine, welcome
from sceau.portal.door import doorkeeper
from sceau.portal.visitor import let_in
from sceau.records import card_line
from sceau.registration import Card, CardStatus, Person
from sceau.vocabulary import Finding, Reading, Refused


def read_presented(certificate: bytes | None) -> Reading[CardHolder]:
    """Whose card this is, as the doorkeeper reads it now."""
    return doorkeeper().read(certificate, at=machine().clock())


def introduce(holder: CardHolder) -> Actor:
    """Who acts, once the register has been asked. Raises `Refused` with what it holds against the card."""
    person = Person(
        national_id=holder.national_id,
        surname=holder.surname,
        given_names=holder.given_names,
        title=holder.title,
        profession_code=holder.profession_code,
        specialities=holder.specialities,
    )
    card = Card(holder.card_number, type_of(holder), CardStatus.VALID, holder.national_id)
    return welcome(person, card, not_after=holder.not_after)


def enter(request: HttpRequest, holder: CardHolder, *, by_drawer: bool) -> tuple[Finding, ...]:
    """Begin a session for `holder`; empty when it is done, else what the register holds against the card."""
    try:
        actor = introduce(holder)
    except Refused as refusal:
        return refusal.findings
    let_in(request, actor=actor, holder=holder, card_type=type_of(holder), by_drawer=by_drawer)
    return ()


def type_of(holder: CardHolder) -> str:
    """The card's code in the catalogue. A certificate does not tell a director's card from an employee's:
    the register does, and what the register does not know is taken for the lesser of the two [IGC-SANTE
    3.1]."""
    known = card_line(holder.card_number.text, at=machine().clock())
    if known is not None and known.type in holder.card_types:
        return known.type
    return holder.card_types[-1]
