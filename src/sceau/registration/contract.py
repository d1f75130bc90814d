"""The ordering contract: its life, whom it names with which powers, and what ending it asks [N413 part 2].

Decides whether a contract is in force on a day, whether a party may do something on a day, and whether every
thing that an act stops was answered. A contract that is not in force makes its rights unusable without
changing them [decision 17]: whoever asks for a certificate is asked again, then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from sceau.catalogue import Catalogue, StoppingAct
from sceau.registration.facts import ContractState
from sceau.vocabulary import Finding, Life, Refused, displayed


class ContractStanding(StrEnum):
    """What is stored of a contract. *Not begun* and *expired* are its dates'."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"


class ContractEvent(StrEnum):
    """What may happen to a contract: rows of ``stops.toml``."""

    SUSPEND = "suspend"
    RESUME = "resume"
    RENEW = "renew"
    TERMINATE = "terminate"


_ACTIVE, _SUSPENDED = ContractStanding.ACTIVE, ContractStanding.SUSPENDED

CONTRACT_LIFE = Life(
    noun="contract",
    initial=(_ACTIVE,),
    table={
        (_ACTIVE, ContractEvent.SUSPEND): _SUSPENDED,
        (_ACTIVE, ContractEvent.RENEW): _ACTIVE,
        (_ACTIVE, ContractEvent.TERMINATE): ContractStanding.TERMINATED,
        (_SUSPENDED, ContractEvent.RESUME): _ACTIVE,
        (_SUSPENDED, ContractEvent.RENEW): _SUSPENDED,
        (_SUSPENDED, ContractEvent.TERMINATE): ContractStanding.TERMINATED,
    },
)


def contract_state(
    standing: ContractStanding, *, begins: date, ends: date | None, day: date
) -> ContractState:
    """The state on `day` (of the authority's calendar). `ends` is the contract's last day.

    What was decided comes first: a suspended contract past its term is suspended, a terminated one is
    terminated. One that has not begun is none.
    """
    if standing is not ContractStanding.ACTIVE:
        return ContractState(standing.value)
    if day < begins:
        return ContractState.NONE
    if ends is not None and day > ends:
        return ContractState.EXPIRED
    return ContractState.ACTIVE


@dataclass(frozen=True, slots=True)
class Mandate:
    """From when, until when (its last day, None: no term), and for what somebody speaks for a structure.

    `powers` are codes of ``powers.toml``.
    """

    begins: date
    ends: date | None
    powers: frozenset[str]

    def is_in_force(self, day: date) -> bool:
        """Whether it runs on `day`."""
        return self.begins <= day and (self.ends is None or day <= self.ends)

    def allows(self, power: str, *, day: date) -> bool:
        """Whether it runs on `day` and gives this power."""
        return power in self.powers and self.is_in_force(day)


def default_powers(quality: str, *, catalogue: Catalogue) -> frozenset[str]:
    """What a party of this quality may do unless the contract says otherwise."""
    return frozenset(power.code for power in catalogue.powers.values() if quality in power.by_default)


def check_powers(powers: Iterable[str], *, catalogue: Catalogue) -> tuple[Finding, ...]:
    """Every power is one of the catalogue's, and there is one at least."""
    asked = tuple(powers)
    unknown = [code for code in asked if code not in catalogue.powers]
    if not asked:
        return (Finding.error("contract.party-powerless", "powers"),)
    return tuple(Finding.error("contract.power-unknown", displayed(code)) for code in unknown[:20])


@dataclass(frozen=True, slots=True)
class Stops:
    """What an act touches: references of the orders under way, of the rights that serve, of the certificates
    in service. In a fixed order, so that two looks at the same things are equal.
    """

    orders: tuple[str, ...] = ()
    rights: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()

    @property
    def ground(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Orders and rights: what certificates come from."""
        return self.orders, self.rights

    @property
    def is_empty(self) -> bool:
        """Whether nothing would stop."""
        return not (self.orders or self.rights or self.certificates)


@dataclass(frozen=True, slots=True)
class StopPlan:
    """What an officer answers: for one thing by its reference, or for all the others of its kind.

    `each` maps a reference to an answer, `others` a kind (`orders`, `rights`, `certificates`) to one.
    """

    each: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, str] = field(default_factory=dict)

    def answer(self, kind: str, reference: str) -> str:
        """The answer given for this thing; empty when there is none."""
        return self.each.get(reference) or self.others.get(kind, "")


def decide_stops(stops: Stops, plan: StopPlan, act: StoppingAct) -> dict[str, dict[str, str]]:
    """For each kind, what is done with each thing. Raises `Refused` unless every one has an answer that the
    act allows, and every answer is about a thing that it touches.
    """
    kinds: Sequence[tuple[str, tuple[str, ...], tuple[str, ...]]] = (
        ("orders", stops.orders, act.orders),
        ("rights", stops.rights, act.rights),
        ("certificates", stops.certificates, act.certificates),
    )
    findings: list[Finding] = []
    decided: dict[str, dict[str, str]] = {}
    touched: set[str] = set()
    for kind, references, allowed in kinds:
        touched.update(references if allowed else ())
        decided[kind] = {}
        for reference in references if allowed else ():
            answer = plan.answer(kind, reference)
            if answer in allowed:
                decided[kind][reference] = answer
            elif not answer:
                findings.append(Finding.error("contract.stop-unanswered", reference))
            else:
                findings.append(Finding.error("contract.stop-answer", reference, answer=displayed(answer)))
    strangers = sorted(set(plan.each) - touched)
    findings += [Finding.error("contract.stop-stranger", displayed(one)) for one in strangers[:20]]
    if findings:
        raise Refused(findings)
    return decided


@dataclass(frozen=True, slots=True)
class Proposal:
    """An act on a contract that a first officer has asked for, and waits for a second one."""

    proposed_by: str
    officers: int
    stops: Stops


def check_contract_officer(
    number: str, *, officer_cards: Collection[str], party_cards: Collection[str], has_card: bool
) -> tuple[Finding, ...]:
    """Who may act on a contract from the desk: with a card in hand, and not named by it."""
    found: tuple[Finding, ...] = ()
    if not has_card:
        found += (Finding.error("contract.card-needed", number),)
    if set(officer_cards) & set(party_cards):
        found += (Finding.error("contract.own", number),)
    return found


def decide_second(proposal: Proposal, officer: str, *, now: Stops, number: str) -> None:
    """A second, different officer confirms what a first one saw. Raises `Refused` when it is the same person,
    or when orders or rights have changed since: they must be looked at again. Certificates come as long as a
    right serves; each is answered when the act is done.
    """
    findings = []
    if officer == proposal.proposed_by:
        findings.append(Finding.error("contract.same-officer", number))
    if now.ground != proposal.stops.ground:
        findings.append(Finding.error("contract.stops-changed", number))
    if findings:
        raise Refused(findings)
