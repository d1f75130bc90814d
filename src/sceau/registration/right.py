"""The right: may this product be ordered, by this card, under this contract, for these names, now?

One rule for every door: `explain right` asks it of invented facts, `warrant` of recorded ones. All reasons
at once. What it does not decide: whether the facts are true (the desk, the registers, the card door), and
the CSR.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from sceau.catalogue import Catalogue, How, NameNeed, Product
from sceau.registration.facts import (
    CardStatus,
    Channel,
    ContractState,
    HabilitationStatus,
    HolderLetter,
)
from sceau.registration.naming import Name, decide_declared_names, decide_names
from sceau.registration.scope import Scope
from sceau.vocabulary import Finding, Reading, displayed, errors, read_host_name

S = TypeVar("S")
_MOST_SAID = 20  # unknown codes that are named, of a list that may have any length

_CONTRACT: dict[ContractState, Finding] = {
    ContractState.SUSPENDED: Finding.error("right.contract-suspended", "contract"),
    ContractState.EXPIRED: Finding.error("right.contract-expired", "contract"),
    ContractState.TERMINATED: Finding.error("right.contract-terminated", "contract"),
    ContractState.NONE: Finding.error("right.contract-none", "contract"),
}
_HABILITATION: dict[HabilitationStatus, Finding] = {
    HabilitationStatus.DRAFT: Finding.error("right.habilitation-draft", "habilitation"),
    HabilitationStatus.SUBMITTED: Finding.error("right.habilitation-submitted", "habilitation"),
    HabilitationStatus.APPROVED_BY_ONE: Finding.error("right.habilitation-one-officer", "habilitation"),
    HabilitationStatus.REJECTED: Finding.error("right.habilitation-rejected", "habilitation"),
    HabilitationStatus.SUSPENDED: Finding.error("right.habilitation-suspended", "habilitation"),
    HabilitationStatus.WITHDRAWN: Finding.error("right.habilitation-withdrawn", "habilitation"),
    HabilitationStatus.EXPIRED: Finding.error("right.habilitation-expired", "habilitation"),
    HabilitationStatus.NONE: Finding.error("right.habilitation-none", "habilitation"),
}
_LETTER: dict[HolderLetter, Finding] = {
    HolderLetter.MISSING: Finding.error("right.letter-missing", "holder_letter"),
    HolderLetter.RECEIVED_UNSIGNED: Finding.error("right.letter-unsigned", "holder_letter"),
    HolderLetter.RECEIVED_NO_ID_COPY: Finding.error("right.letter-no-identity-copy", "holder_letter"),
    HolderLetter.RECEIVED_UNVERIFIED: Finding.error("right.letter-unverified", "holder_letter"),
    HolderLetter.VERIFIED_OTHER_USE: Finding.error("right.letter-other-use", "holder_letter"),
    HolderLetter.VERIFIED_OTHER_DOMAIN: Finding.error("right.letter-other-domain", "holder_letter"),
    HolderLetter.VERIFIED_THEN_WITHDRAWN: Finding.error("right.letter-withdrawn", "holder_letter"),
    HolderLetter.VERIFIED_THEN_ENDED: Finding.error("right.letter-ended", "holder_letter"),
}
_CARD: dict[CardStatus, Finding] = {
    CardStatus.REVOKED: Finding.error("right.card-revoked", "card"),
    CardStatus.EXPIRED: Finding.error("right.card-expired", "card"),
    CardStatus.SUSPENDED: Finding.error("right.card-suspended", "card"),
    CardStatus.LOST: Finding.error("right.card-lost", "card"),
    CardStatus.NOT_YET_VALID: Finding.error("right.card-not-yet-valid", "card"),
    CardStatus.UNKNOWN: Finding.error("right.card-status-unknown", "card"),
}


@dataclass(frozen=True, slots=True)
class RightQuestion:
    """Everything the rule looks at. `scope` is None where there is none, else what was declared, as read.

    `habilitated` are the product codes of the habilitation, `requested` the names as typed (of any type
    when they come from a machine).
    """

    product: str
    habilitated: tuple[str, ...]
    scope: Reading[Scope] | None
    requested: tuple[object, ...]
    contract: ContractState
    habilitation: HabilitationStatus
    card_type: str
    card_status: CardStatus
    admin_designated: bool
    holder_letter: HolderLetter
    channel: Channel


def decide_right(
    question: RightQuestion, *, catalogue: Catalogue, decided: Reading[tuple[Name, ...]] | None = None
) -> tuple[Finding, ...]:
    """Every finding about the right; without an error among them, it may be ordered. `decided` is what
    `decide_names` gave for the same product, scope and names, where the caller has asked already.

    A professional's own card needs neither contract, habilitation nor designation [N413 1, Commande de
    certificats sans formulaire]: they are not looked at on that channel.
    """
    product = catalogue.products.get(question.product)
    if product is None:
        return (Finding.error("right.product-unknown", displayed(question.product)),)
    found = _check_channel(product, question.channel, catalogue)
    found += _check_card(question, catalogue)
    if question.channel is Channel.PS_DIRECT:
        found += _check_own_names(product, question)
    else:
        found += _check_file(question) + _check_products(question, catalogue)
        found += _check_names(product, question, catalogue, decided)
    if errors(found):
        return found
    return (*found, _given(product.code))


@lru_cache(maxsize=64)
def _given(product: str) -> Finding:
    return Finding.info("right.given", product)


def _check_channel(product: Product, channel: Channel, catalogue: Catalogue) -> tuple[Finding, ...]:
    how = catalogue.offers[product.offer].how
    if how is How.PS_DIRECT and channel is not Channel.PS_DIRECT:
        return (Finding.error("right.ps-not-on-form", product.code),)
    if how is How.FORM_413 and channel is not Channel.FORM_413:
        return (Finding.error("right.form-needed", product.code),)
    return ()


def _check_card(question: RightQuestion, catalogue: Catalogue) -> tuple[Finding, ...]:
    """The card that asks: its type by the notice's list (service cards refused by name), and its status."""
    return _check_card_type(question, catalogue) + _refusal_of(_CARD, question.card_status, CardStatus.VALID)


