"""Drafts as their owner, and who helps with them, may see them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from sceau.records.draft_views import DraftFile, DraftLine
from sceau.records.models import Entrusting, OrderDraft, Person
from sceau.records.queries.entrusting import entrusted_of, in_hands_of
from sceau.registration import TECHNICAL, DraftState, Writer

_MOST = 50
_OPEN = (DraftState.WRITING, DraftState.ENTRUSTED)


def draft_for(reference: str, *, viewer: str, at: datetime) -> DraftFile | None:
    """The draft, to its owner whole, to who has its technical part in hand only that. None to anybody else,
    and for one that is past its time.
    """
    row = _rows().filter(_mine(viewer, at), reference=reference).first()
    if row is None or (row.state in _OPEN and row.expires_at <= at):
        return None
    writer = Writer.OWNER if row.owner == viewer else Writer.HELPER
    raw = json.loads(row.raw) if row.raw else {}
    entrusted = entrusted_of(draft=row.reference)
    return DraftFile(
        line=_line(row, writer, _names([row]), _returns([row])),
        raw=raw if writer is Writer.OWNER else _technical(raw),
        visited=frozenset(row.visited),
        origin=row.origin,
        from_version=row.from_version,
        entrusted=entrusted
        if writer is Writer.OWNER
        else tuple(one for one in entrusted if not one.returned),
    )


def drafts_of(person_id: str, *, at: datetime, gone: timedelta = timedelta()) -> tuple[DraftLine, ...]:
    """The drafts that this person writes or helps with, last changed first; and those of their own that time
    erased since `at` - `gone`.
    """
    if not person_id:
        return ()
    alive = Q(state__in=_OPEN, expires_at__gt=at)
    erased = Q(owner=person_id, state=DraftState.DROPPED, by_time=True, ended_at__gt=at - gone)
    rows = list(_rows().filter(_mine(person_id, at), alive | erased).order_by("-changed_at", "-id")[:_MOST])
    names, returns = _names(rows), _returns(rows)
    return tuple(
        _line(row, Writer.OWNER if row.owner == person_id else Writer.HELPER, names, returns) for row in rows
    )


def _rows() -> QuerySet[OrderDraft]:
    return OrderDraft.objects.select_related("became", "corrects", "amends")


def _mine(person_id: str, at: datetime) -> Q:
    """Theirs; or in their hands now. What was given back is the owner's alone again."""
    if not person_id:
        return Q(pk__in=[])
    held = in_hands_of(person_id, at=at).values("draft_id")
    return Q(owner=person_id) | Q(state=DraftState.ENTRUSTED, pk__in=held)


def _technical(raw: Mapping[str, Any]) -> dict[str, Any]:
    structure = raw.get("structure") or {}
    kept = {name: raw[name] for name in sorted(TECHNICAL) if name in raw}
    return {"edition": raw.get("edition", "web"), "structure": {"name": structure.get("name", "")}, **kept}


def _line(
    row: OrderDraft, writer: Writer, names: Mapping[str, str], returns: Mapping[int, datetime]
) -> DraftLine:
    raw = json.loads(row.raw) if row.raw else {}
    return DraftLine(
        reference=row.reference,
        state=row.state,
        writer=writer,
        owner=names.get(row.owner, row.owner),
        structure_name=str((raw.get("structure") or {}).get("name") or ""),
        step=row.step,
        changed_at=row.changed_at,
        expires_at=row.expires_at,
        given_back_at=returns.get(row.pk),
        by_time=row.by_time,
        became=row.became.reference if row.became else "",
        corrects=row.corrects.reference if row.corrects else "",
        amends=row.amends.reference if row.amends else "",
    )


def _names(rows: list[OrderDraft]) -> dict[str, str]:
    people = Person.objects.filter(national_id__in={row.owner for row in rows})
    return {person.national_id: f"{person.given_names} {person.surname}".strip() for person in people}


def _returns(rows: list[OrderDraft]) -> dict[int, datetime]:
    """When the technical part was last given back, where it was."""
    given = Entrusting.objects.filter(draft__in=rows, returned="given-back").order_by("id")
    return {draft: at for draft, at in given.values_list("draft_id", "ended_at") if at is not None}
