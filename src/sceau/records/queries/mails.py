"""Mails with their fate, dead addresses, further contacts, calendar feeds; and what a feed tells."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from django.db.models import Q

from sceau.catalogue import Lane
from sceau.records.mail_views import ContactLine, DeadLine, MailFile, MailLine
from sceau.records.models import (
    PARIS,
    CalendarFeed,
    Certificate,
    Contract,
    DeadAddress,
    DeskCase,
    Leave,
    Mail,
    MailContact,
    Structure,
    StructureChangeLine,
)


def list_mails(
    *, text: str = "", state: str = "", templates: Collection[str] = (), after: int = 0, limit: int = 50
) -> tuple[MailLine, ...]:
    """Mails, the newest first: about a reference or to an address (`text`, whole), in a state, of one of
    these templates (none: of any); below the number `after`.
    """
    rows = Mail.objects.order_by("-pk")
    if text:
        rows = rows.filter(Q(about=text) | Q(address=text))
    if state:
        rows = rows.filter(state=state)
    if templates:
        rows = rows.filter(template__in=templates)
    if after:
        rows = rows.filter(pk__lt=after)
    return tuple(_line(row) for row in rows[:limit])


def mail_file(number: int) -> MailFile | None:
    """A mail with its words."""
    row = Mail.objects.filter(pk=number).first()
    return None if row is None else MailFile(_line(row), row.text, row.message_id)


def dead_addresses(*, limit: int = 200) -> tuple[DeadLine, ...]:
    """Addresses that nothing is sent to, the latest first."""
    rows = DeadAddress.objects.order_by("-since", "-pk")[:limit]
    return tuple(DeadLine(row.address, row.since, row.why) for row in rows)


def mail_contacts(*, structure: str = "", limit: int = 200) -> tuple[ContactLine, ...]:
    """Further contacts, of one structure (national identifier) or of all, by rank."""
    rows = MailContact.objects.select_related("structure").filter(ended_at=None)
    if structure:
        rows = rows.filter(structure__national_id=structure)
    return tuple(
        ContactLine(row.pk, row.structure.national_id, row.structure.name, row.role, row.address, row.rank)
        for row in rows.order_by("structure__name", "role", "rank", "pk")[:limit]
    )


def has_feed(structure: str) -> bool:
    """Whether the structure (national identifier) has a calendar that can be read."""
    return CalendarFeed.objects.filter(structure__national_id=structure, revoked_at=None).exists()


def feed_deadlines(
    secret_sha256: str, *, at: datetime
) -> tuple[str, tuple[tuple[str, str, date], ...]] | None:
    """The structure's name, and its ends to come: what ends (``contract``, ``leave``, ``answer`` that the
    desk awaits, a product's code, ``replace`` or ``revoke`` that a change plans), what it is called, the day.
    None when no feed in force has that secret. Of certificates that name a person, only the product is told.
    """
    feed = (
        CalendarFeed.objects.select_related("structure")
        .filter(secret_sha256=secret_sha256, revoked_at=None)
        .first()
    )
    if feed is None:
        return None
    day = at.astimezone(PARIS).date()
    contracts = Contract.objects.filter(structure=feed.structure, valid_until__gte=day)
    found = [
        ("contract", number, until)
        for number, until in contracts.exclude(state="terminated").values_list("number", "valid_until")
        if until is not None
    ]
    leaves = Leave.objects.filter(structure=feed.structure, state="standing", ends__gte=day)
    found += [("leave", name, ends) for name, ends in leaves.values_list("name", "ends") if ends is not None]
    theirs = Contract.objects.filter(structure=feed.structure).values("number")
    awaited = DeskCase.objects.filter(lane=Lane.WAITING, order__contract_number__in=theirs, due_at__gte=at)
    found += [
        ("answer", reference, due.astimezone(PARIS).date())
        for reference, due in awaited.values_list("order__reference", "due_at")
        if due is not None
    ]
    live = Certificate.objects.filter(
        structure=feed.structure, state__in=["issued", "collected"], not_after__gt=at, revocation=None
    )
    for row in live.prefetch_related("names").order_by("not_after")[:2000]:
        hosts = [name.value for name in row.names.all() if name.kind == "host"]
        found.append((row.product, ", ".join(hosts[:3]), row.not_after.astimezone(PARIS).date()))
    found += _planned(feed.structure, day)
    return feed.structure.name, tuple(found)


def _planned(structure: Structure, day: date) -> list[tuple[str, str, date]]:
    """What the confirmed change of a structure asks for: certificates to replace before a day, and those that
    end on one.
    """
    lines = StructureChangeLine.objects.filter(
        Q(change__structure=structure) | Q(change__successor=structure),
        change__state="confirmed",
        thing="certificate",
        done_at=None,
    )
    found = []
    for reference, before, ends in lines.values_list("reference", "replace_before", "revoke_on")[:2000]:
        if before is not None and before >= day:
            found.append(("replace", reference, before))
        if ends is not None and ends >= day:
            found.append(("revoke", reference, ends))
    return found


def _line(row: Mail) -> MailLine:
    again = Mail.objects.filter(again_of=row).values_list("pk", flat=True).first()
    further = Mail.objects.filter(before=row).values_list("pk", flat=True).first()
    return MailLine(
        number=row.pk,
        template=row.template,
        role=row.role,
        about=row.about,
        address=row.address,
        subject=row.subject,
        state=row.state,
        made_at=row.made_at,
        sent_at=row.sent_at,
        next_at=row.next_at,
        tries=row.tries,
        reply=row.reply,
        is_copy=row.again_of_id is not None,
        again=again or 0,
        next=further or 0,
    )
