"""The right to order: one refusal for each fact that is not as it must be, and all of them at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sceau.catalogue import load_catalogue
from sceau.registration import (
    CardStatus,
    Channel,
    ContractState,
    HabilitationStatus,
    HolderLetter,
    RightQuestion,
    Scope,
    ScopeKind,
    decide_right,
)
from sceau.vocabulary import HostName, errors, read_ok

CATALOGUE = load_catalogue()
GOOD = RightQuestion(
    product="SERV_SSL",
    habilitated=("SERV_SSL",),
    scope=read_ok(Scope(ScopeKind.DOMAIN, HostName("mon-domaine.fr"))),
    requested=("www.mon-domaine.fr",),
    contract=ContractState.ACTIVE,
    habilitation=HabilitationStatus.APPROVED,
    card_type="CPS",
    card_status=CardStatus.VALID,
    admin_designated=True,
    holder_letter=HolderLetter.NOT_NEEDED,
    channel=Channel.FORM_413,
)
OWN = replace(
    GOOD,
    product="PS_SIGN",
    habilitated=(),
    scope=None,
    requested=(),
    contract=ContractState.NONE,
    habilitation=HabilitationStatus.NONE,
    admin_designated=False,
    holder_letter=HolderLetter.MISSING,
    channel=Channel.PS_DIRECT,
)


def refusals(question: RightQuestion) -> list[str]:
    return [finding.code for finding in errors(decide_right(question, catalogue=CATALOGUE))]


def test_a_right_in_order_is_given_and_says_so() -> None:
    found = decide_right(GOOD, catalogue=CATALOGUE)
    assert not errors(found)
    assert found[-1].code == "right.given"


def test_a_refusal_never_says_that_the_right_is_given() -> None:
    found = decide_right(replace(GOOD, contract=ContractState.EXPIRED), catalogue=CATALOGUE)
    assert "right.given" not in {finding.code for finding in found}


def test_a_professional_s_card_needs_no_contract_no_habilitation_and_no_designation() -> None:
    assert refusals(OWN) == []


@pytest.mark.parametrize("state", [state for state in ContractState if state is not ContractState.ACTIVE])
def test_only_an_active_contract_serves(state: ContractState) -> None:
    assert refusals(replace(GOOD, contract=state)) == [f"right.contract-{state}"]
    assert refusals(replace(OWN, contract=state)) == []


@pytest.mark.parametrize("state", [s for s in HabilitationStatus if s is not HabilitationStatus.APPROVED])
def test_only_an_approved_habilitation_serves(state: HabilitationStatus) -> None:
    assert len(refusals(replace(GOOD, habilitation=state))) == 1
    assert refusals(replace(OWN, habilitation=state)) == []


@pytest.mark.parametrize("state", [state for state in CardStatus if state is not CardStatus.VALID])
def test_only_a_valid_card_serves_on_either_channel(state: CardStatus) -> None:
    for question in (GOOD, OWN):
        assert len(refusals(replace(question, card_status=state))) == 1


@pytest.mark.parametrize("letter", list(HolderLetter))
def test_a_letter_is_not_needed_or_verified(letter: HolderLetter) -> None:
    good = letter in {HolderLetter.NOT_NEEDED, HolderLetter.VERIFIED}
    assert len(refusals(replace(GOOD, holder_letter=letter))) == (0 if good else 1)


@pytest.mark.parametrize("card", [*CATALOGUE.cards, "CPX", "", "CPE"])
def test_cards_are_those_of_the_notice_and_service_cards_are_refused_by_name(card: str) -> None:
    eligible = card in {"CPS", "CDE", "CPE_NOMINATIVE", "CDA", "CPA"}
    assert (refusals(replace(GOOD, card_type=card)) == []) == eligible
    assert (refusals(replace(OWN, card_type=card)) == []) == (card == "CPS")
    if card.endswith("_SERVICE"):
        assert refusals(replace(GOOD, card_type=card)) == ["right.service-card"]


@pytest.mark.parametrize("product", CATALOGUE.products)
def test_each_product_has_one_channel(product: str) -> None:
    own = product.startswith("PS_")
    on_form = refusals(replace(GOOD, product=product, habilitated=(product,)))
    direct = refusals(replace(OWN, product=product))
    assert ("right.ps-not-on-form" in on_form) == own
    assert ("right.form-needed" in direct) == (not own)


def test_a_product_that_is_none_and_one_that_is_not_on_the_form() -> None:
    assert refusals(replace(GOOD, product="SERV_TLS")) == ["right.product-unknown"]
    assert refusals(replace(GOOD, habilitated=("SERV_SIGN",))) == ["right.product-not-habilitated"]
    assert refusals(replace(GOOD, habilitated=())) == ["right.product-not-habilitated"]


def test_no_name_is_no_right() -> None:
    assert refusals(replace(GOOD, requested=())) == ["names.none"]


def test_every_name_counts() -> None:
    assert refusals(replace(GOOD, requested=("www.mon-domaine.fr", "evil.fr"))) == ["scope.outside"]


def test_a_host_product_without_a_scope_is_refused() -> None:
    assert refusals(replace(GOOD, scope=None)) == ["scope.missing"]


def test_an_org_product_carries_no_host_name_and_no_mailbox() -> None:
    """[ASSURANCE T19]"""
    org = replace(GOOD, product="ORG_SIGN", habilitated=("ORG_SIGN",), scope=None, requested=())
    assert refusals(org) == []
    assert refusals(replace(org, requested=("DRIMbox",))) == []
    assert refusals(replace(org, requested=("www.mon-domaine.fr",))) == ["right.org-host-name"]
    assert refusals(replace(org, requested=("a@mon-domaine.fr",))) == ["application.character"]
    assert refusals(replace(org, scope=GOOD.scope)) == ["scope.not-for-product"]
    assert refusals(replace(org, scope=GOOD.scope, habilitated=("ORG_SIGN", "SERV_SSL"))) == []


def test_a_professional_asks_for_no_name() -> None:
    assert refusals(replace(OWN, requested=("a@mon-domaine.fr",))) == ["right.own-card-no-name"]


def test_all_reasons_are_told_at_once() -> None:
    worst = replace(
        GOOD,
        habilitated=("SERV_TLS",),
        requested=("*.evil.fr",),
        contract=ContractState.EXPIRED,
        habilitation=HabilitationStatus.WITHDRAWN,
        card_type="CPE_SERVICE",
        card_status=CardStatus.LOST,
        admin_designated=False,
        holder_letter=HolderLetter.VERIFIED_THEN_WITHDRAWN,
    )
    assert set(refusals(worst)) == {
        "right.habilitated-unknown",
        "right.product-not-habilitated",
        "host.wildcard",
        "right.contract-expired",
        "right.habilitation-withdrawn",
        "right.service-card",
        "right.card-lost",
        "right.admin-not-designated",
        "right.letter-withdrawn",
    }


def test_only_true_designates() -> None:
    doubtful: object = "true"
    assert refusals(replace(GOOD, admin_designated=doubtful)) == ["right.admin-not-designated"]  # type: ignore[arg-type]
