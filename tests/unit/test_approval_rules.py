"""By which rule an order is accepted, and the figures told from counts."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sceau.catalogue import ApprovalRule, Risk, load_catalogue
from sceau.registration import (
    NO_WEIGHT,
    OrderWeight,
    figures_of,
    rule_for,
    rules_as_text,
    rules_from_text,
    seconds_of,
    size_of,
)

EVERY = ApprovalRule("every", "Toutes", 2, "", (), 0, (), "test")
SERVER = replace(EVERY, code="server", officers=3, offers=("serv-ssl",))
MANY = replace(EVERY, code="many", officers=4, rights_from=10)
RISKY = replace(EVERY, code="risky", with_role="authority", risks=(Risk.LENT_NAME,))
RULES = (EVERY, SERVER, MANY, RISKY)


def weight(*offers: str, rights: int = 1, risks: tuple[Risk, ...] = ()) -> OrderWeight:
    return OrderWeight(frozenset(offers), rights, frozenset(risks))


@pytest.mark.parametrize(
    ("heavy", "code"),
    [
        (weight("org"), "every"),
        (weight("org", "serv-ssl"), "server"),
        (weight("serv-ssl", rights=9), "server"),
        (weight("serv-ssl", rights=10), "many"),
        (weight("org", risks=(Risk.LENT_NAME,)), "risky"),
        (weight("org", risks=(Risk.WHOLE_DOMAIN,)), "every"),
        (weight("serv-ssl", risks=(Risk.LENT_NAME,)), "server"),
        (NO_WEIGHT, "every"),
    ],
)
def test_the_rule_that_asks_for_most_counts(heavy: OrderWeight, code: str) -> None:
    assert rule_for(RULES, heavy).code == code


def test_what_is_kept_is_what_is_read_back() -> None:
    assert rules_from_text(rules_as_text(RULES)) == RULES
    shipped = tuple(load_catalogue().desk.approvals.values())
    assert rules_from_text(rules_as_text(shipped)) == shipped


def test_a_kept_rule_never_asks_for_one_officer() -> None:
    alone = rules_as_text([EVERY]).replace('"officers": 2', '"officers": 1')
    assert rules_from_text(alone)[0].officers == 2


def test_without_a_rule_for_every_order_there_is_none() -> None:
    with pytest.raises(ValueError, match="no rule"):
        rule_for((SERVER,), weight("org"))


@given(st.lists(st.integers(2, 10**8), min_size=1, max_size=200))
def test_the_median_from_counts_is_right_to_a_tenth_or_so(stays: list[int]) -> None:
    told = figures_of(Counter(size_of(stay) for stay in stays), late=0)
    assert told.count == len(stays)
    assert told.median is not None
    true = statistics.median_low(stays)
    assert true * 0.9 - 1 <= told.median <= true * 1.1 + 1


def test_of_no_stay_nothing_is_told() -> None:
    assert figures_of({}, late=0).median is None
    assert (size_of(0), seconds_of(0)) == (0, 0)
