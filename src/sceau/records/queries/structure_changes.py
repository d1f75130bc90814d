"""The changes of structures: for the desk, and for whom a contract of the structure names."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F, Q, QuerySet

from sceau.records.models import (
    Certificate,
    ChangeGrace,
    Designation,
    Habilitation,
    HabilitationVersion,
    Person,
    Structure,
    StructureChange,
    StructureChangeLine,
)
from sceau.records.queries.people import contracts_naming, roles_of
from sceau.records.structure_change_views import ChangeLineView, GraceView, StructureChangeView

_KEEPERS = frozenset({"desk", "authority", "auditor"})
_RUNNING = ("open", "proposed", "confirmed")


def structure_change(reference: str, viewer: str, *, at: datetime) -> StructureChangeView | None:
    """A change with its plan, for the desk and whom a contract of the structure names; else None."""
    row = _seen(viewer, at).filter(reference=reference).first()
    if row is None:
        return None
    lines = _lines(row, at)
    return _view(row, lines=lines, graces=_graces(row, {one.reference: one.title for one in lines}))


def list_structure_changes(
    viewer: str, *, at: datetime, after: str = "", limit: int = 50
) -> tuple[StructureChangeView, ...]:
    """Those that a person may see, newest first, without their plans."""
    found = _seen(viewer, at).order_by("-id")
    if after:
        last = StructureChange.objects.filter(reference=after).values_list("pk", flat=True).first()
        found = found.filter(pk__lt=last or 0)
    return tuple(_view(row) for row in found[:limit])


def change_of(structure_id: str) -> str:
    """The reference of the change under way of a structure (national identifier); empty: there is none."""
    found = StructureChange.objects.filter(structure__national_id=structure_id, state__in=_RUNNING)
    return found.values_list("reference", flat=True).first() or ""


def follows_structure(before: Iterable[str], after: str) -> bool:
    """Whether `after` is what every structure among `before` became, by a confirmed change."""
    wanted = set(before)
    changes = StructureChange.objects.filter(
        structure__national_id__in=wanted,
        successor__national_id=after,
        state__in=("confirmed", "done"),
    )
    return bool(wanted) and set(changes.values_list("structure__national_id", flat=True)) == wanted


def stopped_by_change(right: str) -> str:
    """The change whose day has come and by which a right (its reference) is stopped until a signed act gives
    it under the new identity; empty when there is none.
    """
    structure = Habilitation.objects.filter(reference=right).values("structure_id")
    found = StructureChangeLine.objects.filter(
        thing="right", reference=right, change__state="confirmed", change__applied_at__isnull=False
    ).exclude(change__successor_id__in=structure)
    return found.values_list("change__reference", flat=True).first() or ""


def became_another(structure_id: str) -> str:
    """The change by which a structure (national identifier) is no more what it was, its day come; empty when
    there is none. A name alone makes nobody another.
    """
    found = StructureChange.objects.filter(
        structure__national_id=structure_id, applied_at__isnull=False, state__in=("confirmed", "done")
    ).exclude(successor=F("structure"))
    return found.order_by("-id").values_list("reference", flat=True).first() or ""


def planned_elsewhere(certificates: Iterable[str]) -> frozenset[str]:
    """Those of these certificates (references) that a confirmed change has an answer for."""
    found = StructureChangeLine.objects.filter(
        thing="certificate", reference__in=list(certificates), change__state__in=("confirmed", "done")
    ).exclude(answer="")
    return frozenset(found.values_list("reference", flat=True))


def planned_days(certificate: str) -> StructureChangeLine | None:
    """The dated answer of a confirmed change for a certificate that still waits for its day."""
    found = StructureChangeLine.objects.filter(
        thing="certificate",
        reference=certificate,
        done_at=None,
        revoke_on__isnull=False,
        change__state="confirmed",
    )
    return found.select_related("change").first()


def replacement_of(line: StructureChangeLine) -> str:
    """The certificate in service that the new identity has for the same names and product; empty: none."""
    row = line.change
    if row.successor_id is None or row.confirmed_at is None:
        return ""
    before = Certificate.objects.filter(reference=line.reference).prefetch_related("names").first()
    if before is None:
        return ""
    fresh = Certificate.objects.filter(
        structure=row.successor_id,
        product=before.product,
        asked_at__gte=row.confirmed_at,
        state__in=("issued", "collected"),
        revocation=None,
    ).exclude(pk=before.pk)
    names = _named(before)
    if names:
        fresh = fresh.filter(names__value=names[0])
    several = fresh.prefetch_related("names").order_by("id")[:200]
    return next((one.reference for one in several if _named(one) == names), "")


def _seen(viewer: str, at: datetime) -> QuerySet[StructureChange]:
    rows = StructureChange.objects.select_related("structure", "piece")
    if roles_of(viewer) & _KEEPERS:
        return rows
    named = contracts_naming(viewer, at=at)
    theirs = Structure.objects.filter(contracts__in=named).values("pk")
    moved = Q(successor__in=theirs, lines__thing="contract", lines__answer="follow")
    return rows.filter(Q(structure__in=theirs) | moved).distinct()


def _graces(row: StructureChange, titles: dict[str, str]) -> tuple[GraceView, ...]:
    rows = list(ChangeGrace.objects.select_related("line").filter(line__change=row).order_by("id"))
    people = _names(one for row in rows for one in (row.asked_by, row.decided_by))
    return tuple(
        GraceView(
            reference=one.reference,
            certificate=one.line.reference,
            title=titles.get(one.line.reference, one.line.reference),
            revoke_on=one.revoke_on,
            reason=one.reason,
            state=one.state,
            asked_by=people.get(one.asked_by, one.asked_by),
            asked_by_id=one.asked_by,
            asked_at=one.asked_at,
            decided_by=people.get(one.decided_by, one.decided_by),
            decided_at=one.decided_at,
        )
        for one in rows
    )


def _view(
    row: StructureChange,
    *,
    lines: tuple[ChangeLineView, ...] = (),
    graces: tuple[GraceView, ...] = (),
) -> StructureChangeView:
    people = _names((row.opened_by, row.proposed_by, row.confirmed_by))
    return StructureChangeView(
        reference=row.reference,
        kind=row.kind,
        state=row.state,
        version=row.version,
        structure=row.structure.name,
        structure_id=row.structure.national_id,
        becomes=row.becomes.get("name", ""),
        becomes_id=row.becomes.get("national_id", ""),
        effective_on=row.effective_on,
        reason=row.reason,
        task=row.task,
        piece="" if row.piece is None else row.piece.reference,
        opened_by=people.get(row.opened_by, row.opened_by),
        opened_at=row.opened_at,
        proposed_by=people.get(row.proposed_by, row.proposed_by),
        proposed_by_id=row.proposed_by,
        confirmed_by=people.get(row.confirmed_by, row.confirmed_by),
        confirmed_at=row.confirmed_at,
        applied_at=row.applied_at,
        ended_at=row.ended_at,
        waiting=row.lines.filter(answer="").count(),
        undone=row.lines.filter(done_at=None).count(),
        lines=lines,
        graces=graces,
    )


def _lines(row: StructureChange, at: datetime) -> tuple[ChangeLineView, ...]:
    rows = list(row.lines.order_by("thing", "id"))
    of = {thing: [one.reference for one in rows if one.thing == thing] for thing in ("right", "certificate")}
    titles, orders = _rights(of["right"])
    certificates, replaced = _certificates(row, of["certificate"], at)
    titles |= certificates | _designations(one.reference for one in rows if one.thing == "designation")
    people = _names(one.decided_by for one in rows)
    return tuple(
        ChangeLineView(
            thing=one.thing,
            reference=one.reference,
            title=titles.get(one.reference, one.reference),
            carries=one.carries,
            answer=one.answer,
            replace_before=one.replace_before,
            revoke_on=one.revoke_on,
            decided_by=people.get(one.decided_by, one.decided_by),
            done_at=one.done_at,
            outcome=one.outcome,
            replaced_by=replaced.get(one.reference, ""),
            order=orders.get(one.reference, ""),
            warned_at=one.warned_at,
        )
        for one in rows
    )


def _rights(references: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    """What each right is called, and the order that its present version is from."""
    titles, orders = {}, {}
    rows = Habilitation.objects.select_related("person").filter(reference__in=references)
    for right in rows:
        named = right.canonical_scope.rpartition(":")[2]
        scope = "" if named == "-" else f", {named}"
        titles[right.reference] = f"{_called(right.person)} : {right.product}{scope}"
    versions = HabilitationVersion.objects.filter(habilitation__reference__in=references, order__isnull=False)
    for reference, order in versions.order_by("number").values_list(
        "habilitation__reference", "order__reference"
    ):
        orders[reference] = order
    return titles, orders


def _designations(references: Iterable[str]) -> dict[str, str]:
    """Who designated whom."""
    rows = Designation.objects.filter(reference__in=list(references))
    named = rows.values_list("reference", "structure__name", "third_party__structure__name")
    return {reference: f"{third} pour {client}" for reference, client, third in named}


def _certificates(
    row: StructureChange, references: list[str], at: datetime
) -> tuple[dict[str, str], dict[str, str]]:
    """What each certificate is called, and what has come to stand in its place under the new identity."""
    rows = Certificate.objects.filter(reference__in=references).prefetch_related("names")
    keys = {one.reference: (one.product, _named(one)) for one in rows}
    titles = {one: f"{product} {', '.join(names)}".strip() for one, (product, names) in keys.items()}
    if row.successor_id is None or row.confirmed_at is None:
        return titles, {}
    fresh = Certificate.objects.filter(
        structure=row.successor_id,
        asked_at__gte=row.confirmed_at,
        state__in=("issued", "collected"),
        revocation=None,
        not_after__gt=at,
    ).prefetch_related("names")
    there = {(one.product, _named(one)): one.reference for one in fresh.order_by("id")[:5000]}
    return titles, {one: there[key] for one, key in keys.items() if key in there and there[key] != one}


def _named(row: Certificate) -> tuple[str, ...]:
    return tuple(one.value for one in sorted(row.names.all(), key=lambda one: one.position))


def _names(ids: Iterable[str]) -> dict[str, str]:
    rows = Person.objects.filter(national_id__in=set(ids))
    return {row.national_id: _called(row) for row in rows}


def _called(person: Person) -> str:
    return f"{person.given_names} {person.surname}".strip()
