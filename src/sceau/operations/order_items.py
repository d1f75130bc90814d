"""What the desk asks point by point, each at its place in the form, and the requester's answers to each.

A point left without an answer is a refusal, unless the form itself was corrected since it was asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sceau.operations.acts import Act
from sceau.operations.typed import read_text
from sceau.records.models import Order, OrderNote, OrderVersion, RequestItem
from sceau.vocabulary import Finding, Refused

MOST_POINTS = 20


@dataclass(frozen=True, slots=True)
class RequestPoint:
    """One point: the place in the form (``offers.0.declared``; empty: none) and what is wanted there."""

    text: str
    path: str = ""


def write_points(act: Act, note: OrderNote, points: Sequence[RequestPoint]) -> None:
    """Write the points of a request down, in order. Refused: too many, a place that the form has not."""
    if len(points) > MOST_POINTS:
        raise Refused([Finding.error("order.points-many", "points", most=MOST_POINTS)])
    known = act.machine.catalogue.help
    for at, point in enumerate(points):
        if point.path and _without_numbers(point.path) not in known:
            raise Refused([Finding.error("order.point-nowhere", point.path[:80])])
        words = read_text(point.text, subject=f"points.{at}")
        RequestItem.objects.create(note=note, position=at, path=point.path, text=words)
    if points:
        act.keep(points=[[point.path, point.text.strip()] for point in points])


def answer_points(act: Act, order: Order, answers: Mapping[int, str], *, corrected: bool) -> int:
    """Write the answers by the points' own numbers; how many. All that are open, or `Refused` with each that
    is left.
    """
    open_points = RequestItem.objects.select_for_update().filter(note__order=order, answered_at=None)
    missing = []
    answered = 0
    for item in open_points.select_related("note").order_by("note_id", "position"):
        words = read_text(answers.get(item.pk, ""), subject=f"answer-{item.pk}", required=False)
        later = OrderVersion.objects.filter(order=order, made_at__gte=item.note.at, number__gt=1)
        if not words and not corrected and not later.exclude(made_by=item.note.author).exists():
            missing.append(
                Finding.error("order.point-unanswered", f"answer-{item.pk}", asked=item.text[:120])
            )
            continue
        item.answer, item.answered_by, item.answered_at = words, act.actor.person_id, act.at
        item.save(update_fields=["answer", "answered_by", "answered_at"])
        answered += 1
    if missing:
        raise Refused(missing)
    return answered


def _without_numbers(path: str) -> str:
    return ".".join(step for step in path.split(".") if not step.isdecimal())
