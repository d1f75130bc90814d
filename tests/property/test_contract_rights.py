"""A contract's life × its rights' × time: nothing that was stopped lets a right serve [decision 17].

The witness remembers what was done in its own words (who was stopped, since when, until when) and never reads
the tables.
"""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sceau.catalogue import load_catalogue
from sceau.registration import (
    CONTRACT_LIFE,
    HABILITATION_LIFE,
    LEAVE_LIFE,
    CardStatus,
    Channel,
    ContractEvent,
    ContractStanding,
    HabilitationEvent,
    HabilitationState,
    HabilitationStatus,
    Leave,
    LeaveEvent,
    LeaveForm,
    LeaveState,
    RightQuestion,
    Scope,
    ScopeKind,
    contract_state,
    decide_right,
    leave_standing,
)
from sceau.vocabulary import HostName, errors, read_ok

CATALOGUE = load_catalogue()
BEGINS = date(2026, 1, 1)
NAME = HostName("autre-exemple.fr")
SCOPE = Scope(ScopeKind.DOMAIN, NAME)
USES = (frozenset[str](), frozenset({"SERV_SSL"}), frozenset({"SERV_SIGN"}))
STATUS = {
    HabilitationState.ACTIVE: HabilitationStatus.APPROVED,
    HabilitationState.SUSPENDED: HabilitationStatus.SUSPENDED,
    HabilitationState.WITHDRAWN: HabilitationStatus.WITHDRAWN,
}


class FileLife(RuleBasedStateMachine):
    """One contract, one right on it, one leave that it rests on, and days that go by."""

    def __init__(self) -> None:
        super().__init__()
        self.day = BEGINS
        self.contract, self.ends = ContractStanding.ACTIVE, date(2026, 12, 31)
        self.right = HabilitationState.ACTIVE
        self.leave, self.lent_until, self.use = LeaveState.RECEIVED, date(2026, 6, 30), USES[0]
        self.contract_stopped = self.contract_ended = False
        self.right_stopped = self.right_ended = False
        self.verified = self.taken_back = False

    @rule(days=st.integers(-40, 90))
    def time_passes(self, days: int) -> None:
        self.day = max(date(2025, 12, 1), self.day + timedelta(days=days))

    @rule(event=st.sampled_from(list(ContractEvent)), months=st.integers(0, 24))
    def something_happens_to_the_contract(self, event: ContractEvent, months: int) -> None:
        following = CONTRACT_LIFE.after(self.contract, event, subject="contract").value
        if following is None:
            return
        self.contract = following
        self.contract_stopped |= event is ContractEvent.SUSPEND
        self.contract_ended |= event is ContractEvent.TERMINATE
        if event is ContractEvent.RESUME:
            self.contract_stopped = False
        if event is ContractEvent.RENEW:
            self.ends = BEGINS + timedelta(days=30 * months)

    @rule(event=st.sampled_from(list(HabilitationEvent)))
    def something_happens_to_the_right(self, event: HabilitationEvent) -> None:
        following = HABILITATION_LIFE.after(self.right, event, subject="right").value
        if following is None:
            return
        self.right = following
        self.right_stopped |= event is HabilitationEvent.SUSPEND
        self.right_ended |= event is HabilitationEvent.WITHDRAW
        if event is HabilitationEvent.RESUME:
            self.right_stopped = False

    @rule(event=st.sampled_from(list(LeaveEvent)))
    def something_happens_to_the_leave(self, event: LeaveEvent) -> None:
        following = LEAVE_LIFE.after(self.leave, event, subject="leave").value
        if following is None:
            return
        self.leave = following
        if event is LeaveEvent.VERIFY:
            self.verified = True
        if event in {LeaveEvent.LAPSE, LeaveEvent.REFUSE}:
            self.verified = False
        self.taken_back |= event is LeaveEvent.WITHDRAW

    @rule(use=st.sampled_from(USES), days=st.integers(0, 400))
    def another_leave_is_received(self, use: frozenset[str], days: int) -> None:
        if self.taken_back or self.leave is LeaveState.REFUSED:
            self.leave, self.verified, self.taken_back = LeaveState.RECEIVED, False, False
            self.use, self.lent_until = use, BEGINS + timedelta(days=days)

    @invariant()
    def the_right_serves_exactly_when_nothing_stops_it(self) -> None:
        leave = Leave(
            reference="ACC",
            form=LeaveForm.PAPER,
            state=self.leave,
            name=NAME,
            whole=True,
            products=self.use,
            begins=BEGINS,
            ends=self.lent_until,
            signed=True,
            id_copy=True,
        )
        question = RightQuestion(
            product="SERV_SSL",
            habilitated=("SERV_SSL",),
            scope=read_ok(SCOPE),
            requested=("www.autre-exemple.fr",),
            contract=contract_state(self.contract, begins=BEGINS, ends=self.ends, day=self.day),
            habilitation=STATUS[self.right],
            card_type="CPA",
            card_status=CardStatus.VALID,
            admin_designated=True,
            holder_letter=leave_standing(leave, scope=SCOPE, product="SERV_SSL", day=self.day),
            channel=Channel.FORM_413,
        )
        serves = not errors(decide_right(question, catalogue=CATALOGUE))
        contract = not self.contract_stopped and not self.contract_ended and BEGINS <= self.day <= self.ends
        right = not self.right_stopped and not self.right_ended
        lent = self.verified and not self.taken_back and BEGINS <= self.day <= self.lent_until
        assert serves == (contract and right and lent and "SERV_SIGN" not in self.use)


TestFileLife = FileLife.TestCase
TestFileLife.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
