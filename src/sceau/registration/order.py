"""The order: form 413 on its way through the registration desk, and who may decide on it.

Here are its life and the rule of the two people: an order is accepted by two different officers who saw the
same version and are no part of it. What is checked in an order is `examination`'s; what it grants is
`habilitation`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sceau.catalogue import FEWEST_OFFICERS
from sceau.registration.examination_terms import ContractFacts
from sceau.vocabulary import Finding, Life, Refused


class OrderState(StrEnum):
    """Where an order stands."""

    RECEIVED = "received"
    UNDER_REVIEW = "under-review"
    INCOMPLETE = "incomplete"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    ABANDONED = "abandoned"


class OrderEvent(StrEnum):
    """What may happen to an order. `APPROVE` is one officer's yes, `ACCEPT` what the second one makes of
    it.
    """

    TAKE = "take"
    AMEND = "amend"
    ASK = "ask"
    ANSWER = "answer"
    APPROVE = "approve"
    ACCEPT = "accept"
    REFUSE = "refuse"
    ABANDON = "abandon"


_RECEIVED, _REVIEW, _INCOMPLETE = OrderState.RECEIVED, OrderState.UNDER_REVIEW, OrderState.INCOMPLETE

ORDER_LIFE = Life(
    noun="order",
    initial=(OrderState.RECEIVED,),
    table={
        (_RECEIVED, OrderEvent.TAKE): _REVIEW,
        (_RECEIVED, OrderEvent.AMEND): _RECEIVED,
        (_RECEIVED, OrderEvent.ABANDON): OrderState.ABANDONED,
        (_REVIEW, OrderEvent.TAKE): _REVIEW,
        (_REVIEW, OrderEvent.AMEND): _REVIEW,
        (_REVIEW, OrderEvent.ASK): _INCOMPLETE,
        (_REVIEW, OrderEvent.APPROVE): _REVIEW,
        (_REVIEW, OrderEvent.ACCEPT): OrderState.ACCEPTED,
        (_REVIEW, OrderEvent.REFUSE): OrderState.REFUSED,
        (_REVIEW, OrderEvent.ABANDON): OrderState.ABANDONED,
        (_INCOMPLETE, OrderEvent.ANSWER): _REVIEW,
        (_INCOMPLETE, OrderEvent.TAKE): _REVIEW,
        (_INCOMPLETE, OrderEvent.AMEND): _INCOMPLETE,
        (_INCOMPLETE, OrderEvent.REFUSE): OrderState.REFUSED,
        (_INCOMPLETE, OrderEvent.ABANDON): OrderState.ABANDONED,
    },
)

APPROVALS_NEEDED = FEWEST_OFFICERS


@dataclass(frozen=True, slots=True)
class Officer:
    """Who decides: national identifier, the cards this person holds, whether the desk's role is theirs now,
    the number of the valid card in hand (empty: none), the other roles held now, and the structures that this
    person works for or may sign for.
    """

    person_id: str
    cards: frozenset[str]
    is_desk: bool
    card: str = ""
    roles: frozenset[str] = frozenset()
    structures: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Party:
    """Someone who is part of an order. Either of the two may be unknown (empty), not both."""

    role: str
    person_id: str = ""
    card_number: str = ""


@dataclass(frozen=True, slots=True)
class GivenApproval:
    """An officer's yes to one version."""

    officer: str
    version: int


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What the rule of the two people needs of an order.

    `structures` are those it is for and under whose contract it is made. `needed` and `with_role` are what
    the rule frozen with it asks, `role_holders` those who approved and hold that role now.
    """

    reference: str
    version: int
    parties: tuple[Party, ...]
    approvals: tuple[GivenApproval, ...]
    structures: frozenset[str] = frozenset()
    needed: int = APPROVALS_NEEDED
    with_role: str = ""
    role_holders: frozenset[str] = frozenset()

    def standing(self) -> frozenset[str]:
        """The officers who approved the present version."""
        return frozenset(given.officer for given in self.approvals if given.version == self.version)


def parties_of(raw: object, *, submitter: str, contract: ContractFacts | None) -> tuple[Party, ...]:
    """Everybody who is part of an order: who brought it, who signs it, whom it names, whom the contract
    names.

    Taken from the raw form, so that a form that cannot be read yet has its parties all the same.
    `submitter` is a national identifier, empty when nobody in person brought it (a form that came by mail).
    """
    parties = [Party("submitter", person_id=submitter)] if submitter else []
    signatory = card_at(raw, "signatory")
    if signatory:
        parties.append(Party("signatory", card_number=signatory))
    administrators = raw.get("administrators") if isinstance(raw, Mapping) else None
    for person in administrators if isinstance(administrators, Sequence) else ():
        number = card_at(person)
        if number:
            parties.append(Party("administrator", card_number=number))
    if contract is not None:
        parties += [Party("contract", card_number=party.card_number) for party in contract.parties]
    return tuple(dict.fromkeys(parties))


def text_at(raw: object, *path: str) -> str:
    """A text of a raw form without its spaces, empty when there is none there: for finding, never for
    deciding.
    """
    for step in path:
        raw = raw.get(step) if isinstance(raw, Mapping) else None
    return "".join(raw.split()) if isinstance(raw, str) else ""


def card_at(raw: object, *path: str) -> str:
    """The card number of the person at `path` of a raw form, its separators taken away."""
    return text_at(raw, *path, "card_number").replace(".", "").replace("-", "")


def check_officer(facts: OrderFacts, officer: Officer) -> tuple[Finding, ...]:
    """Why this person may not decide on this order: no role of the desk, part of it, or of the structure that
    it is for.
    """
    findings = []
    if not officer.is_desk:
        findings.append(Finding.error("order.not-desk", facts.reference))
    own = [
        Finding.error("order.own-order", facts.reference, role=party.role)
        for party in facts.parties
        if _is(party, officer)
    ]
    if not own and facts.structures & officer.structures:
        own.append(Finding.error("order.own-structure", facts.reference))
    findings += own
    return tuple(dict.fromkeys(findings))


def decide_approval(
    facts: OrderFacts, officer: Officer, *, version: int, reds: Iterable[Finding]
) -> OrderEvent:
    """`APPROVE` for a first yes, `ACCEPT` when this one makes as many as the order's rule asks (two at
    least), one of them by who holds the role it asks. Raises `Refused` with every reason.

    An approval is given with the officer's own card in hand: without one, whoever has a shell would be every
    officer [ASSURANCE T45].
    `version` is the one the officer saw; `reds` are the examination's findings that refuse.
    """
    findings = list(check_officer(facts, officer))
    if not officer.card:
        findings.append(Finding.error("order.card-needed", facts.reference))
    if version != facts.version:
        findings.append(
            Finding.error("order.version-changed", facts.reference, seen=version, now=facts.version)
        )
    if officer.person_id in facts.standing():
        findings.append(Finding.error("order.already-approved", facts.reference))
    findings += reds
    if findings:
        raise Refused(findings)
    others = facts.standing() - {officer.person_id}
    enough = len(others) + 1 >= max(APPROVALS_NEEDED, facts.needed)
    return OrderEvent.ACCEPT if enough and _role_is_there(facts, officer, others) else OrderEvent.APPROVE


def _role_is_there(facts: OrderFacts, officer: Officer, others: frozenset[str]) -> bool:
    return not facts.with_role or facts.with_role in officer.roles or bool(facts.role_holders & others)


def _is(party: Party, officer: Officer) -> bool:
    same_person = bool(party.person_id) and party.person_id == officer.person_id
    return same_person or (bool(party.card_number) and party.card_number in officer.cards)
