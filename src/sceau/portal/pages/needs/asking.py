"""The answers out of an address, and into one. Only codes and numbers travel: an answer can be shared."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict

from sceau.catalogue import Catalogue, load_catalogue
from sceau.portal.language import page_catalogue
from sceau.portal.pages.orders.raw import Raw
from sceau.registration import (
    Needs,
    UseChosen,
    choose_uses,
    needs_of,
    order_for_needs,
    questions_for,
)

_USE, _ANSWER, _COUNT = "usage", "reponse.", "nombre."


def chosen_from(given: QueryDict, *, catalogue: Catalogue | None = None) -> tuple[UseChosen, ...]:
    """The uses chosen, with what was answered to each; in the page's language unless told."""
    catalogue = catalogue or page_catalogue()
    codes = given.getlist(_USE)[:40]
    answers = {code: str(given.get(f"{_ANSWER}{code}", ""))[:40] for code in codes}
    counts = {code: str(given.get(f"{_COUNT}{code}", ""))[:4] for code in codes}
    return choose_uses(codes, answers=answers, counts=counts, catalogue=catalogue)


def needs_from(given: QueryDict, *, catalogue: Catalogue | None = None) -> Needs:
    """The whole answer; in the page's language unless told."""
    catalogue = catalogue or page_catalogue()
    chosen = chosen_from(given, catalogue=catalogue)
    answers = {code: str(given.get(code, ""))[:40] for code in catalogue.needs.questions}
    return needs_of(chosen, answers=answers, catalogue=catalogue)


def with_needs(raw: Raw, given: QueryDict) -> Raw:
    """A form with what the answer already gives; what the contract said of the structure stays."""
    catalogue = load_catalogue()  # an order is French, whatever the page was read in
    ordered: dict[str, Any] = order_for_needs(needs_from(given, catalogue=catalogue), catalogue=catalogue)
    structure = dict(raw["structure"])
    if ordered["takes_charge"] is not None:
        structure["takes_charge"] = ordered["takes_charge"]
    return {**raw, "structure": structure, "usage": ordered["usage"], "offers": ordered["offers"]}


def carried(given: QueryDict) -> list[tuple[str, str]]:
    """What an address or a form carries on: what was understood, and nothing else that was in it."""
    catalogue = load_catalogue()
    chosen = chosen_from(given)
    pairs = [(_USE, one.use.code) for one in chosen]
    pairs += [(f"{_ANSWER}{one.use.code}", one.answer.code) for one in chosen if one.use.question]
    pairs += [(f"{_COUNT}{one.use.code}", str(one.count)) for one in chosen if one.counted]
    for question in questions_for(chosen, catalogue=catalogue):
        answer = str(given.get(question.code, ""))
        if answer in question.answers:
            pairs.append((question.code, answer))
    return pairs
