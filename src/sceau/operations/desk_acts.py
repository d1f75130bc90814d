"""How the desk shares its work: gives an order to somebody, gives it back, holds it, writes to the requester.

What may be done with an order is its life's; holding changes nothing of it, and only says that nobody has to
look at it before a day, or before something comes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sceau.catalogue import Lane
from sceau.operations.acts import acting
from sceau.operations.desk_cases import case_of, follow_case, move_case
from sceau.operations.machine import Actor
from sceau.operations.order_facts import lock_order, order_facts
from sceau.operations.order_texts import view, write_note
from sceau.operations.orders import require_judge, require_running, step
from sceau.operations.standing import DESK
from sceau.operations.typed import read_text
from sceau.records import OrderFile, cards_of, roles_of, structures_worked_for
from sceau.records.models import PARIS
from sceau.registration import Officer, OrderEvent, OrderState, check_officer
from sceau.vocabulary import Finding, Refused, displayed

_LONGEST_HOLD = timedelta(days=366)
_EVENTS = frozenset({"", "text", "piece"})


@dataclass(frozen=True, slots=True)
class Hold:
    """Until when an order waits: until the end of a day, or until the requester changes its text (``text``)
    or a piece comes (``piece``), whichever is first; and why.
    """

    why: str
    until: date | None = None
    event: str = ""


def assign_order(actor: Actor, *, reference: str, to: str) -> OrderFile:
    """Give the order to an officer of the desk (a national identifier) who is no part of it. Desk only."""
    with acting(actor, "order.assigned", reference) as act:
        order = lock_order(act, reference)
        require_judge(act, order)
        require_running(order)
        receiver = Officer(
            to, cards_of(to), is_desk=DESK in roles_of(to), structures=structures_worked_for(to)
        )
        if check_officer(order_facts(order), receiver):
            raise Refused([Finding.error("order.cannot-be-given", reference, to=displayed(to) or "—")])
        if order.assigned_to == to:
            act.unchanged()
            return view(reference)
        if order.state == OrderState.RECEIVED:
            step(act, order, OrderEvent.TAKE)
        order.assigned_to = to
        order.save(update_fields=["assigned_to"])
        follow_case(act, order)
        act.keep(to=to)
    return view(reference)


def release_order(actor: Actor, *, reference: str) -> OrderFile:
    """Nobody follows the order any more: it is anybody's to take. Desk only."""
    with acting(actor, "order.released", reference) as act:
        order = lock_order(act, reference)
        require_judge(act, order)
        require_running(order)
        if not order.assigned_to:
            act.unchanged()
            return view(reference)
        act.keep(to=order.assigned_to)
        order.assigned_to = ""
        order.save(update_fields=["assigned_to"])
        follow_case(act, order)
    return view(reference)


def hold_order(actor: Actor, *, reference: str, hold: Hold) -> OrderFile:
    """Put the order aside until a day or an event, and say why. Desk only, on what waits for the desk."""
    with acting(actor, "order.held", reference) as act:
        order = lock_order(act, reference)
        officer = require_judge(act, order)
        require_running(order)
        why = read_text(hold.why, subject="why")
        today = act.at.astimezone(PARIS).date()
        case = case_of(order, act.at)
        findings = []
        if case.lane == Lane.WAITING:
            findings.append(Finding.error("order.hold-waiting", reference))
        if hold.event not in _EVENTS or (hold.until is None and not hold.event):
            findings.append(Finding.error("order.hold-until-what", "until"))
        if hold.until is not None and not today <= hold.until <= today + _LONGEST_HOLD:
            findings.append(Finding.error("order.hold-date", "until", days=_LONGEST_HOLD.days))
        if findings:
            raise Refused(findings)
        move_case(case, Lane.HELD, act.at, until=hold.until)
        case.held_for, case.held_why, case.held_by = hold.event, why, officer
        case.save()
        act.tell(event=hold.event, until=hold.until.isoformat() if hold.until else "")
        write_note(act, order, kind="note", audience="desk", text=f"Mise en attente : {why}")
    return view(reference)


def unhold_order(actor: Actor, *, reference: str) -> OrderFile:
    """The order is looked at again before its day. Desk only."""
    with acting(actor, "order.unheld", reference) as act:
        order = lock_order(act, reference)
        require_judge(act, order)
        case = case_of(order, act.at)
        if case.lane != Lane.HELD:
            act.unchanged()
            return view(reference)
        follow_case(act, order, lift=case.held_for)
    return view(reference)


def comment_order(actor: Actor, *, reference: str, text: str) -> OrderFile:
    """Tell the requester something that asks for no answer. Desk only, by nobody who is part of the order."""
    with acting(actor, "order.commented", reference) as act:
        order = lock_order(act, reference)
        require_judge(act, order)
        write_note(act, order, kind="note", audience="requester", text=read_text(text, subject="text"))
    return view(reference)
