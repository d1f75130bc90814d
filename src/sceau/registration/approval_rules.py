"""By which rule an order is accepted, from what it asks for and the rules that stood when it came in.

The rules are data (`catalogue`), written down with the order as a text: what the catalogue says later is for
later orders. Several may be an order's: the one that asks for most counts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from sceau.catalogue import FEWEST_OFFICERS, ApprovalRule, Risk
from sceau.registration.form413 import Form413, NameOwner
from sceau.registration.scope import ScopeKind


@dataclass(frozen=True, slots=True)
class OrderWeight:
    """What makes an order dear: its offers, how many rights it opens, the risks it bears."""

    offers: frozenset[str]
    rights: int
    risks: frozenset[Risk]


NO_WEIGHT = OrderWeight(frozenset(), 0, frozenset())
"""Of a form that cannot be read yet: nothing of it can be approved either."""


def weigh_order(form: Form413 | None) -> OrderWeight:
    """The weight of a form, as read."""
    if form is None:
        return NO_WEIGHT
    risks = set()
    for line in form.offers:
        if line.owner is NameOwner.HOLDER:
            risks.add(Risk.LENT_NAME)
        if line.kind is ScopeKind.DOMAIN:
            risks.add(Risk.WHOLE_DOMAIN)
    products = sum(len(line.products) for line in form.offers)
    return OrderWeight(
        frozenset(line.offer for line in form.offers), products * len(form.administrators), frozenset(risks)
    )


def rule_for(rules: Sequence[ApprovalRule], weight: OrderWeight) -> ApprovalRule:
    """The rule by which an order of this weight is accepted. Never fewer officers than two.

    Raises `ValueError` when no rule is for every order: the catalogue and the records refuse such a table.
    """
    found = [rule for rule in rules if _is_for(rule, weight)]
    if not found:
        raise ValueError("no rule of approval is for this order")
    return max(found, key=lambda rule: (rule.officers, bool(rule.with_role)))


def rules_as_text(rules: Iterable[ApprovalRule]) -> str:
    """The rules as canonical JSON, to be kept with an order."""
    return json.dumps([asdict(rule) for rule in rules], ensure_ascii=False, sort_keys=True)


def rules_from_text(text: str) -> tuple[ApprovalRule, ...]:
    """The rules that were kept."""
    return tuple(_rule_of(row) for row in json.loads(text))


def _is_for(rule: ApprovalRule, weight: OrderWeight) -> bool:
    return (
        (not rule.offers or bool(weight.offers & set(rule.offers)))
        and weight.rights >= rule.rights_from
        and (not rule.risks or bool(weight.risks & set(rule.risks)))
    )


def _rule_of(row: dict[str, object]) -> ApprovalRule:
    numbers = {"officers": int(str(row["officers"])), "rights_from": int(str(row["rights_from"]))}
    texts = {key: str(row[key]) for key in ("code", "label", "with_role", "clause")}
    return ApprovalRule(
        code=texts["code"],
        label=texts["label"],
        officers=max(FEWEST_OFFICERS, numbers["officers"]),
        with_role=texts["with_role"],
        offers=_texts(row["offers"]),
        rights_from=numbers["rights_from"],
        risks=tuple(Risk(one) for one in _texts(row["risks"])),
        clause=texts["clause"],
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list) else ()
