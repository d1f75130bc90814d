"""An order on the desk: by which frozen rule it is decided, whom it waits for, and how long its stays were.

Written in the transaction of the act that changes them, under the order's own lock. What a rule asks is
decided in `registration`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.db.models import F

from sceau.catalogue import Lane
from sceau.operations.acts import Act
from sceau.operations.machine import machine
from sceau.records.models import PARIS, ApprovalRules, DeskCase, Order, StayCount
from sceau.registration import (
    Form413,
    OrderState,
    rule_for,
    rules_as_text,
    rules_from_text,
    size_of,
    weigh_order,
)

_LANES = {
    OrderState.RECEIVED: Lane.TODO,
    OrderState.UNDER_REVIEW: Lane.TODO,
    OrderState.INCOMPLETE: Lane.WAITING,
}


def open_case(order: Order, form: Form413 | None, at: datetime) -> DeskCase:
    """The case of an order that has just come in, with the rules as they stand now."""
    case = DeskCase(order=order, rules=_present_rules(at), entered_at=at)
    _weigh(case, form)
    _enter(case, _LANES.get(OrderState(order.state), Lane.CLOSED), at)
    case.save(force_insert=True)
    return case


def case_of(order: Order, at: datetime) -> DeskCase:
    """The case there is; one that came in before there were cases has one from now on."""
    case = DeskCase.objects.filter(order=order).first()
    return case if case is not None else open_case(order, None, at)


def reweigh_case(order: Order, form: Form413 | None, at: datetime) -> None:
    """The order's text has changed: its frozen rules ask for what the new text is worth."""
    case = case_of(order, at)
    _weigh(case, form)
    case.save(update_fields=["rule", "needed", "with_role"])


def follow_case(act: Act, order: Order, *, until: date | None = None, lift: str = "") -> DeskCase:
    """The order has moved: the case moves with it. `until` is the day by which the requester is to answer.

    A hold ends when the order leaves the desk, or when what it waits for (`lift`: ``text`` or ``piece``) has
    come.
    """
    case = case_of(order, act.at)
    lane = _LANES.get(OrderState(order.state), Lane.CLOSED)
    if case.lane == Lane.HELD and lane is Lane.TODO and case.held_for != lift:
        lane = Lane.HELD
    if case.lane != lane:
        move_case(case, lane, act.at, until=until)
        case.held_for = case.held_why = case.held_by = ""
    if lane is Lane.CLOSED and case.decided_at is None:
        case.decided_by, case.decided_at = act.actor.person_id, act.at
    case.assigned_to = order.assigned_to
    case.save()
    return case


def lift_holds(act: Act, orders: Iterable[Order], *, what: str) -> None:
    """What these orders may have been held for has come."""
    for order in orders:
        case = DeskCase.objects.filter(order=order, lane=Lane.HELD, held_for=what).first()
        if case is not None:
            follow_case(act, order, lift=what)


def move_case(case: DeskCase, lane: Lane, at: datetime, *, until: date | None = None) -> None:
    """Count the stay that ends, and begin the next. Not saved."""
    _count(case, at)
    _enter(case, lane, at, until)


def evening_of(day: date) -> datetime:
    """The last second of a day, by the authority's clock: shown, it is still that day."""
    return datetime.combine(day, time(23, 59, 59), tzinfo=PARIS)


def _enter(case: DeskCase, lane: Lane, at: datetime, until: date | None = None) -> None:
    case.lane, case.entered_at = lane, at
    if lane is Lane.CLOSED:
        case.wake_at = case.due_at = None
        return
    days = timedelta(days=machine().catalogue.desk.stays[lane].days)
    due = at + days if until is None else evening_of(until)
    case.due_at = due
    case.wake_at = at if lane is Lane.TODO else due


def _count(case: DeskCase, at: datetime) -> None:
    late = 1 if case.due_at is not None and at > case.due_at else 0
    row, _ = StayCount.objects.get_or_create(
        lane=case.lane,
        day=at.astimezone(PARIS).date(),
        size=size_of((at - case.entered_at).total_seconds()),
    )
    StayCount.objects.filter(pk=row.pk).update(count=F("count") + 1, late=F("late") + late)


def _weigh(case: DeskCase, form: Form413 | None) -> None:
    rule = rule_for(rules_from_text(case.rules.content), weigh_order(form))
    case.rule, case.needed, case.with_role = rule.code, rule.officers, rule.with_role


def _present_rules(at: datetime) -> ApprovalRules:
    content = rules_as_text(machine().catalogue.desk.approvals.values())
    digest = hashlib.sha256(content.encode()).hexdigest()
    row, _ = ApprovalRules.objects.get_or_create(digest=digest, defaults={"content": content, "since": at})
    return row
