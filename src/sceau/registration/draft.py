"""An order being written: its life, its steps under the form's own numbering, who may write which of them.

The requester (the *owner*) writes the whole form. While its technical part is in somebody else's hands (the
*helper*: the vendor's or the host's engineer), section 4 is theirs alone and the rest stays the owner's [N413
2, section 4: « ces parties techniques peuvent être complétées par l'éditeur ou le distributeur », under the
structure's responsibility]. A helper signs nothing, sends nothing and sees nothing but section 4.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sceau.vocabulary import Finding, Life, Reading, read_ok, read_refused


class DraftState(StrEnum):
    """Where a draft stands."""

    WRITING = "writing"
    ENTRUSTED = "entrusted"
    SENT = "sent"
    DROPPED = "dropped"


class DraftEvent(StrEnum):
    """What may happen to a draft. `GIVE_BACK` is the helper's, `TAKE_BACK` the owner's; `DROP` is a deletion,
    by its owner or by time.
    """

    SAVE = "save"
    ENTRUST = "entrust"
    GIVE_BACK = "give-back"
    TAKE_BACK = "take-back"
    SEND = "send"
    DROP = "drop"


_WRITING, _ENTRUSTED = DraftState.WRITING, DraftState.ENTRUSTED

DRAFT_LIFE = Life(
    noun="draft",
    initial=(_WRITING,),
    table={
        (_WRITING, DraftEvent.SAVE): _WRITING,
        (_WRITING, DraftEvent.ENTRUST): _ENTRUSTED,
        (_WRITING, DraftEvent.SEND): DraftState.SENT,
        (_WRITING, DraftEvent.DROP): DraftState.DROPPED,
        (_ENTRUSTED, DraftEvent.SAVE): _ENTRUSTED,
        (_ENTRUSTED, DraftEvent.GIVE_BACK): _WRITING,
        (_ENTRUSTED, DraftEvent.TAKE_BACK): _WRITING,
        (_ENTRUSTED, DraftEvent.DROP): DraftState.DROPPED,
    },
)


class Writer(StrEnum):
    """What somebody is to a draft."""

    OWNER = "owner"
    HELPER = "helper"


@dataclass(frozen=True, slots=True)
class DraftStep:
    """One step: its code, its number on the form, the one part of the raw form that it writes."""

    code: str
    number: str
    section: str
    technical: bool = False


STEPS = (
    DraftStep("structure", "1", "structure"),
    DraftStep("contrat", "2", "contract"),
    DraftStep("signataire", "3", "signatory"),
    DraftStep("usage", "4.1", "usage", technical=True),
    DraftStep("offres", "4.2", "offers", technical=True),
    DraftStep("administrateurs", "4.3", "administrators", technical=True),
    DraftStep("envoi", "", "declarations"),
)
"""The steps, in the order of the form [N413 part 2]; the last one is reading again, declaring and signing."""

TECHNICAL = frozenset(step.section for step in STEPS if step.technical)


def sections_of(writer: Writer, state: DraftState) -> frozenset[str]:
    """The parts of the form that this one may write now."""
    every = frozenset(step.section for step in STEPS)
    if writer is Writer.HELPER:
        return TECHNICAL if state is DraftState.ENTRUSTED else frozenset()
    return every - TECHNICAL if state is DraftState.ENTRUSTED else every


def steps_seen_by(writer: Writer) -> tuple[DraftStep, ...]:
    """The steps that this one sees at all."""
    return tuple(step for step in STEPS if writer is Writer.OWNER or step.technical)


def decide_writing(
    *, writer: Writer, state: DraftState, sections: Iterable[str], subject: str
) -> Reading[DraftState]:
    """The state after `sections` are written by `writer`, or why they may not be."""
    reading = DRAFT_LIFE.after(state, DraftEvent.SAVE, subject=subject)
    if reading.value is None:
        return reading
    if set(sections) <= sections_of(writer, state):
        return read_ok(reading.value)
    if writer is Writer.OWNER:
        return read_refused(Finding.error("order-draft.entrusted", subject))
    return read_refused(Finding.error("order-draft.not-yours-to-write", subject))


def decide_event(
    *, writer: Writer, state: DraftState, event: DraftEvent, subject: str
) -> Reading[DraftState]:
    """The state after `event` by `writer`: the helper may give back and nothing else, the owner all the
    rest.
    """
    if (event is DraftEvent.GIVE_BACK) is not (writer is Writer.HELPER):
        return read_refused(Finding.error("order-draft.not-yours-to-do", subject))
    return DRAFT_LIFE.after(state, event, subject=subject)
