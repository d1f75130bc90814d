"""The habilitation: this person may obtain this product, for these names, for this structure [decision 17].

Its life and how an accepted order becomes rights. Here is decided what a version of an order grants, and
nothing more: whether the right may be used now is `right.decide_right`'s, and *expired* is the date's or
the contract's.
"""

from __future__ import annotations

from enum import StrEnum

from sceau.vocabulary import Life


class HabilitationState(StrEnum):
    """Where a habilitation stands. A contract ended or a term past makes it unusable without changing it."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"


class HabilitationEvent(StrEnum):
    """What may happen to a habilitation."""

    EXTEND = "extend"
    SUSPEND = "suspend"
    RESUME = "resume"
    WITHDRAW = "withdraw"


HABILITATION_LIFE = Life(
    noun="habilitation",
    initial=(HabilitationState.ACTIVE,),
    table={
        (HabilitationState.ACTIVE, HabilitationEvent.EXTEND): HabilitationState.ACTIVE,
        (HabilitationState.ACTIVE, HabilitationEvent.SUSPEND): HabilitationState.SUSPENDED,
        (HabilitationState.ACTIVE, HabilitationEvent.WITHDRAW): HabilitationState.WITHDRAWN,
        # A new order accepted while it is suspended brings a version, and does not lift the suspension.
        (HabilitationState.SUSPENDED, HabilitationEvent.EXTEND): HabilitationState.SUSPENDED,
        (HabilitationState.SUSPENDED, HabilitationEvent.RESUME): HabilitationState.ACTIVE,
        (HabilitationState.SUSPENDED, HabilitationEvent.WITHDRAW): HabilitationState.WITHDRAWN,
    },
)
