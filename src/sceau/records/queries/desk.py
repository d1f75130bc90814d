"""The desk's queue and its figures. A page is found by an index from where the last one ended, and nothing is
counted in full.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum

from django.db.models import Q, QuerySet, Sum

from sceau.catalogue import Lane
from sceau.records.desk_views import LaneFigures, QueueLine, QueuePage, WeekFigures
from sceau.records.models import PARIS, Contract, ContractParty, DeskCase, Employment, StayCount
from sceau.records.queries.orders import order_lines
from sceau.records.queries.people import cards_of
from sceau.records.views import OrderLine
from sceau.registration import figures_of

_COUNTED_UP_TO = 100


class QueueOf(StrEnum):
    """Which orders of the queue: all that a person has something to do with now, my own, nobody's, those too
    late; and those that wait for the requester or are put aside.
    """

    TODO = "todo"
    MINE = "mine"
    UNASSIGNED = "unassigned"
    LATE = "late"
    WAITING = "waiting"
    HELD = "held"


def desk_page(*, which: str, officer: str, at: datetime, after: str = "", limit: int = 25) -> QueuePage:
    """A page of the queue, what has waited longest first (`late`: what was due first).

    `after` is a page's own; one that is not understood is the beginning.
    """
    key = "due_at" if which == QueueOf.LATE else "wake_at"
    cases = _cases(which, officer, at)
    place = _place(after)
    if place is not None:
        cases = cases.filter(Q(**{f"{key}__gt": place[0]}) | Q(**{key: place[0]}, id__gt=place[1]))
        cases = cases.filter(**{f"{key}__gte": place[0]})  # the same said so that an index begins there
    rows = list(cases.select_related("order").order_by(key, "id")[: limit + 1])
    lines = order_lines([case.order for case in rows[:limit]])
    shown = tuple(_line(case, line, at) for case, line in zip(rows, lines, strict=False))
    more = f"{getattr(rows[limit - 1], key).isoformat()}_{rows[limit - 1].pk}" if len(rows) > limit else ""
    return QueuePage(shown, more)


def lane_figures(*, at: datetime, days: int) -> tuple[LaneFigures, ...]:
    """How long the stays were that ended in the last `days` days, in each lane, from counts kept as they
    ended.
    """
    since = at.astimezone(PARIS).date() - timedelta(days=days)
    return tuple(_figures(lane, since, at=at, days=days) for lane in (Lane.TODO, Lane.WAITING, Lane.HELD))


def desk_weeks(*, at: datetime, weeks: int) -> tuple[WeekFigures, ...]:
    """What left the desk's own hands in each of the last `weeks` weeks, the present one last: from counts
    kept as stays ended, never from the orders.
    """
    today = at.astimezone(PARIS).date()
    first = today - timedelta(days=today.weekday(), weeks=weeks - 1)
    ended = StayCount.objects.filter(lane=Lane.TODO, day__gte=first).values_list("day")
    counts: dict[int, list[int]] = {}
    for day, many, late in ended.annotate(many=Sum("count"), too_late=Sum("late")):
        week = counts.setdefault((day - first).days // 7, [0, 0])
        week[0] += many
        week[1] += late
    return tuple(
        WeekFigures(first + timedelta(weeks=number), *counts.get(number, [0, 0])) for number in range(weeks)
    )


def structures_worked_for(person_id: str) -> frozenset[str]:
    """The national identifiers of the structures that this person works for now, or whose contract names one
    of their cards.
    """
    if not person_id:
        return frozenset()
    works = Employment.objects.filter(person__national_id=person_id, until=None)
    named = ContractParty.objects.filter(card_number__in=cards_of(person_id)).values("contract_id")
    signs = Contract.objects.filter(pk__in=named)
    return frozenset(works.values_list("structure__national_id", flat=True)) | frozenset(
        signs.values_list("structure__national_id", flat=True)
    )


def _cases(which: str, officer: str, at: datetime) -> QuerySet[DeskCase]:
    cases = DeskCase.objects.all()
    if which in {QueueOf.WAITING, QueueOf.HELD}:
        return cases.filter(lane=which, wake_at__isnull=False)
    if which == QueueOf.LATE:
        return cases.filter(due_at__lt=at)
    awake = cases.filter(wake_at__lte=at)
    if which == QueueOf.MINE:
        return awake.filter(assigned_to=officer)
    return awake.filter(assigned_to="") if which == QueueOf.UNASSIGNED else awake


def _place(after: str) -> tuple[datetime, int] | None:
    moment, _, number = after.rpartition("_")
    if not (number.isdecimal() and number.isascii() and len(number) < 19):
        return None
    try:
        found = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return (found, int(number)) if found.tzinfo is not None else None


def _line(case: DeskCase, line: OrderLine, at: datetime) -> QueueLine:
    return QueueLine(
        order=line,
        lane=case.lane,
        due_at=case.due_at,
        late=case.due_at is not None and case.due_at < at,
        needed=case.needed,
    )


def _figures(lane: Lane, since: date, *, at: datetime, days: int) -> LaneFigures:
    rows = StayCount.objects.filter(lane=lane, day__gt=since).values_list("size")
    counted = rows.annotate(many=Sum("count"), too_late=Sum("late"))
    counts: dict[int, int] = {}
    late = 0
    for size, many, too_late in counted:
        counts[size] = many
        late += too_late
    now = DeskCase.objects.filter(due_at__lt=at, lane=lane).values("pk")[:_COUNTED_UP_TO]
    return LaneFigures(lane, days, figures_of(counts, late=late), len(now))
