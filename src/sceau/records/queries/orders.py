"""Orders as the desk and the requester see them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.db.models import F, Q, QuerySet

from sceau.records.models import (
    Approval,
    DeskCase,
    Habilitation,
    Order,
    OrderNote,
    OrderParty,
    OrderVersion,
    Person,
)
from sceau.records.queries.people import cards_of
from sceau.records.views import (
    ApprovalLine,
    CaseLine,
    NoteLine,
    OrderFile,
    OrderLine,
    OrderVersionLine,
    PointLine,
)
from sceau.registration import ORDER_LIFE, OrderState, rules_from_text

OPEN_STATES = (OrderState.RECEIVED, OrderState.UNDER_REVIEW, OrderState.INCOMPLETE)


def order_file(reference: str) -> OrderFile | None:
    """The whole file of an order, for the desk."""
    order = Order.objects.filter(reference=reference).first()
    return None if order is None else _file(order, internal=True)


def order_for(reference: str, *, viewer: str) -> OrderFile | None:
    """The order as the submitter, signatory or administrators of its present version may see it (no internal
    notes). A card number mistyped once opens nothing once it is corrected.
    """
    order = _orders_about(viewer).filter(reference=reference).first()
    return None if order is None else _file(order, internal=False)


def text_of_order(reference: str, *, version: int) -> dict[str, Any] | None:
    """The raw form of one version of an order."""
    kept = OrderVersion.objects.filter(order__reference=reference, number=version)
    text = kept.values_list("raw", flat=True).first()
    return None if text is None else dict(json.loads(text))


def orders_of(person_id: str, *, after: str = "", limit: int = 50) -> tuple[OrderLine, ...]:
    """Orders that this person submitted, signed or is named in, newest first."""
    orders = _orders_about(person_id)
    last = Order.objects.filter(reference=after).first() if after else None
    if last is not None:
        orders = orders.filter(id__lt=last.id)
    return order_lines(orders.order_by("-id")[:limit])


def declared_by(person_id: str, *, limit: int) -> tuple[str, ...]:
    """The names declared in the latest `limit` orders that this person may see, as they were typed."""
    orders = _orders_about(person_id).order_by("-id")[:limit]
    texts = OrderVersion.objects.filter(order__in=list(orders), number=F("order__current_version"))
    lines = [
        line for text in texts.values_list("raw", flat=True) for line in json.loads(text).get("offers") or []
    ]
    found = (str(line.get("declared") or "") for line in lines if isinstance(line, dict))
    return tuple(dict.fromkeys(name for name in found if name))


def _orders_about(person_id: str) -> QuerySet[Order]:
    if not person_id:
        return Order.objects.none()
    present = OrderParty.objects.filter(version=F("order__current_version")).exclude(role="technical")
    mine = present.filter(Q(person_id=person_id) | Q(card_number__in=cards_of(person_id)))
    return Order.objects.filter(Q(submitted_by=person_id) | Q(id__in=mine.values("order_id")))


def order_lines(orders: Iterable[Order]) -> tuple[OrderLine, ...]:
    """Orders as lines, in their order."""
    kept = list(orders)
    given: dict[tuple[int, int], int] = {}
    for order_id, version in Approval.objects.filter(order__in=kept).values_list("order_id", "version"):
        given[order_id, version] = given.get((order_id, version), 0) + 1
    names = _display_names(order.assigned_to for order in kept) | _display_names(
        order.submitted_by for order in kept
    )
    return tuple(_line(order, given.get((order.id, order.current_version), 0), names) for order in kept)


def _line(order: Order, approvals: int, names: dict[str, str]) -> OrderLine:
    return OrderLine(
        reference=order.reference,
        state=order.state,
        version=order.current_version,
        structure_name=order.structure_name,
        structure_id=order.structure_number,
        contract_number=order.contract_number,
        channel=order.channel,
        submitted_at=order.submitted_at,
        changed_at=order.changed_at,
        submitted_by=names.get(order.submitted_by, order.submitted_by),
        assigned_to=names.get(order.assigned_to, order.assigned_to),
        approvals=approvals,
    )


def _file(order: Order, *, internal: bool) -> OrderFile:
    versions = list(order.versions.order_by("number"))
    present = versions[-1]
    signed = {version.digest for version in versions if version.signed_card}
    notes = order.notes.order_by("id").prefetch_related("items")
    kept = list(notes if internal else notes.filter(audience="requester"))
    approvals = list(order.approvals.order_by("id"))
    names = _display_names(
        [given.officer for given in approvals]
        + [note.author for note in kept]
        + [version.made_by for version in versions]
        + [order.submitted_by, order.assigned_to]
    )
    standing = [given for given in approvals if given.version == order.current_version]
    return OrderFile(
        line=_line(order, len(standing), names),
        raw=json.loads(present.raw),
        digest=present.digest,
        versions=tuple(
            OrderVersionLine(
                number=version.number,
                made_by=names.get(version.made_by, version.made_by),
                made_at=version.made_at,
                why=version.why,
                digest=version.digest,
            )
            for version in versions
        ),
        approvals=tuple(_approval(given, order, names) for given in approvals) if internal else (),
        notes=tuple(_note(note, names) for note in kept),
        parties=frozenset(order.parties.exclude(person_id="").values_list("person_id", flat=True)),
        habilitations=tuple(
            Habilitation.objects.filter(versions__order=order)
            .order_by("id")
            .values_list("reference", flat=True)
            .distinct()
        ),
        reason=order.reason,
        events=tuple(str(event) for event in ORDER_LIFE.events(OrderState(order.state))),
        signs_again=bool(signed) and present.digest not in signed,
        case=_case(order, internal=internal),
    )


def _case(order: Order, *, internal: bool) -> CaseLine | None:
    case = DeskCase.objects.select_related("rules").filter(order=order).first()
    if case is None:
        return None
    rules = {rule.code: rule.label for rule in rules_from_text(case.rules.content)}
    people = _display_names([case.held_by, case.decided_by]) if internal else {}
    return CaseLine(
        lane=case.lane,
        due_at=case.due_at,
        entered_at=case.entered_at,
        rule=rules.get(case.rule, case.rule),
        needed=case.needed,
        with_role=case.with_role,
        held_for=case.held_for if internal else "",
        held_why=case.held_why if internal else "",
        held_by=people.get(case.held_by, ""),
        assigned_id=case.assigned_to if internal else "",
        decided_by=people.get(case.decided_by, ""),
        decided_at=case.decided_at,
    )


def _approval(given: Approval, order: Order, names: dict[str, str]) -> ApprovalLine:
    return ApprovalLine(
        officer_id=given.officer,
        officer=names.get(given.officer, given.officer),
        version=given.version,
        at=given.at,
        counts=given.version == order.current_version,
    )


def _note(note: OrderNote, names: dict[str, str]) -> NoteLine:
    return NoteLine(
        kind=note.kind,
        audience=note.audience,
        author=names.get(note.author, note.author),
        text=note.text,
        at=note.at,
        due=note.due,
        answered_at=note.answered_at,
        points=tuple(
            PointLine(item.pk, item.path, item.text, item.answer, item.answered_at)
            for item in sorted(note.items.all(), key=lambda item: item.position)
        ),
    )


def _display_names(person_ids: Iterable[str]) -> dict[str, str]:
    people = Person.objects.filter(national_id__in={person for person in person_ids if person})
    return {person.national_id: f"{person.given_names} {person.surname}".strip() for person in people}
