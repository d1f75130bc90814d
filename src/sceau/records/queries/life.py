"""Departures, who looks after a certificate now, and the orders that amend others."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F, Q, QuerySet

from sceau.records.life_views import DepartureLineView, DepartureView
from sceau.records.models import Amendment, Certificate, Custody, Departure, DepartureLine, Person
from sceau.records.queries.people import contracts_naming, roles_of

_LIVE = ("issued", "collected")
_KEEPERS = frozenset({"desk", "authority"})


def looked_after_by(person_id: str) -> Q:
    """The condition on certificates: asked for by this person and not handed over, or handed over to them."""
    return Q(asked_by=person_id, custody__isnull=True) | Q(custody__person__national_id=person_id)


def keeper_of(certificate: Certificate) -> str:
    """The national identifier of who looks after it now: whom it was handed over to, or who asked for it."""
    found = Custody.objects.filter(certificate=certificate).values_list("person__national_id", flat=True)
    return found.first() or certificate.asked_by


def left_by(person_id: str, structure: int, *, at: datetime) -> QuerySet[Certificate]:
    """The certificates in service that this person looks after for a structure (its key), oldest first."""
    return Certificate.objects.filter(
        looked_after_by(person_id),
        structure_id=structure,
        state__in=_LIVE,
        revocation=None,
        not_after__gt=at,
    ).order_by("id")


def left_to_team(person_id: str, third_party: int, *, at: datetime) -> QuerySet[Certificate]:
    """The certificates in service that this person looks after as somebody of a third party's team (its key),
    for all its clients, oldest first.
    """
    return Certificate.objects.filter(
        looked_after_by(person_id),
        habilitation__versions__designation__designation__third_party=third_party,
        habilitation_version=F("habilitation__versions__number"),
        state__in=_LIVE,
        revocation=None,
        not_after__gt=at,
    ).order_by("id")


def departure_for(
    reference: str, viewer: str, *, at: datetime, most: int | None = None
) -> DepartureView | None:
    """A departure, for the desk, whom a contract of the structure names, and who leaves; else None."""
    row = _rows().filter(reference=reference).first()
    if row is None:
        return None
    return _view(row, at, most=most) if _visible([row], viewer, at) else None


def list_departures(
    viewer: str, *, at: datetime, state: str = "", after: str = "", limit: int = 50
) -> tuple[DepartureView, ...]:
    """The departures that a person may see, newest first, without their lines."""
    found = _rows().order_by("-id")
    if state:
        found = found.filter(state=state)
    if after:
        last = Departure.objects.filter(reference=after).values_list("pk", flat=True).first()
        found = found.filter(pk__lt=last or 0)
    if not roles_of(viewer) & _KEEPERS:
        named = contracts_naming(viewer, at=at)
        found = found.filter(Q(structure__contracts__in=named) | Q(person__national_id=viewer)).distinct()
    return tuple(_view(row, at, most=0) for row in found[:limit])


def departure_of(person_id: str, structure_id: str) -> str:
    """The reference of the departure that is open for a person and a structure; empty when there is none."""
    found = Departure.objects.filter(
        person__national_id=person_id, structure__national_id=structure_id, state="open", member=None
    )
    return found.values_list("reference", flat=True).first() or ""


def amended_by(order: str) -> tuple[str, ...]:
    """The references of the orders made to amend this one, oldest first."""
    found = Amendment.objects.filter(amends__reference=order).order_by("id")
    return tuple(found.values_list("order__reference", flat=True))


def amends(order: str) -> str:
    """The reference of the order that this one amends; empty when it amends none."""
    found = Amendment.objects.filter(order__reference=order)
    return found.values_list("amends__reference", flat=True).first() or ""


def _rows() -> QuerySet[Departure]:
    return Departure.objects.select_related("person", "structure", "member__third_party")


def _visible(rows: list[Departure], viewer: str, at: datetime) -> list[Departure]:
    if roles_of(viewer) & _KEEPERS:
        return rows
    named = set(contracts_naming(viewer, at=at))
    return [
        row
        for row in rows
        if row.person.national_id == viewer or row.structure.contracts.filter(pk__in=named).exists()
    ]


def _view(row: Departure, at: datetime, *, most: int | None = None) -> DepartureView:
    lines = DepartureLine.objects.filter(departure=row)
    waiting = lines.filter(answer="").count()
    return DepartureView(
        reference=row.reference,
        state=row.state,
        person=_called(row.person),
        person_id=row.person.national_id,
        structure=row.structure.name,
        structure_id=row.structure.national_id,
        reason=row.reason,
        opened_by=_names([row.opened_by]).get(row.opened_by, row.opened_by),
        opened_at=row.opened_at,
        ended_at=row.ended_at,
        team="" if row.member is None else row.member.third_party.reference,
        waiting=waiting,
        decided=lines.count() - waiting,
        lines=_lines(lines, at, most),
    )


def _first(lines: QuerySet[DepartureLine], most: int) -> list[int]:
    """The first so many that wait, and the last so many that were decided."""
    waiting = lines.filter(answer="").order_by("id").values_list("pk", flat=True)
    decided = lines.exclude(answer="").order_by("-id").values_list("pk", flat=True)
    return [*waiting[:most], *decided[:most]]


def _lines(lines: QuerySet[DepartureLine], at: datetime, most: int | None) -> tuple[DepartureLineView, ...]:
    if most is not None:
        lines = lines.filter(pk__in=_first(lines, most))
    rows = list(
        lines.select_related("certificate__revocation", "certificate__structure", "successor")
        .prefetch_related("certificate__names")
        .order_by("id")
    )
    people = _names(row.decided_by for row in rows)
    return tuple(_line(row, people, at) for row in rows)


def _line(row: DepartureLine, people: dict[str, str], at: datetime) -> DepartureLineView:
    certificate = row.certificate
    names = sorted(certificate.names.all(), key=lambda one: one.position)
    return DepartureLineView(
        certificate=certificate.reference,
        product=certificate.product,
        names=tuple(one.value for one in names),
        not_after=certificate.not_after,
        structure="" if certificate.structure is None else certificate.structure.name,
        is_live=not hasattr(certificate, "revocation") and certificate.not_after > at,
        answer=row.answer,
        successor="" if row.successor is None else _called(row.successor),
        decided_by=people.get(row.decided_by, row.decided_by),
        decided_at=row.decided_at,
    )


def _names(ids: Iterable[str]) -> dict[str, str]:
    rows = Person.objects.filter(national_id__in=set(ids))
    return {row.national_id: _called(row) for row in rows}


def _called(person: Person) -> str:
    return f"{person.given_names} {person.surname}".strip()
