"""The leave of a domain's holder: what it covers, for what, until when [N413 4.2, T08, F31]."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sceau.catalogue import load_catalogue
from sceau.registration import (
    LEAVE_LIFE,
    HolderLetter,
    Leave,
    LeaveEvent,
    LeaveForm,
    LeaveState,
    Scope,
    ScopeKind,
    challenge_text,
    check_leave,
    choose_leave,
    leave_standing,
)
from sceau.vocabulary import HostName

CATALOGUE = load_catalogue()
DAY = date(2026, 11, 24)
NAME = HostName("autre-exemple.fr")
SCOPE = Scope(ScopeKind.DOMAIN, NAME)
LEAVE = Leave(
    reference="ACC-1",
    form=LeaveForm.PAPER,
    state=LeaveState.STANDING,
    name=NAME,
    whole=True,
    products=frozenset(),
    begins=date(2026, 1, 1),
    signed=True,
    id_copy=True,
)


def but(**changes: Any) -> Leave:
    kept = {name: getattr(LEAVE, name) for name in Leave.__slots__}
    return Leave(**kept | changes)


@pytest.mark.parametrize(
    ("leave", "scope", "covered"),
    [
        (LEAVE, SCOPE, True),
        (LEAVE, Scope(ScopeKind.SERVER, HostName("www.autre-exemple.fr")), True),
        (LEAVE, Scope(ScopeKind.MAIL, NAME), True),
        (LEAVE, Scope(ScopeKind.DOMAIN, HostName("unautre-exemple.fr")), False),
        (LEAVE, Scope(ScopeKind.SERVER, HostName("autre-exemple.fr.evil.fr")), False),
        (but(name=HostName("www.autre-exemple.fr")), SCOPE, False),
        (but(whole=False), SCOPE, False),
        (but(whole=False), Scope(ScopeKind.SERVER, NAME), True),
        (but(whole=False), Scope(ScopeKind.MAIL, NAME, restricted=True), True),
        (but(whole=False), Scope(ScopeKind.SERVER, HostName("www.autre-exemple.fr")), False),
    ],
)
def test_a_leave_covers_its_name_and_what_lies_below_it_and_nothing_wider(
    leave: Leave, scope: Scope, covered: bool
) -> None:
    assert leave.covers(scope) is covered
    standing = leave_standing(leave, scope=scope, product="SERV_SSL", day=DAY)
    assert (standing is HolderLetter.VERIFIED) is covered
    assert (standing is HolderLetter.VERIFIED_OTHER_DOMAIN) is not covered


def test_a_leave_for_the_dmp_gives_no_mail_server_and_no_web_server() -> None:
    leave = but(products=frozenset(CATALOGUE.leave_uses["dmp"].products))
    mail = Scope(ScopeKind.MAIL, NAME)
    assert leave_standing(leave, scope=mail, product="SERV_SIGN", day=DAY) is HolderLetter.VERIFIED
    for product in ("SERV_CONF", "PRO_AUTH", "SERV_SSL"):
        assert leave_standing(leave, scope=mail, product=product, day=DAY) is HolderLetter.VERIFIED_OTHER_USE


@given(
    state=st.sampled_from(list(LeaveState)),
    form=st.sampled_from(list(LeaveForm)),
    signed=st.booleans(),
    id_copy=st.booleans(),
    day=st.dates(min_value=date(2025, 6, 1), max_value=date(2027, 6, 1)),
    ends=st.none() | st.dates(min_value=date(2026, 1, 1), max_value=date(2027, 1, 1)),
)
def test_only_a_verified_leave_that_runs_gives_anything(
    state: LeaveState, form: LeaveForm, signed: bool, id_copy: bool, day: date, ends: date | None
) -> None:
    leave = but(state=state, form=form, signed=signed, id_copy=id_copy, ends=ends)
    standing = leave_standing(leave, scope=SCOPE, product="SERV_SSL", day=day)
    runs = leave.begins <= day and (ends is None or day <= ends)
    assert (standing is HolderLetter.VERIFIED) == (state is LeaveState.STANDING and runs)


def test_what_was_withdrawn_is_withdrawn_for_ever_and_a_lapsed_record_may_come_back() -> None:
    assert LEAVE_LIFE.final() == (LeaveState.REFUSED, LeaveState.WITHDRAWN)
    assert LEAVE_LIFE.after(LeaveState.LAPSED, LeaveEvent.VERIFY, subject="x").value is LeaveState.STANDING


@given(
    st.lists(
        st.tuples(st.sampled_from(list(LeaveState)), st.booleans(), st.booleans(), st.integers(-400, 400)),
        max_size=6,
    )
)
def test_of_several_leaves_one_that_serves_is_chosen_if_there_is_any(rows: list[Any]) -> None:
    leaves = [
        but(
            reference=f"ACC-{at}",
            state=state,
            name=NAME if mine else HostName("ailleurs.fr"),
            products=frozenset() if any_use else frozenset({"SERV_SIGN"}),
            ends=DAY + timedelta(days=days) if days else None,
            begins=date(2020, 1, 1),
        )
        for at, (state, mine, any_use, days) in enumerate(rows)
    ]
    standing, chosen = choose_leave(leaves, scope=SCOPE, product="SERV_SSL", day=DAY)
    serving = [
        leave.reference
        for leave in leaves
        if leave_standing(leave, scope=SCOPE, product="SERV_SSL", day=DAY) is HolderLetter.VERIFIED
    ]
    assert (standing is HolderLetter.VERIFIED) == bool(serving)
    assert not serving or (chosen is not None and chosen.reference in serving)


def test_a_scope_that_nobody_settled_rests_on_no_leave() -> None:
    assert choose_leave([LEAVE], scope=None, product="SERV_SSL", day=DAY) == (HolderLetter.MISSING, None)


def test_a_leave_is_for_products_that_carry_a_name_and_ends_after_it_began() -> None:
    assert check_leave(name=NAME, products=["SERV_SSL"], begins=DAY, ends=DAY, catalogue=CATALOGUE) == ()
    found = check_leave(
        name=NAME,
        products=["ORG_SIGN", "RIEN", "PS_AUTH"],
        begins=DAY,
        ends=DAY - timedelta(days=1),
        catalogue=CATALOGUE,
    )
    assert [finding.code for finding in found] == ["letter.product"] * 3 + ["letter.dates"]


def test_a_challenge_says_what_is_lent_to_whom_and_for_what() -> None:
    text = challenge_text(structure="318751275100020", name=NAME, use="dmp", token="jeton-1")
    others = {
        challenge_text(structure="335600000000048", name=NAME, use="dmp", token="jeton-1"),
        challenge_text(structure="318751275100020", name=HostName("b.fr"), use="dmp", token="jeton-1"),
        challenge_text(structure="318751275100020", name=NAME, use="any", token="jeton-1"),
        challenge_text(structure="318751275100020", name=NAME, use="dmp", token="jeton-2"),
    }
    assert len(others) == 4
    assert text not in others
    assert text.isascii()
