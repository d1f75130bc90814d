"""What of a warrant is worked out before the names are known changes nothing of what is given or refused."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sceau.registration import (
    CardStatus,
    ContractState,
    Entitlement,
    HabilitationStatus,
    Scope,
    ScopeKind,
    decide_names,
    entitlement_of,
)
from sceau.registration.naming import plainly_covered
from sceau.vocabulary import HostName, Refused
from tests.unit.test_warrant import ANNE, AT, CARD, CATALOGUE, PAUL, SERVER

_SOME = (
    *("a.mon-domaine.fr", "mon-domaine.fr", "A.mon-domaine.fr", "b.c.mon-domaine.fr", "autre.fr", "fr", ""),
    *("xn--a.mon-domaine.fr", f"{'a' * 60}.mon-domaine.fr", "*.mon-domaine.fr", "x@mon-domaine.fr"),
)
_NAMES = st.lists(st.sampled_from(_SOME) | st.text(alphabet="ab-.", max_size=12), max_size=4)
_SCOPES = [Scope(kind, HostName("mon-domaine.fr")) for kind in ScopeKind]


@given(names=_NAMES, scope=st.sampled_from(_SCOPES))
def test_names_that_are_plainly_covered_are_decided_so_the_long_way(names: list[str], scope: Scope) -> None:
    product = "SERV_S/MIME" if scope.kind is ScopeKind.MAIL else "SERV_SSL"
    covered = plainly_covered(scope, names)
    if covered is not None:
        assert decide_names(product, scope, names, CATALOGUE).require() == covered


@given(
    names=_NAMES,
    scope=st.sampled_from([None, *_SCOPES]),
    product=st.sampled_from(sorted(CATALOGUE.products)),
    changes=st.dictionaries(
        st.sampled_from(["person", "status", "contract", "product", "past", "card"]), st.just(1), max_size=2
    ),
)
def test_a_warrant_is_given_or_refused_alike_whatever_is_worked_out_before_the_names(
    names: list[str], scope: Scope | None, product: str, changes: dict[str, int]
) -> None:
    right = replace(SERVER, scope=scope, product="ORG_SIGN" if "product" in changes else product)
    right = replace(right, person_id=PAUL.national_id) if "person" in changes else right
    right = replace(right, status=HabilitationStatus.SUSPENDED) if "status" in changes else right
    right = replace(right, contract=ContractState.EXPIRED) if "contract" in changes else right
    right = replace(right, valid_until=AT) if "past" in changes else right
    card = replace(CARD, status=CardStatus.LOST) if "card" in changes else CARD
    entitled = entitlement_of(
        habilitation=right, person=ANNE, card=card, product=product, at=AT, catalogue=CATALOGUE
    )
    assert not (entitled.is_clear and changes)
    assert _given_or_not(entitled, names) == _given_or_not(replace(entitled, is_clear=False), names)


def _given_or_not(entitled: Entitlement, names: list[str]) -> object:
    try:
        return entitled.warrant(names)
    except Refused as refused:
        return refused.findings


def test_a_clear_entitlement_gives_a_warrant_without_the_long_way() -> None:
    entitled = entitlement_of(
        habilitation=SERVER, person=ANNE, card=CARD, product="SERV_SSL", at=AT, catalogue=CATALOGUE
    )
    assert entitled.is_clear
    assert entitled.warrant(["a.mon-domaine.fr"]).names == (HostName("a.mon-domaine.fr"),)
