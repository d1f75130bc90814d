"""What is about to end, told in time: a walk over ends by date, which costs what is due, not what there is.

For each series and each delay, the place reached is kept: from there to now plus the delay, each end makes
one notice. Place and notices are one transaction, so a stop neither loses a reminder nor sends it twice. At
the first walk, it begins where the next shorter delay ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q

from sceau.catalogue import Lane, Reminder, ReminderOf
from sceau.operations.machine import machine
from sceau.records.models import (
    PARIS,
    Certificate,
    Contract,
    DeskCase,
    Leave,
    Notice,
    OrderDraft,
    Setting,
    StructureChangeLine,
)
from sceau.registration import DraftState

_SLICE = 500
_BY_DAY = frozenset({ReminderOf.CONTRACT, ReminderOf.LEAVE, ReminderOf.REPLACEMENT})
_LAST = 2**62  # after every row at that instant


@dataclass(frozen=True, slots=True)
class _End:
    """An end: when, of which row, under which reference."""

    at: datetime
    number: int
    subject: str


def remind() -> int:
    """Make the notices of everything whose end has come near; how many. Nothing without a postman."""
    if machine().mail is None:
        return 0
    made = 0
    at = machine().clock()  # one moment for the whole walk: it would run after a clock that goes on
    for reminder in machine().catalogue.mail.reminders.values():
        for days in reminder.days:
            while (some := _walk(reminder, days, at)) is not None:
                made += some
    return made


def _walk(reminder: Reminder, days: int, at: datetime) -> int | None:
    """One slice of one series; None when the end of its stretch is reached."""
    until = at + timedelta(days=days)
    with transaction.atomic():
        row, _ = Setting.objects.select_for_update().get_or_create(
            name=f"reminders.{reminder.code}.{days}",
            defaults={"value": [_first(reminder, days, at).isoformat(), _LAST]},
        )
        since, last = datetime.fromisoformat(row.value[0]), int(row.value[1])
        if since >= until:
            return None
        ends = _ends(reminder.of, since, last, until)
        Notice.objects.bulk_create(
            Notice(
                kind=f"reminder.{reminder.code}.{days}",
                subject=one.subject,
                told={"days": _days(one.at, at)},
                at=at,
            )
            for one in ends
        )
        is_whole = reminder.of in _BY_DAY or len(ends) < _SLICE
        row.value = [until.isoformat(), _LAST] if is_whole else [ends[-1].at.isoformat(), ends[-1].number]
        row.save(update_fields=["value"])
    return len(ends)


def _first(reminder: Reminder, days: int, at: datetime) -> datetime:
    shorter = [one for one in reminder.days if one < days]
    return at + timedelta(days=shorter[0] if shorter else min(0, days - 1))


def _days(end: datetime, at: datetime) -> int:
    return (end.astimezone(PARIS).date() - at.astimezone(PARIS).date()).days


def _ends(of: ReminderOf, since: datetime, last: int, until: datetime) -> list[_End]:
    """Ends after `since` (and after row `last` at that very instant) up to `until`, in order."""
    if of in _BY_DAY:
        return list(_by_day(of, since, until))
    if of is ReminderOf.DRAFT:
        return _drafts(since, last, until)
    if of is not ReminderOf.CERTIFICATE:
        return _cases(of, since, last, until)
    rows = Certificate.objects.filter(
        Q(not_after__gt=since) | Q(not_after=since, id__gt=last),
        state__in=["issued", "collected"],
        not_after__gte=since,
        not_after__lte=until,
    )
    found = rows.order_by("not_after", "id").values_list("not_after", "pk", "reference")
    return [_End(*one) for one in found[:_SLICE]]


def _cases(of: ReminderOf, since: datetime, last: int, until: datetime) -> list[_End]:
    """The times that run out of orders on the desk: with the requester, or with anybody."""
    rows = DeskCase.objects.filter(
        Q(due_at__gt=since) | Q(due_at=since, id__gt=last), due_at__gte=since, due_at__lte=until
    )
    if of is ReminderOf.ANSWER:
        rows = rows.filter(lane=Lane.WAITING)
    found = rows.order_by("due_at", "id").values_list("due_at", "pk", "order__reference")
    return [_End(due, number, reference) for due, number, reference in found[:_SLICE] if due is not None]


def _drafts(since: datetime, last: int, until: datetime) -> list[_End]:
    """Orders being written that nobody takes up again."""
    rows = OrderDraft.objects.filter(
        Q(expires_at__gt=since) | Q(expires_at=since, id__gt=last),
        state__in=(DraftState.WRITING, DraftState.ENTRUSTED),
        expires_at__gte=since,
        expires_at__lte=until,
    )
    found = rows.order_by("expires_at", "id").values_list("expires_at", "pk", "reference")
    return [_End(*one) for one in found[:_SLICE]]


def _by_day(of: ReminderOf, since: datetime, until: datetime) -> Iterable[_End]:
    """Contracts and leaves end by the day; there are few of them."""
    first, final = since.astimezone(PARIS).date(), until.astimezone(PARIS).date()
    if of is ReminderOf.CONTRACT:
        contracts = Contract.objects.exclude(state="terminated")
        found = contracts.filter(valid_until__gt=first, valid_until__lte=final)
        for day, pk, number in found.order_by("valid_until", "id").values_list("valid_until", "pk", "number"):
            if day is not None:
                yield _End(_midnight(day), pk, f"contract/{number}")
        return
    if of is ReminderOf.REPLACEMENT:
        lines = StructureChangeLine.objects.filter(
            change__state="confirmed", thing="certificate", answer="replace", done_at=None
        ).filter(replace_before__gt=first, replace_before__lte=final)
        for day, pk, reference in lines.order_by("replace_before", "id").values_list(
            "replace_before", "pk", "reference"
        ):
            if day is not None:
                yield _End(_midnight(day), pk, reference)
        return
    leaves = Leave.objects.filter(state="standing", ends__gt=first, ends__lte=final)
    for day, pk, reference in leaves.order_by("ends", "id").values_list("ends", "pk", "reference"):
        if day is not None:
            yield _End(_midnight(day), pk, reference)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=PARIS)
