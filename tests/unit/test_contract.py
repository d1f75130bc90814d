"""The contract: when it is in force, who may do what for it on which day, and what ending it asks."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sceau.catalogue import load_catalogue
from sceau.registration import (
    CONTRACT_LIFE,
    ContractEvent,
    ContractStanding,
    ContractState,
    Mandate,
    Proposal,
    StopPlan,
    Stops,
    check_contract_officer,
    check_powers,
    contract_state,
    decide_second,
    decide_stops,
    default_powers,
)
from sceau.vocabulary import Refused, errors

CATALOGUE = load_catalogue()
BEGINS, ENDS = date(2026, 1, 1), date(2026, 12, 31)
TERMINATE, SUSPEND, LETTER = (CATALOGUE.stops[code] for code in ("terminate", "suspend", "letter"))
STOPS = Stops(("CMD-1",), ("HAB-1", "HAB-2"), ("CRT-1", "CRT-2"))


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [finding.code for finding in errors(refused.value.findings)]


@pytest.mark.parametrize(
    ("day", "state"),
    [
        (BEGINS - timedelta(days=1), ContractState.NONE),
        (BEGINS, ContractState.ACTIVE),
        (ENDS, ContractState.ACTIVE),
        (ENDS + timedelta(days=1), ContractState.EXPIRED),
    ],
)
def test_a_contract_is_in_force_from_its_first_day_to_its_last(day: date, state: ContractState) -> None:
    assert contract_state(ContractStanding.ACTIVE, begins=BEGINS, ends=ENDS, day=day) is state
    for decided in (ContractStanding.SUSPENDED, ContractStanding.TERMINATED):
        assert contract_state(decided, begins=BEGINS, ends=ENDS, day=day).value == decided.value


def test_a_contract_without_a_term_does_not_expire() -> None:
    assert (
        contract_state(ContractStanding.ACTIVE, begins=BEGINS, ends=None, day=date(2999, 1, 1))
        is ContractState.ACTIVE
    )


def test_ending_is_final() -> None:
    assert CONTRACT_LIFE.final() == (ContractStanding.TERMINATED,)
    assert CONTRACT_LIFE.events(ContractStanding.TERMINATED) == ()


@given(
    st.lists(st.sampled_from(list(ContractEvent)), max_size=20),
    st.dates(min_value=date(2025, 1, 1), max_value=date(2028, 1, 1)),
)
def test_a_contract_lets_order_only_while_nothing_stopped_it(events: list[ContractEvent], day: date) -> None:
    standing, stopped, ended = ContractStanding.ACTIVE, False, False
    for event in events:
        following = CONTRACT_LIFE.after(standing, event, subject="contract").value
        if following is None:
            continue
        standing = following
        stopped = (stopped or event is ContractEvent.SUSPEND) and event is not ContractEvent.RESUME
        ended = ended or event is ContractEvent.TERMINATE
    state = contract_state(standing, begins=BEGINS, ends=ENDS, day=day)
    assert (state is ContractState.ACTIVE) == (not stopped and not ended and BEGINS <= day <= ENDS)


@pytest.mark.parametrize(
    ("day", "power", "allowed"),
    [
        (date(2026, 3, 1), "sign", True),
        (date(2026, 2, 28), "sign", False),
        (date(2026, 4, 30), "sign", True),
        (date(2026, 5, 1), "sign", False),
        (date(2026, 3, 15), "revoke", False),
    ],
)
def test_a_mandate_allows_what_it_says_for_as_long_as_it_runs(day: date, power: str, allowed: bool) -> None:
    mandate = Mandate(date(2026, 3, 1), date(2026, 4, 30), frozenset({"sign"}))
    assert mandate.allows(power, day=day) is allowed


def test_powers_are_those_of_the_catalogue() -> None:
    assert default_powers("mandataire", catalogue=CATALOGUE) == {"sign", "rights", "revoke", "file"}
    assert default_powers("passant", catalogue=CATALOGUE) == frozenset()
    assert [finding.code for finding in check_powers([], catalogue=CATALOGUE)] == ["contract.party-powerless"]
    assert [finding.code for finding in check_powers(["sign", "tout"], catalogue=CATALOGUE)] == [
        "contract.power-unknown"
    ]


def test_each_thing_that_stops_is_answered_for_itself_or_with_the_others_of_its_kind() -> None:
    plan = StopPlan({"CMD-1": "abandon", "CRT-2": "keep"}, {"rights": "withdraw", "certificates": "revoke"})
    assert decide_stops(STOPS, plan, TERMINATE) == {
        "orders": {"CMD-1": "abandon"},
        "rights": {"HAB-1": "withdraw", "HAB-2": "withdraw"},
        "certificates": {"CRT-1": "revoke", "CRT-2": "keep"},
    }


def test_what_nobody_answered_stops_the_act_and_all_of_it_is_said() -> None:
    with pytest.raises(Refused) as refused:
        decide_stops(STOPS, StopPlan({"HAB-1": "keep"}), TERMINATE)
    assert [finding.subject for finding in refused.value.findings] == ["CMD-1", "HAB-2", "CRT-1", "CRT-2"]
    assert set(codes(refused)) == {"contract.stop-unanswered"}


def test_an_answer_that_the_act_does_not_allow_is_refused() -> None:
    everything = {"orders": "keep", "rights": "withdraw", "certificates": "keep"}
    with pytest.raises(Refused) as refused:
        decide_stops(STOPS, StopPlan({}, everything), SUSPEND)
    assert codes(refused) == ["contract.stop-answer"] * 2
    decide_stops(STOPS, StopPlan({}, everything | {"rights": "suspend"}), SUSPEND)


def test_an_answer_about_something_else_is_refused() -> None:
    plan = StopPlan({"CRT-9": "revoke"}, {"orders": "keep", "rights": "keep", "certificates": "keep"})
    with pytest.raises(Refused) as refused:
        decide_stops(STOPS, plan, TERMINATE)
    assert codes(refused) == ["contract.stop-stranger"]


def test_an_act_that_touches_no_orders_asks_nothing_of_them() -> None:
    decided = decide_stops(STOPS, StopPlan({}, {"rights": "keep", "certificates": "keep"}), LETTER)
    assert decided["orders"] == {}
    with pytest.raises(Refused) as refused:
        decide_stops(
            STOPS, StopPlan({"CMD-1": "abandon"}, {"rights": "keep", "certificates": "keep"}), LETTER
        )
    assert codes(refused) == ["contract.stop-stranger"]


@given(st.data())
def test_what_is_decided_is_exactly_what_is_touched(data: st.DataObject) -> None:
    references = st.lists(st.integers(0, 30), unique=True, max_size=5)
    stops = Stops(
        *(tuple(f"{kind}{one}" for one in data.draw(references)) for kind in ("CMD-", "HAB-", "CRT-"))
    )
    plan = StopPlan(
        {one: "keep" for one in stops.rights[:1]},
        {"orders": "abandon", "rights": "withdraw", "certificates": "revoke"},
    )
    decided = decide_stops(stops, plan, TERMINATE)
    assert tuple(decided["orders"]) == stops.orders
    assert tuple(decided["rights"]) == stops.rights
    assert tuple(decided["certificates"]) == stops.certificates


def test_a_second_officer_confirms_what_the_first_one_saw() -> None:
    proposal = Proposal("alice", 2, STOPS)
    decide_second(proposal, "bruno", now=STOPS, number="C-1")
    decide_second(proposal, "bruno", now=Stops(STOPS.orders, STOPS.rights, ("CRT-1", "CRT-3")), number="C-1")
    with pytest.raises(Refused) as refused:
        decide_second(
            proposal, "alice", now=Stops(STOPS.orders, ("HAB-1",), STOPS.certificates), number="C-1"
        )
    assert codes(refused) == ["contract.same-officer", "contract.stops-changed"]


def test_nobody_decides_on_a_contract_that_names_them_nor_without_a_card() -> None:
    found = check_contract_officer(
        "C-1", officer_cards={"2500000001"}, party_cards={"2500000001"}, has_card=False
    )
    assert [finding.code for finding in found] == ["contract.card-needed", "contract.own"]
    assert check_contract_officer("C-1", officer_cards={"1"}, party_cards={"2"}, has_card=True) == ()
