"""The lives as state machines: whatever anybody does, in whatever order [ASSURANCE G06, T45, F16].

The tables and the rule of the two people are the product's; what must hold is told here a second time, in
other words: a decision is remembered as *who said yes to what they saw*, and never read back from the
rules.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sceau.certification import CERTIFICATE_LIFE, CertificateEvent, CertificateState
from sceau.registration import (
    CHANGE_LIFE,
    CONTRACT_LIFE,
    DEPARTURE_LIFE,
    HABILITATION_LIFE,
    LEAVE_LIFE,
    ORDER_LIFE,
    GivenApproval,
    HabilitationEvent,
    HabilitationState,
    Officer,
    OrderEvent,
    OrderFacts,
    OrderState,
    Party,
    check_officer,
    decide_approval,
)
from sceau.vocabulary import Finding, Life, Refused

PEOPLE = tuple("abcdef")
DESK = frozenset("abcd")
AUTHORITY = frozenset("d")
CARDS = {person: frozenset({f"{person}1", f"{person}2"}) for person in PEOPLE}
ROLES = ("submitter", "signatory", "administrator", "contract")
NAMED = st.tuples(st.sampled_from(PEOPLE), st.sampled_from(ROLES), st.booleans())
RED = Finding.error("order.visa-not-signed", "visa.signed")


@dataclass(frozen=True)
class Yes:
    """What somebody said yes to: the text they had before them."""

    who: str
    text: int


@dataclass
class Told:
    """The order's history as a witness remembers it."""

    texts: list[int] = field(default_factory=lambda: [1])
    part_of_it: set[str] = field(default_factory=set)
    yeses: list[Yes] = field(default_factory=list)
    over: bool = False


class OrderLife(RuleBasedStateMachine):
    """Officers, parties and strangers act on one order in any order, on what they saw now or before."""

    def __init__(self) -> None:
        super().__init__()
        self.state = OrderState.RECEIVED
        self.version = 1
        self.parties: list[Party] = []
        self.approvals: list[GivenApproval] = []
        self.red = False
        self.told = Told()
        self.needed = 2
        self.with_role = ""
        self.colleagues: frozenset[str] = frozenset()

    @initialize(
        named=st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(ROLES), st.booleans()), max_size=2),
        needed=st.sampled_from([2, 2, 3]),
        with_role=st.sampled_from(["", "", "authority"]),
        colleagues=st.frozensets(st.sampled_from(PEOPLE), max_size=1),
    )
    def somebody_is_part_of_it(
        self, named: list[tuple[str, str, bool]], needed: int, with_role: str, colleagues: frozenset[str]
    ) -> None:
        for person, role, by_card in named:
            self.name(person, role, by_card=by_card)
        self.needed, self.with_role, self.colleagues = needed, with_role, colleagues
        self.told.part_of_it |= colleagues

    def name(self, person: str, role: str, *, by_card: bool) -> None:
        party = Party(role, card_number=f"{person}2") if by_card else Party(role, person_id=person)
        self.parties.append(party)
        self.told.part_of_it.add(person)

    def officer(self, person: str) -> Officer:
        return Officer(
            person,
            CARDS[person],
            is_desk=person in DESK,
            card=f"{person}2",
            roles=frozenset({"authority"}) if person in AUTHORITY else frozenset(),
            structures=frozenset({"S", "other"}) if person in self.colleagues else frozenset({"other"}),
        )

    def facts(self) -> OrderFacts:
        return OrderFacts(
            "CMD",
            self.version,
            tuple(self.parties),
            tuple(self.approvals),
            structures=frozenset({"S"}),
            needed=self.needed,
            with_role=self.with_role,
            role_holders=AUTHORITY & {given.officer for given in self.approvals},
        )

    def step(self, event: OrderEvent) -> bool:
        following = ORDER_LIFE.after(self.state, event, subject="CMD").value
        if following is None:
            return False
        self.state = following
        return True

    @rule(person=st.sampled_from(PEOPLE), event=st.sampled_from([OrderEvent.TAKE, OrderEvent.ASK]))
    def the_desk_acts(self, person: str, event: OrderEvent) -> None:
        if check_officer(self.facts(), self.officer(person)) == ():
            assert person in DESK - self.told.part_of_it
            self.step(event)

    @rule()
    def the_requester_answers(self) -> None:
        self.step(OrderEvent.ANSWER)

    @rule(event=st.sampled_from([OrderEvent.REFUSE, OrderEvent.ABANDON]), patience=st.integers(0, 9))
    def somebody_has_enough(self, event: OrderEvent, patience: int) -> None:
        if patience == 0:  # seldom, or no walk would get far
            self.step(event)

    @rule(person=st.sampled_from(PEOPLE), red=st.booleans(), adds=st.integers(0, 4), by_card=st.booleans())
    def somebody_edits(self, person: str, red: bool, adds: int, by_card: bool) -> None:
        if not self.step(OrderEvent.AMEND):
            return
        self.version += 1
        self.red = red
        self.told.texts.append(self.version)
        if adds == 0:
            self.name(person, "administrator", by_card=by_card)

    @rule(person=st.sampled_from(PEOPLE), behind=st.sampled_from([0, 0, 0, 1, 2]))
    def somebody_approves(self, person: str, behind: int) -> None:
        seen = self.version - behind
        before = self.state
        try:
            ORDER_LIFE.after(self.state, OrderEvent.APPROVE, subject="CMD").require()
            reds = [RED] if self.red else []
            event = decide_approval(self.facts(), self.officer(person), version=seen, reds=reds)
        except Refused:
            assert self.state is before
            return
        assert not self.red
        assert self.step(event)
        self.approvals.append(GivenApproval(person, seen))
        self.told.yeses.append(Yes(person, seen))

    @invariant()
    def nobody_accepts_alone(self) -> None:
        if self.state is not OrderState.ACCEPTED:
            return
        sayers = {yes.who for yes in self.told.yeses if yes.text == self.told.texts[-1]}
        assert len(sayers) >= self.needed
        assert len(sayers) == self.needed or self.with_role  # no one more than that, but to wait for the role
        assert sayers & AUTHORITY or not self.with_role
        assert sayers <= DESK
        assert not sayers & self.told.part_of_it

    @invariant()
    def every_yes_is_of_somebody_who_may(self) -> None:
        for yes in self.told.yeses:
            assert yes.who in DESK

    @invariant()
    def a_decided_order_stays_decided(self) -> None:
        final = self.state in {OrderState.ACCEPTED, OrderState.REFUSED, OrderState.ABANDONED}
        assert final or not self.told.over
        self.told.over = final
        if final:
            assert ORDER_LIFE.events(self.state) == ()


