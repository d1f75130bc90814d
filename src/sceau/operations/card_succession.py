"""A card at the door that the records do not know, of somebody they do: taken over, or held for an officer.

Called before the card is welcomed. A card that is held is kept as of unknown state, which opens nothing at
any door; the desk has a task, and declares it valid once it has looked, never its own holder. What is needed
is decided by `registration.card_continuity`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sceau.catalogue import RegisterSubject
from sceau.operations.acts import acting
from sceau.operations.machine import machine
from sceau.operations.people import keep_card
from sceau.operations.register_facts import facts_of
from sceau.operations.register_tasks import REGISTERS, TaskEntry, raise_tasks
from sceau.records import contracts_naming, roles_of
from sceau.records.models import Card, Habilitation, Person
from sceau.registration import Card as CardFacts
from sceau.registration import CardStatus, RegisterFact, Succession, decide_succession
from sceau.vocabulary import Finding, Refused

_RAISED_BY = "door"


def admit_card(card: CardFacts, *, not_after: datetime | None) -> None:
    """Let a card that is new here go on to be welcomed, or hold it. Raises `Refused`
    (``operations.card-awaiting``) as long as it is held.
    """
    number = card.number.text
    known = Card.objects.filter(number=number).first()
    holder = Person.objects.filter(national_id=card.person_id.text).first()
    if holder is None or (known is not None and not _is_held(known, holder)):
        return
    fact = facts_of(RegisterSubject.CARD, [number]).get(number)
    decision = decide_succession(
        holder.national_id,
        has_another_card=Card.objects.filter(person=holder).exclude(number=number).exists(),
        holds_something=_holds_something(holder),
        fact=fact,
    )
    if decision is Succession.CONFIRMED and fact is not None:
        _take_over(holder, card, not_after, fact)
    elif decision is Succession.HELD:
        if known is None:
            _hold(holder, card, not_after)
        raise Refused([Finding.error("operations.card-awaiting", number)])


def _is_held(card: Card, holder: Person) -> bool:
    return card.person_id == holder.pk and card.status == CardStatus.UNKNOWN


def _holds_something(person: Person) -> bool:
    """A right, a role, a contract that names one of their cards."""
    rights = Habilitation.objects.filter(person=person).exclude(state="withdrawn")
    named = contracts_naming(person.national_id, at=machine().clock())
    return rights.exists() or bool(named) or bool(roles_of(person.national_id))


def _take_over(holder: Person, card: CardFacts, not_after: datetime | None, fact: RegisterFact) -> None:
    with acting(REGISTERS, "card.taken-over", f"person/{holder.pk}") as act:
        keep_card(holder, card, not_after)
        act.tell(type=card.type, source=fact.source)
        act.keep(card=card.number.text)


def _hold(holder: Person, card: CardFacts, not_after: datetime | None) -> None:
    with acting(REGISTERS, "card.held", f"person/{holder.pk}") as act:
        keep_card(holder, replace(card, status=CardStatus.UNKNOWN), not_after)
        act.tell(type=card.type)
        act.keep(card=card.number.text)
    name = f"{holder.given_names} {holder.surname}".strip()
    why = Finding.warning("task.card-renewed", f"card/{card.number.text}", card=card.number.text, name=name)
    raise_tasks([TaskEntry(why)], raised_by=_RAISED_BY)
