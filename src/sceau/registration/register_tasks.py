"""What a new state of a register asks of the desk: a closed or merged structure, a professional who left, a
card opposed, of another type or of another holder than the records have.

Decides whether there is something to do, never does it. The task's French sentence and what to do are those
of its code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sceau.catalogue import Catalogue, RegisterState
from sceau.registration.facts import CardStatus, Structure
from sceau.registration.register_checks import RegisterFact, is_same_person, said_day
from sceau.vocabulary import Finding

_OPPOSED = {
    RegisterState.REVOKED: CardStatus.REVOKED,
    RegisterState.LOST: CardStatus.LOST,
    RegisterState.SUSPENDED: CardStatus.SUSPENDED,
}


@dataclass(frozen=True, slots=True)
class CardAsKept:
    """A card as the records have it; `is_live` when it is valid there."""

    number: str
    type: str
    surname: str
    holder: str
    is_live: bool


def structure_tasks(structure: Structure, facts: Sequence[RegisterFact]) -> list[Finding]:
    """What to do about a structure under contract or with a right in force."""
    found = []
    for fact in facts:
        told = {"name": structure.name, "source": fact.source, "number": fact.key}
        subject = f"structure/{structure.structure_id.text}"
        if fact.state is RegisterState.MERGED:
            found.append(
                Finding.warning("task.structure-merged", subject, **told, successor=fact.successor or "?")
            )
        elif fact.state is RegisterState.CLOSED:
            found.append(
                Finding.warning("task.structure-closed", subject, **told, since=said_day(fact.since))
            )
    return found


def professional_tasks(fact: RegisterFact, *, name: str) -> list[Finding]:
    """What to do about a professional who holds a right, a certificate or a mandate."""
    if fact.state is not RegisterState.DEPARTED:
        return []
    subject = f"person/{fact.key}"
    return [
        Finding.warning("task.professional-departed", subject, name=name, source=fact.source, number=fact.key)
    ]


def opposition(fact: RegisterFact) -> CardStatus | None:
    """The status that a card is to have at once; None when the register opposes nothing."""
    return _OPPOSED.get(fact.state)


def card_tasks(card: CardAsKept, fact: RegisterFact, *, catalogue: Catalogue) -> list[Finding]:
    """What to do about a card that the records know. An opposed one is suspended by the machine already."""
    told = {"card": card.number, "source": fact.source}
    subject = f"card/{card.number}"
    found = []
    status = opposition(fact)
    if status is not None and card.is_live:
        words = catalogue.text(f"card-status.{status}")
        found.append(Finding.warning("task.card-opposed", subject, **told, name=card.surname, status=words))
    ours, theirs = catalogue.cards.get(card.type), catalogue.cards.get(fact.category)
    if theirs is not None and fact.category != card.type:
        known = card.type if ours is None else ours.label
        found.append(Finding.warning("task.card-type", subject, **told, known=known, read=theirs.label))
    is_other = bool(fact.parent) and fact.parent != card.holder
    if is_other or (bool(fact.name) and not is_same_person(card.surname, fact.name, catalogue)):
        found.append(Finding.warning("task.card-holder", subject, **told, known=card.surname, read=fact.name))
    return found