def _check_card_type(question: RightQuestion, catalogue: Catalogue) -> tuple[Finding, ...]:
    card = catalogue.cards.get(question.card_type)
    if card is None:
        return (Finding.error("right.card-type-unknown", displayed(question.card_type)),)
    if not card.nominative:
        return (Finding.error("right.service-card", card.label),)
    if not card.eligible:
        return (Finding.error("right.card-not-eligible", card.label),)
    if question.channel is Channel.PS_DIRECT and not card.own_card:
        return (Finding.error("right.not-an-own-card", card.label),)
    return ()


def _check_file(question: RightQuestion) -> tuple[Finding, ...]:
    """Contract, habilitation, designation, holder's letter: each as it stands now [F31]."""
    found = _refusal_of(_CONTRACT, question.contract, ContractState.ACTIVE)
    found += _refusal_of(_HABILITATION, question.habilitation, HabilitationStatus.APPROVED)
    if question.admin_designated is not True:
        found += (Finding.error("right.admin-not-designated", "admin_designated"),)
    return found + _refusal_of(
        _LETTER, question.holder_letter, HolderLetter.NOT_NEEDED, HolderLetter.VERIFIED
    )


def _refusal_of(table: Mapping[S, Finding], state: S, *good: S) -> tuple[Finding, ...]:
    """Nothing for a good state, the finding of any other; a state that has none is a defect, never a pass."""
    return () if state in good else (table[state],)


def _check_products(question: RightQuestion, catalogue: Catalogue) -> tuple[Finding, ...]:
    """The product is on the form [T19]; a code that is none of the thirteen makes the whole list doubtful."""
    if question.habilitated == (question.product,) and question.product in catalogue.products:
        return ()
    unknown = [code for code in dict.fromkeys(question.habilitated) if code not in catalogue.products]
    found = tuple(
        Finding.error("right.habilitated-unknown", displayed(code)) for code in unknown[:_MOST_SAID]
    )
    if question.product not in question.habilitated:
        found += (Finding.error("right.product-not-habilitated", question.product),)
    return found


def _check_names(
    product: Product,
    question: RightQuestion,
    catalogue: Catalogue,
    decided: Reading[tuple[Name, ...]] | None,
) -> tuple[Finding, ...]:
    if product.name_need is NameNeed.APPLICATION:
        return _check_application(product, question, catalogue)
    if product.scope_family is None:
        return ()  # a PS product: refused by its channel
    if decided is not None:
        return decided.findings
    return decide_declared_names(product.code, question.scope, question.requested, catalogue).findings


def _check_application(
    product: Product, question: RightQuestion, catalogue: Catalogue
) -> tuple[Finding, ...]:
    """ORG: no domain, host name or mailbox [T19, decision 13]; an application name may be given already."""
    found = _check_needless_scope(product, question, catalogue)
    if not question.requested:
        return found
    for name in question.requested:
        if isinstance(name, str) and read_host_name(name).value is not None:
            found += (Finding.error("right.org-host-name", displayed(name), product=product.code),)
    return found + decide_names(product.code, None, question.requested, catalogue).findings


def _check_needless_scope(
    product: Product, question: RightQuestion, catalogue: Catalogue
) -> tuple[Finding, ...]:
    """A scope beside an ORG product: another habilitated product's if one needs it, else misunderstood."""
    if question.scope is None:
        return ()
    known = (catalogue.products.get(code) for code in question.habilitated)
    if question.scope.value is None or not any(other and other.scope_family for other in known):
        return (
            *question.scope.findings,
            Finding.error("scope.not-for-product", "declared", product=product.code),
        )
    return (Finding.info("right.scope-of-others", "scope", product=product.code),)


def _check_own_names(product: Product, question: RightQuestion) -> tuple[Finding, ...]:
    """PS: identity from the card alone; its mailbox is confirmed by a code, not asked here [decision 14]."""
    found = question.scope.findings if question.scope is not None and question.scope.value is None else ()
    if question.requested and product.scope_family is None and product.name_need is NameNeed.MAILBOX:
        found += (Finding.error("right.own-card-no-name", "requested", product=product.code),)
    return found
