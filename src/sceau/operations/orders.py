"""What the desk does with an order: takes it, asks, decides; and what the requester may end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sceau.catalogue import Lane
from sceau.operations.acts import Act, acting
from sceau.operations.amendments import amendment_reds
from sceau.operations.desk_cases import case_of, follow_case
from sceau.operations.granting import grant_order
from sceau.operations.machine import Actor, machine
from sceau.operations.offered import beneficiary_of
from sceau.operations.order_facts import examination, form_of, lock_order, order_facts
from sceau.operations.order_items import RequestPoint, write_points
from sceau.operations.order_texts import require_requester, view, write_note
from sceau.operations.standing import DESK, officer_of, require_person, roles_worn
from sceau.operations.typed import read_text
from sceau.records import OrderFile, became_another
from sceau.records.models import PARIS, Approval, DeskCase, Order, Person
from sceau.registration import (
    ORDER_LIFE,
    Examination,
    Form413,
    OrderEvent,
    OrderState,
    check_officer,
    decide_approval,
)
from sceau.vocabulary import Finding, Reading, Refused


def take_order(actor: Actor, *, reference: str, followed: str | None = None) -> OrderFile:
    """An officer starts (or takes over) the review. Desk only, and nobody who is part of the order.

    `followed`: who was seen to follow it (national identifier, empty for nobody; None: not looked at).
    Refused when a colleague has taken it since: two who begin at one moment take it from each other never
    unseen.
    """
    with acting(actor, "order.taken", reference) as act:
        order = lock_order(act, reference)
        officer = require_judge(act, order)
        require_running(order)
        if order.state == OrderState.UNDER_REVIEW and order.assigned_to == officer:
            act.unchanged()
        elif followed is not None and order.assigned_to not in {followed, officer}:
            raise Refused([Finding.error("order.taken-meanwhile", reference)])
        else:
            step(act, order, OrderEvent.TAKE)
            order.assigned_to = officer
            order.save(update_fields=["assigned_to"])
            follow_case(act, order)
    return view(reference)


def ask_for_more(
    actor: Actor,
    *,
    reference: str,
    text: str = "",
    due: date | None = None,
    points: Sequence[RequestPoint] = (),
) -> OrderFile:
    """The file is incomplete: say what is missing, in words for the requester, point by point where the form
    has a place for it. `due` is the last day to answer (the catalogue's days when None). Desk only.
    """
    with acting(actor, "order.asked", reference) as act:
        order = lock_order(act, reference)
        require_judge(act, order)
        require_running(order)
        words = read_text(text, subject="text", required=not points)
        if due is not None and due < act.at.astimezone(PARIS).date():
            raise Refused([Finding.error("order.due-past", "due", date=f"{due:%d/%m/%Y}")])
        step(act, order, OrderEvent.ASK)
        case = follow_case(act, order, until=due)
        note = write_note(act, order, kind="request", audience="requester", text=words)
        if case.due_at is not None:
            note.due = due or case.due_at.astimezone(PARIS).date()
            note.save(update_fields=["due"])
        write_points(act, note, points)
    return view(reference)


def note_order(actor: Actor, *, reference: str, text: str) -> OrderFile:
    """An internal note on the file. Desk only."""
    with acting(actor, "order.noted", reference) as act:
        order = lock_order(act, reference)
        require_person(act)
        if DESK not in roles_worn(actor):
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
        require_running(order)
        if case_of(order, act.at).lane == Lane.HELD:
            raise Refused([Finding.error("order.held", reference)])
        ORDER_LIFE.after(OrderState(order.state), OrderEvent.APPROVE, subject=reference).require()
        form = form_of(order)
        examined = examination(order, form, act.at)
        reds = (*examined.reds, *amendment_reds(order, form, act.at), *_change_reds(order, form))
        event = decide_approval(facts, officer, version=version, reds=reds)
        Approval.objects.create(
            order=order,
            version=version,
            officer=officer.person_id,
            card_number=actor.in_hand,
            at=act.at,
        )
        act.tell(version=version, ambers=sorted({finding.code for finding in examined.ambers}))
        step(act, order, event)
        if event is OrderEvent.ACCEPT:
            act.rename("order.accepted")
            grant_order(act, order, form.require())
            follow_case(act, order)
    return view(reference)


def refuse_order(actor: Actor, *, reference: str, reason: str, code: str = "") -> OrderFile:
    """The desk says no, and why, in words for the requester. Final.

    `code` is a reason of the catalogue, whose sentence comes first; without one, `reason` says it all. The
    same officer's second click changes nothing.
    """
    with acting(actor, "order.refused", reference) as act:
        order = lock_order(act, reference)
        officer = require_judge(act, order)
        if order.state == OrderState.REFUSED and _decided_by(order) == officer:
            act.unchanged()
            return view(reference)
        require_running(order)
        known = act.machine.catalogue.desk.refusals
        if code and code not in known:
            raise Refused([Finding.error("order.refusal-unknown", "code")])
        plain = known[code].plain if code else ""
        words = read_text(reason, subject="reason", required=code in {"", "other"})
        act.tell(code=code)
        _end(act, order, OrderEvent.REFUSE, "\n".join(filter(None, (plain, words))))
    return view(reference)


def abandon_order(actor: Actor, *, reference: str, reason: str = "") -> OrderFile:
    """The requester gives up (or the desk, when nobody answers). Final."""
    with acting(actor, "order.abandoned", reference) as act:
        order = lock_order(act, reference)
        if DESK in roles_worn(actor):
            require_person(act)
        else:
            require_requester(act, order)
        require_running(order)
        _end(act, order, OrderEvent.ABANDON, read_text(reason, subject="reason", required=False))
    return view(reference)


def examination_of(reference: str) -> Examination:
    """Every check of the order's present version, with its evidence, as things stand now. Changes nothing."""
    order = Order.objects.filter(reference=reference).first()
    if order is None:
        raise Refused([Finding.error("order.unknown", reference)])
    return examination(order, form_of(order), machine().clock())


def require_judge(act: Act, order: Order) -> str:
    """An officer of the desk who is no part of the order; gives the national identifier."""
    officer = officer_of(act)
    findings = check_officer(order_facts(order), officer)
    if findings:
        raise Refused(findings)
    return officer.person_id


def require_running(order: Order) -> None:
    """The order is not decided yet. Who comes second learns who decided, what, and when."""
    if ORDER_LIFE.events(OrderState(order.state)):
        return
    case = DeskCase.objects.filter(order=order).first()
    at = (case.decided_at if case else None) or order.changed_at
    person = Person.objects.filter(national_id=_decided_by(order)).first()
    words = machine().catalogue.text(f"decided.{order.state}")
    who = f"{person.given_names} {person.surname}".strip() if person else "l'instance"
    when = f"{at.astimezone(PARIS):%d/%m/%Y à %H:%M}"
    raise Refused([Finding.error("order.decided-already", order.reference, how=words, by=who, at=when)])


def step(act: Act, order: Order, event: OrderEvent) -> None:
    """Bring `event` about, if the order's life allows it now."""
    order.state = ORDER_LIFE.after(OrderState(order.state), event, subject=order.reference).require()
    order.changed_at = act.at
    order.save(update_fields=["state", "changed_at"])


def _change_reds(order: Order, form: Reading[Form413]) -> tuple[Finding, ...]:
    """Nothing is given any more to a structure that closed, or that has become another."""
    if form.value is None:
        return ()
    change = became_another(beneficiary_of(form.value).structure_id.text)
    return (Finding.error("order.structure-changed", order.reference, change=change),) if change else ()


def _decided_by(order: Order) -> str:
    return str(DeskCase.objects.filter(order=order).values_list("decided_by", flat=True).first() or "")


def _end(act: Act, order: Order, event: OrderEvent, reason: str) -> None:
    step(act, order, event)
    order.reason = reason
    order.save(update_fields=["reason"])
    follow_case(act, order)
    if reason:
        write_note(act, order, kind="decision", audience="requester", text=reason)
