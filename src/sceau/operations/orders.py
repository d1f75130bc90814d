"""What the desk does with an order: takes it, asks, decides; and what the requester may end."""

from __future__ import annotations

from datetime import date

from sceau.operations.acts import Act, acting
from sceau.operations.granting import grant_order
from sceau.operations.machine import Actor, machine
from sceau.operations.order_facts import examination, form_of, lock_order, order_facts
from sceau.operations.order_texts import require_requester, view, write_note
from sceau.operations.standing import DESK, officer_of, require_person
from sceau.operations.typed import read_text
from sceau.records import OrderFile, roles_of
from sceau.records.models import Approval, Order
from sceau.registration import (
    ORDER_LIFE,
    Examination,
    OrderEvent,
    OrderState,
    check_officer,
    decide_approval,
)
from sceau.vocabulary import Finding, Refused


def take_order(actor: Actor, *, reference: str) -> OrderFile:
    """An officer starts (or takes over) the review. Desk only, and nobody who is part of the order."""
    with acting(actor, "order.taken", reference) as act:
        order = lock_order(act, reference)
        officer = _require_judge(act, order)
        if order.state == OrderState.UNDER_REVIEW and order.assigned_to == officer:
            act.unchanged()
        else:
            _step(act, order, OrderEvent.TAKE)
            order.assigned_to = officer
            order.save(update_fields=["assigned_to"])
    return view(reference)


def ask_for_more(actor: Actor, *, reference: str, text: str, due: date | None = None) -> OrderFile:
    """The file is incomplete: say what is missing, in words for the requester. Desk only."""
    with acting(actor, "order.asked", reference) as act:
        order = lock_order(act, reference)
        _require_judge(act, order)
        words = read_text(text, subject="text")
        _step(act, order, OrderEvent.ASK)
        note = write_note(act, order, kind="request", audience="requester", text=words)
        if due is not None:
            note.due = due
            note.save(update_fields=["due"])
    return view(reference)


def note_order(actor: Actor, *, reference: str, text: str) -> OrderFile:
    """An internal note on the file. Desk only."""
    with acting(actor, "order.noted", reference) as act:
        order = lock_order(act, reference)
        require_person(act)
        if DESK not in roles_of(actor.person_id):
            raise Refused([Finding.error("order.not-desk", reference)])
        write_note(act, order, kind="note", audience="desk", text=read_text(text, subject="text"))
    return view(reference)


def approve_order(actor: Actor, *, reference: str, version: int) -> OrderFile:
    """One officer's yes to this version; the second different one accepts it and grants its habilitations.

    Refused: not the desk, part of the order, not the present version, a red check in the examination. The
    same officer's second click changes nothing.
    """
    with acting(actor, "order.approved", reference) as act:
        order = lock_order(act, reference)
        officer = officer_of(act)
        facts = order_facts(order)
        if officer.person_id in facts.standing() and version == facts.version:
            act.unchanged()
            return view(reference)
        ORDER_LIFE.after(OrderState(order.state), OrderEvent.APPROVE, subject=reference).require()
        form = form_of(order)
        examined = examination(order, form, act.at)
        event = decide_approval(facts, officer, version=version, reds=examined.reds)
        Approval.objects.create(
            order=order,
            version=version,
            officer=officer.person_id,
            card_number=actor.card or "",
            at=act.at,
        )
        act.tell(version=version, ambers=sorted({finding.code for finding in examined.ambers}))
        _step(act, order, event)
        if event is OrderEvent.ACCEPT:
            act.rename("order.accepted")
            grant_order(act, order, form.require())
    return view(reference)


def refuse_order(actor: Actor, *, reference: str, reason: str) -> OrderFile:
    """The desk says no, and why, in words for the requester. Final."""
    with acting(actor, "order.refused", reference) as act:
        order = lock_order(act, reference)
        _require_judge(act, order)
        _end(act, order, OrderEvent.REFUSE, read_text(reason, subject="reason"))
    return view(reference)


def abandon_order(actor: Actor, *, reference: str, reason: str = "") -> OrderFile:
    """The requester gives up (or the desk, when nobody answers). Final."""
    with acting(actor, "order.abandoned", reference) as act:
        order = lock_order(act, reference)
        if DESK in roles_of(actor.person_id):
            require_person(act)
        else:
            require_requester(act, order)
        _end(act, order, OrderEvent.ABANDON, read_text(reason, subject="reason", required=False))
    return view(reference)


def examination_of(reference: str) -> Examination:
    """Every check of the order's present version, with its evidence, as things stand now. Changes nothing."""
    order = Order.objects.filter(reference=reference).first()
    if order is None:
        raise Refused([Finding.error("order.unknown", reference)])
    return examination(order, form_of(order), machine().clock())


def _require_judge(act: Act, order: Order) -> str:
    """An officer of the desk who is no part of the order; gives the national identifier."""
    officer = officer_of(act)
    findings = check_officer(order_facts(order), officer)
    if findings:
        raise Refused(findings)
    return officer.person_id


def _step(act: Act, order: Order, event: OrderEvent) -> None:
    """Bring `event` about, if the order's life allows it now."""
    order.state = ORDER_LIFE.after(OrderState(order.state), event, subject=order.reference).require()
    order.changed_at = act.at
    order.save(update_fields=["state", "changed_at"])


def _end(act: Act, order: Order, event: OrderEvent, reason: str) -> None:
    _step(act, order, event)
    order.reason = reason
    order.save(update_fields=["reason"])
    if reason:
        write_note(act, order, kind="decision", audience="requester", text=reason)
