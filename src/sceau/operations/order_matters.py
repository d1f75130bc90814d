"""What a mail about an order says: to who ordered, and to the officer who follows it."""

from __future__ import annotations

import json
from datetime import date

from sceau.catalogue import Lane, MailRole
from sceau.operations.desk_cases import evening_of
from sceau.operations.machine import machine
from sceau.operations.occasions import Matter, Occasion, day_text
from sceau.records.models import Amendment, Contract, DeskCase, Order, OrderNote, OrderVersion, Person

_ASKED, _COMMENTED, _ANSWER_AWAITED = "order.asked", "order.commented", "reminder.answer"


def order_matter(reference: str, occasion: Occasion) -> Matter | None:
    """An order with its facts as they stand; None when there is none."""
    row = Order.objects.filter(reference=reference).first()
    if row is None:
        return None
    raw = OrderVersion.objects.get(order=row, number=row.current_version).raw
    contract = Contract.objects.select_related("structure").filter(number=row.contract_number).first()
    case = DeskCase.objects.filter(order=row).first()
    amended = Amendment.objects.select_related("amends").filter(order=row).first()
    note = _note(row, occasion)
    lane = Lane.CLOSED if case is None else Lane(case.lane)
    due = None if case is None or lane is Lane.CLOSED else case.due_at
    if occasion.kind == _ASKED and note is not None and note.due is not None:
        due = evening_of(note.due)
    matter = Matter(
        reference,
        facts={
            "structure": row.structure_name or "une structure",
            "contract": row.contract_number or "non indiqué",
            "due": "dès que possible" if due is None else f"le {day_text(due)}",
            "held": _held(occasion),
            "amended": "" if amended is None else amended.amends.reference,
            "waits": machine().catalogue.texts[f"mail.lane.{lane}"],
        },
        quote="" if note is None else note.text,
        structure=None if contract is None else contract.structure,
        contract=contract,
        forms=[json.loads(raw)],
        over=_is_over(lane, occasion),
    )
    for role, person in ((MailRole.REQUESTER, row.submitted_by), (MailRole.OFFICER, _officer(row, occasion))):
        known = Person.objects.filter(national_id=person).first() if person else None
        if known is not None:
            matter.people[role] = known
    return matter


def _note(row: Order, occasion: Occasion) -> OrderNote | None:
    """What was written to the requester: of a comment its very words, else what was last asked or decided."""
    written = OrderNote.objects.filter(order=row, audience="requester").order_by("-id")
    if occasion.kind == _COMMENTED and occasion.at is not None:
        return written.filter(kind="note", at=occasion.at).first()
    return written.filter(kind__in=("request", "decision")).first()


def _officer(row: Order, occasion: Occasion) -> str:
    """Who is given the order or follows it; of one given back, who followed it."""
    return occasion.text("to") or row.assigned_to


def _held(occasion: Occasion) -> str:
    """Until when an order is put aside, as the act said it."""
    until = occasion.text("until")
    texts = machine().catalogue.texts
    parts = [f"jusqu'au {day_text(date.fromisoformat(until))}"] if until else []
    event = occasion.text("event")
    return " ou ".join([*parts, *([texts[f"mail.held.{event}"]] if event else [])])


def _is_over(lane: Lane, occasion: Occasion) -> bool:
    """Whether nobody has to be reminded any more."""
    return lane is not Lane.WAITING if occasion.kind.startswith(_ANSWER_AWAITED) else lane is Lane.CLOSED
