"""An administrator leaves: what they generated for a structure, one decision for each certificate.

The right belongs to the person, so it leaves with them; the certificates belong to the structure, so somebody
says of each: it goes on until its end, another administrator looks after it, or it is revoked. Here are the
departure's life and the rule of who may take a certificate over; who may decide is `operations`' to look up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sceau.registration.covering import covers_names
from sceau.registration.facts import ContractState, Habilitation, HabilitationStatus
from sceau.registration.naming import Name
from sceau.vocabulary import Finding, Life


class DepartureState(StrEnum):
    """Where a departure stands. Open, it may be left and taken up again for as long as it takes."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


class DepartureEvent(StrEnum):
    """What may happen to a departure. `DROP`: it was a mistake, and nothing more is decided under it."""

    FINISH = "finish"
    DROP = "drop"


DEPARTURE_LIFE = Life(
    noun="departure",
    initial=(DepartureState.OPEN,),
    table={
        (DepartureState.OPEN, DepartureEvent.FINISH): DepartureState.DONE,
        (DepartureState.OPEN, DepartureEvent.DROP): DepartureState.DROPPED,
    },
)


class LineAnswer(StrEnum):
    """What becomes of one certificate. `ENDED` is nobody's answer: it was revoked or ran out meanwhile."""

    KEEP = "keep"
    HAND_OVER = "hand-over"
    REVOKE = "revoke"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class LeftCertificate:
    """A certificate in service that the person leaving generated, for the structure they leave."""

    reference: str
    product: str
    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Successor:
    """Who is to look after it: national identifier, whether they are leaving too, and their rights for the
    structure as they stand now.
    """

    person_id: str
    is_leaving: bool
    rights: tuple[Habilitation, ...]


def check_hand_over(
    certificate: LeftCertificate, successor: Successor, *, leaver: str
) -> tuple[Finding, ...]:
    """Why this person cannot take the certificate over: they could not have obtained it themselves today."""
    if successor.person_id == leaver or successor.is_leaving:
        return (Finding.error("departure.successor-leaving", certificate.reference),)
    if not _could_have_obtained(certificate, successor.rights):
        return (Finding.error("departure.successor-without-right", certificate.reference),)
    return ()


def _could_have_obtained(certificate: LeftCertificate, rights: Iterable[Habilitation]) -> bool:
    return any(
        right.product == certificate.product
        and right.status is HabilitationStatus.APPROVED
        and right.contract is ContractState.ACTIVE
        and covers_names(right.scope, certificate.names)
        for right in rights
    )
