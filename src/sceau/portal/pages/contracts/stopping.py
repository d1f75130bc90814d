"""What an act stops, as a page asks for it: an answer for each thing, and one for all the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.urls import reverse

from sceau.catalogue import StoppingAct
from sceau.portal.hats import ENDER_READERS
from sceau.portal.visitor import PortalRequest
from sceau.registration import StopPlan, Stops

MOST_SHOWN = 100
AT_THE_DESK = {"orders": "desk-order", "rights": "desk-habilitation", "certificates": "desk-certificate"}
ONES_OWN = {"orders": "order", "rights": "habilitation", "certificates": "certificate"}


@dataclass(frozen=True, slots=True)
class StopKind:
    """One kind of things: how many there are, the first of them, and the answers that the act allows."""

    code: str
    count: int
    shown: tuple[dict[str, Any], ...]
    more: int
    answers: tuple[str, ...]
    others: str


def pages_for(request: PortalRequest) -> Mapping[str, str]:
    """Where this visitor reads of each kind of thing: an officer at the desk, others among their own."""
    return AT_THE_DESK if request.visitor.hats & ENDER_READERS else ONES_OWN


def stop_kinds(
    stops: Stops,
    act: StoppingAct,
    typed: QueryDict,
    *,
    pages: Mapping[str, str] = AT_THE_DESK,
    certificates: int | None = None,
) -> list[StopKind]:
    """What the page asks about, each thing with its page (`pages`, by kind); kinds that the act does not
    touch, or of which there is none, left out.
    `certificates`: how many in all, where `stops` has only the first of them.
    """
    found = []
    for code, references, answers in (
        ("orders", stops.orders, act.orders),
        ("rights", stops.rights, act.rights),
        ("certificates", stops.certificates, act.certificates),
    ):
        if not references or not answers:
            continue
        shown = tuple(
            {
                "reference": one,
                "address": reverse(pages[code], args=[one]),
                "answer": typed.get(f"each.{one}", ""),
            }
            for one in references[:MOST_SHOWN]
        )
        count = certificates if code == "certificates" and certificates is not None else len(references)
        others = typed.get(f"others.{code}", "")
        found.append(StopKind(code, count, shown, max(0, count - MOST_SHOWN), answers, others))
    return found


def plan_of(typed: QueryDict) -> StopPlan:
    """The answers of a page."""
    each = {key[5:45]: value for key, value in typed.items() if key.startswith("each.") and value}
    others = {key[7:27]: value for key, value in typed.items() if key.startswith("others.") and value}
    return StopPlan({key: str(value) for key, value in each.items()}, {k: str(v) for k, v in others.items()})
