"""Designations as the structure, the third party and the desk see them; many clients in a handful of
statements.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Min, Q, QuerySet

from sceau.records.designation_views import (
    ClientLine,
    DesignationLine,
    DesignationVersionLine,
    DesignationView,
    ObtainedLine,
)
from sceau.records.models import (
    Certificate,
    Designation,
    DesignationVersion,
    Entrusting,
    HabilitationVersion,
    ThirdParty,
)
from sceau.records.queries.people import contracts_naming, roles_of
from sceau.records.queries.teams import member_lines, names_of_people, parties_of_viewer
from sceau.registration import DESIGNATION_LIFE, DesignationState, MemberState

READERS = frozenset({"desk", "auditor", "authority"})
ENDING = timedelta(days=60)
_LIVE = ("issued", "collected")
_OPEN = (DesignationState.PREPARED, DesignationState.OFFERED, DesignationState.ACTIVE)


def designation_view(reference: str, *, at: datetime) -> DesignationView | None:
    """The whole of a designation, for who may see it."""
    row = _rows().filter(reference=reference).first()
    if row is None:
        return None
    line = designation_lines([row], at=at)[0]
    versions = list(row.versions.select_related("piece").prefetch_related("attestations").order_by("number"))
    names = names_of_people([row.accepted_by, row.ended_by, *_people(versions)])
    rights = HabilitationVersion.objects.filter(
        designation__designation=row, number=F("habilitation__current_version")
    ).exclude(habilitation__state="withdrawn")
    members = row.third_party.members.filter(state=MemberState.ACTIVE)
    return DesignationView(
        line=line,
        versions=tuple(_version(one, row, names) for one in versions),
        team=member_lines(members),
        accepted_by=names.get(row.accepted_by, row.accepted_by),
        accepted_at=row.accepted_at,
        ended_by=names.get(row.ended_by, row.ended_by),
        ended_as=row.ended_as,
        ended_at=row.ended_at,
        reason=row.reason,
        rights=rights.count(),
        certificates=_obtained([row.pk], at).count(),
        events=tuple(str(event) for event in DESIGNATION_LIFE.events(DesignationState(row.state))),
    )


def designation_for(reference: str, *, viewer: str, at: datetime) -> DesignationView | None:
    """The same for whom its contract names, for whom the third party's names or who is on its team, and for
    the desk; else None.
    """
    row = Designation.objects.filter(reference=reference).first()
    if row is None or not sides_of(row.reference, viewer=viewer, at=at):
        return None
    return designation_view(reference, at=at)


def sides_of(reference: str, *, viewer: str, at: datetime) -> frozenset[str]:
    """On which sides of a designation somebody stands: `client`, `third-party` (its team), `representative`
    (of the third party), `reader` (an officer's role).
    """
    row = Designation.objects.select_related("third_party").filter(reference=reference).first()
    if row is None or not viewer:
        return frozenset()
    named = set(contracts_naming(viewer, at=at))
    sides = {"client"} if row.contract_id in named else set()
    if row.third_party.contract_id in named:
        sides |= {"third-party", "representative"}
    if row.third_party.members.filter(person__national_id=viewer, state=MemberState.ACTIVE).exists():
        sides.add("third-party")
    if roles_of(viewer) & READERS:
        sides.add("reader")
    return frozenset(sides)


def designations_by(viewer: str, *, at: datetime) -> tuple[DesignationLine, ...]:
    """What the structures for which this person speaks have designated, those in force first."""
    rows = _rows().filter(contract__in=contracts_naming(viewer, at=at)).order_by("-id")
    lines = designation_lines(rows[:200], at=at)
    return tuple(sorted(lines, key=lambda line: line.state not in {str(one) for one in _OPEN}))


def list_designations(
    *,
    at: datetime,
    third_party: str = "",
    contract: str = "",
    state: str = "",
    after: str = "",
    limit: int = 50,
) -> tuple[DesignationLine, ...]:
    """Designations, oldest first, for the desk and the console."""
    rows = _rows()
    if third_party:
        rows = rows.filter(third_party__reference=third_party)
    if contract:
        rows = rows.filter(contract__number=contract)
    if state:
        rows = rows.filter(state=state)
    return designation_lines(_after(rows, after).order_by("id")[:limit], at=at)


def acts_to_attest(*, at: datetime, limit: int = 50) -> tuple[DesignationLine, ...]:
    """Designations of which an act on paper waits for a second officer, oldest first."""
    waiting = DesignationVersion.objects.filter(
        signed_card="",
        number__gt=F("designation__current_version"),
        designation__state__in=[str(one) for one in _OPEN],
    )
    rows = _rows().filter(pk__in=waiting.values("designation_id")).order_by("id")
    return designation_lines(rows[:limit], at=at)


def clients_of(
    third_party: str, *, at: datetime, text: str = "", state: str = "", after: str = "", limit: int = 50
) -> tuple[ClientLine, ...]:
    """The clients of a third party, oldest designation first, key by key; `text` is a part of their name, or
    the beginning of a number. What was declined is left out.
    """
    rows = _rows().filter(third_party__reference=third_party).exclude(state=DesignationState.DECLINED)
    if state:
        rows = rows.filter(state=state)
    if text:
        rows = rows.filter(
            Q(structure__name__icontains=text)
            | Q(structure__siret__startswith=text)
            | Q(structure__finess__startswith=text)
            | Q(contract__number__startswith=text)
            | Q(reference=text)
        )
    kept = list(_after(rows, after).order_by("id")[:limit])
    keys = [row.pk for row in kept]
    parts, certificates = _in_hand(keys), _counts_of(keys, at)
    nothing: dict[str, Any] = {"live": 0, "ending": 0, "first": None}
    return tuple(
        ClientLine(
            designation=line,
            waiting=parts.get(row.pk, 0),
            certificates=certificates.get(row.pk, nothing)["live"],
            ending=certificates.get(row.pk, nothing)["ending"],
            next_end=certificates.get(row.pk, nothing)["first"],
        )
        for row, line in zip(kept, designation_lines(kept, at=at), strict=True)
    )


def obtained_under(
    reference: str, *, at: datetime, live: bool = False, after: str = "", limit: int = 50
) -> tuple[ObtainedLine, ...]:
    """The certificates that a team obtained under a designation, oldest first; `live`: in service only."""
    row = Designation.objects.filter(reference=reference).first()
    if row is None:
        return ()
    found = _obtained([row.pk], at) if live else _all_obtained([row.pk])
    if after:
        last = Certificate.objects.filter(reference=after).values_list("pk", flat=True).first()
        found = found.filter(pk__gt=last or 0)
    rows = list(
        found.order_by("id")
        .annotate(designated=F("habilitation__versions__designation__number"))
        .select_related("revocation", "habilitation", "custody__person")
        .prefetch_related("names")[:limit]
    )
    people = names_of_people(_keeper(one) for one in rows)
    return tuple(_obtained_line(one, people, at) for one in rows)


def designation_lines(rows: Iterable[Designation], *, at: datetime) -> tuple[DesignationLine, ...]:
    """Designations as lines, with their present terms, in two statements more however many they are."""
    kept = list(rows)
    versions = {
        version.designation_id: version
        for version in DesignationVersion.objects.filter(
            designation__in=[row.pk for row in kept], number=F("designation__current_version")
        )
        .select_related("piece")
        .prefetch_related("attestations")
    }
    names = names_of_people(_people(versions.values()))
    return tuple(_line(row, versions.get(row.pk), names, at) for row in kept)


def third_parties_of(viewer: str, *, at: datetime) -> tuple[str, ...]:
    """The references of the third parties that this person speaks for, or is on the team of."""
    rows = ThirdParty.objects.filter(parties_of_viewer(viewer, at=at)).distinct()
    return tuple(rows.order_by("reference").values_list("reference", flat=True))


def _line(
    row: Designation, version: DesignationVersion | None, names: dict[str, str], at: datetime
) -> DesignationLine:
    if version is not None:
        version.designation = row
    return DesignationLine(
        reference=row.reference,
        state=row.state,
        structure=row.structure.name,
        structure_id=row.structure.national_id,
        contract=row.contract.number,
        third_party=row.third_party.reference,
        third_party_name=row.third_party.structure.name,
        is_in_force=version is not None and version.is_in_force(at),
        version=row.current_version,
        terms=None if version is None else _version(version, row, names),
        made_at=row.made_at,
        changed_at=row.changed_at,
    )


def _version(row: DesignationVersion, of: Designation, names: dict[str, str]) -> DesignationVersionLine:
    attested = sorted(row.attestations.all(), key=lambda one: one.pk)
    return DesignationVersionLine(
        number=row.number,
        products=tuple(row.products),
        names=tuple(row.names),
        may_fill=row.may_fill,
        may_administer=row.may_administer,
        until=row.until,
        signatory=names.get(row.signatory, row.signatory),
        quality=row.quality,
        signed_on=row.signed_on,
        signed_card=row.signed_card,
        piece="" if row.piece is None else row.piece.reference,
        attested=tuple(names.get(one.officer, one.officer) for one in attested),
        attested_by=tuple(one.officer for one in attested),
        digest=row.digest,
        is_present=row.number == of.current_version,
        waits=not row.signed_card and row.number > of.current_version and of.state in set(_OPEN),
    )


def _people(versions: Iterable[DesignationVersion]) -> list[str]:
    return [
        person
        for version in versions
        for person in (version.signatory, *(one.officer for one in version.attestations.all()))
    ]


def _rows() -> QuerySet[Designation]:
    return Designation.objects.select_related(
        "structure", "contract", "third_party__structure", "third_party__contract"
    )


def _after(rows: QuerySet[Designation], after: str) -> QuerySet[Designation]:
    if not after:
        return rows
    last = Designation.objects.filter(reference=after).values_list("pk", flat=True).first()
    return rows.filter(pk__gt=last or 0)


def _all_obtained(designations: Collection[int]) -> QuerySet[Certificate]:
    return Certificate.objects.filter(
        habilitation__versions__designation__designation__in=designations,
        habilitation_version=F("habilitation__versions__number"),
    ).exclude(state__in=("intended", "abandoned"))


def _obtained(designations: Collection[int], at: datetime) -> QuerySet[Certificate]:
    return _all_obtained(designations).filter(state__in=_LIVE, revocation=None, not_after__gt=at)


def _counts_of(designations: Collection[int], at: datetime) -> dict[int, dict[str, Any]]:
    """For each designation, its certificates in service, those that end soon, and when the first one does."""
    rows = (
        _obtained(designations, at)
        .order_by()
        .values(designated=F("habilitation__versions__designation__designation"))
        .annotate(
            live=Count("pk"), ending=Count("pk", filter=Q(not_after__lt=at + ENDING)), first=Min("not_after")
        )
    )
    return {row["designated"]: dict(row) for row in rows}


def _in_hand(designations: Collection[int]) -> dict[int, int]:
    """How many technical parts the team has in hand, for each designation."""
    rows = (
        Entrusting.objects.filter(designation__in=designations, ended_at=None)
        .order_by()
        .values_list("designation_id", flat=False)
        .annotate(count=Count("pk"))
    )
    return {designation: count for designation, count in rows if designation is not None}


def _obtained_line(row: Any, people: dict[str, str], at: datetime) -> ObtainedLine:
    names = sorted(row.names.all(), key=lambda one: one.position)
    return ObtainedLine(
        reference=row.reference,
        product=row.product,
        names=tuple(one.value for one in names),
        not_after=row.not_after,
        is_live=row.state in _LIVE and not hasattr(row, "revocation") and row.not_after > at,
        right=row.habilitation.reference,
        person=people.get(_keeper(row), _keeper(row)),
        designation_version=row.designated,
    )


def _keeper(row: Any) -> str:
    """Who looks after it now: whom it was handed over to, or who asked for it."""
    return str(row.custody.person.national_id if hasattr(row, "custody") else row.asked_by)
