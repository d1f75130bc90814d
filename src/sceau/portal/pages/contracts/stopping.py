"""What an act stops, as a page asks for it: an answer for each thing, and one for all the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.urls import reverse

from sceau.catalogue import StoppingAct
from sceau.registration import StopPlan, Stops

MOST_SHOWN = 100
_PAGES = {"orders": "desk-order", "rights": "desk-habilitation", "certificates": "desk-certificate"}


@dataclass(frozen=True, slots=True)
class StopKind:
    """One kind of things: how many there are, the first of them, and the answers that the act allows."""

    code: str
    count: int
    shown: tuple[dict[str, Any], ...]
    more: int
    answers: tuple[str, ...]
    others: str


def stop_kinds(stops: Stops, act: StoppingAct, typed: QueryDict) -> list[StopKind]:
    """What the page asks about; kinds that the act does not touch, or of which there is none, left out."""
    found = []
    for code, references, answers in (
        ("orders", stops.orders, act.orders),
        ("rights", stops.rights, act.rights),
        ("certificates", stops.certificates, act.certificates),
    ):
        if not references or not answers:
            continue
        shown = tuple(
            {"reference": one, "address": _address(code, one), "answer": typed.get(f"each.{one}", "")}
            for one in references[:MOST_SHOWN]
        )
        count = len(references)
        others = typed.get(f"others.{code}", "")
        found.append(StopKind(code, count, shown, max(0, count - MOST_SHOWN), answers, others))
    return found


def plan_of(typed: QueryDict) -> StopPlan:
    """The answers of a page."""
    each = {key[5:45]: value for key, value in typed.items() if key.startswith("each.") and value}
    others = {key[7:27]: value for key, value in typed.items() if key.startswith("others.") and value}
    return StopPlan({key: str(value) for key, value in each.items()}, {k: str(v) for k, v in others.items()})


def _address(code: str, reference: str) -> str:
    from sceau.portal.urls import page_named  # the table imports the views, and they import this room

    name = _PAGES[code]
    return reverse(name, args=[reference]) if name and page_named(name) else ""
