"""A further card of somebody who is known: does it take over by itself, or does somebody look first?

The right belongs to the person, whatever card they hold; but a card that turns up beside another opens all
that the person holds here. So where there is something to open, the directory of cards says that it is
theirs, or an officer does [N413 4.3, ASSURANCE T03]. A first card, and the card of somebody who holds
nothing, needs nobody.
"""

from __future__ import annotations

from enum import StrEnum

from sceau.catalogue import RegisterState
from sceau.registration.register_checks import RegisterFact


class Succession(StrEnum):
    """What is done with a card that the records did not know. `FREE`: nothing to check. `CONFIRMED`: the
    directory says it is valid and this person's. `HELD`: it opens nothing until an officer confirms it.
    """

    FREE = "free"
    CONFIRMED = "confirmed"
    HELD = "held"


def decide_succession(
    holder: str, *, has_another_card: bool, holds_something: bool, fact: RegisterFact | None
) -> Succession:
    """`holder` is the national identifier that the card's certificate carries; `fact` what the directory of
    cards says of its number, None where it says nothing.
    """
    if not has_another_card or not holds_something:
        return Succession.FREE
    if fact is not None and fact.state is RegisterState.VALID and fact.parent == holder:
        return Succession.CONFIRMED
    return Succession.HELD