class RightLife(RuleBasedStateMachine):
    """One right between accepted versions, the desk, and time."""

    def __init__(self) -> None:
        super().__init__()
        self.state = HabilitationState.ACTIVE
        self.ended = False
        self.stopped = False

    @rule(event=st.sampled_from(list(HabilitationEvent)))
    def something_happens(self, event: HabilitationEvent) -> None:
        following = HABILITATION_LIFE.after(self.state, event, subject="HAB").value
        if following is None:
            return
        self.state = following
        self.ended = self.ended or event is HabilitationEvent.WITHDRAW
        if event is HabilitationEvent.SUSPEND:
            self.stopped = True
        if event is HabilitationEvent.RESUME:
            self.stopped = False

    @invariant()
    def what_was_stopped_or_ended_does_not_serve(self) -> None:
        serves = self.state is HabilitationState.ACTIVE
        assert serves == (not self.stopped and not self.ended)


class CertificateLife(RuleBasedStateMachine):
    """One certificate between the signer, its asker and the recovery."""

    def __init__(self) -> None:
        super().__init__()
        self.state = CertificateState.INTENDED
        self.recorded = False
        self.given_up = False

    @rule(event=st.sampled_from(list(CertificateEvent)))
    def something_happens(self, event: CertificateEvent) -> None:
        following = CERTIFICATE_LIFE.after(self.state, event, subject="CRT").value
        if following is None:
            return
        self.state = following
        self.recorded = self.recorded or event is CertificateEvent.RECORD
        self.given_up = self.given_up or event in {CertificateEvent.PRESUME, CertificateEvent.ABANDON}

    @invariant()
    def what_was_given_up_is_never_handed_over(self) -> None:
        assert not (self.recorded and self.given_up)
        if self.state in {CertificateState.ISSUED, CertificateState.COLLECTED}:
            assert self.recorded


TestOrderLife = OrderLife.TestCase
TestOrderLife.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)
TestRightLife = RightLife.TestCase
TestRightLife.settings = settings(max_examples=100, deadline=None)
TestCertificateLife = CertificateLife.TestCase
TestCertificateLife.settings = settings(max_examples=100, deadline=None)

LIVES: tuple[Life[Any, Any], ...] = (
    CONTRACT_LIFE,
    ORDER_LIFE,
    HABILITATION_LIFE,
    LEAVE_LIFE,
    DEPARTURE_LIFE,
    CHANGE_LIFE,
    CERTIFICATE_LIFE,
)


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.noun)
@given(data=st.data())
def test_no_walk_leaves_the_table(life: Life[Any, Any], data: st.DataObject) -> None:
    state: StrEnum = data.draw(st.sampled_from(life.initial))
    kind: type[StrEnum] = type(next(iter(life.table))[1])
    events = list(kind)
    for _ in range(data.draw(st.integers(0, 12))):
        allowed = life.events(state)
        event = data.draw(st.sampled_from(events))
        reading = life.after(state, event, subject="x")
        assert (reading.value is not None) == (event in allowed)
        state = state if reading.value is None else reading.value
        assert state in life.states()
