"""Habilitations as their holder, the structure's representatives and the desk see them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F, Q, QuerySet

from sceau.records.models import Habilitation, HabilitationVersion
from sceau.records.queries.people import contracts_naming
from sceau.records.views import HabilitationFile, HabilitationLine, StructureLine
from sceau.registration import HABILITATION_LIFE, ContractState, HabilitationState, HabilitationStatus

_MOST_LISTED = 1_000


def habilitations_of(person_id: str, *, at: datetime) -> tuple[HabilitationLine, ...]:
    """The rights of a person, those that no longer serve included, with what they are worth at `at`."""
    if not person_id:
        return ()
    return _lines(
        _present().filter(habilitation__person__national_id=person_id).order_by("habilitation_id"), at
    )


def list_habilitations(
    *, at: datetime, structure_id: str = "", state: str = "", after: str = "", limit: int = 50
) -> tuple[HabilitationLine, ...]:
    """Rights, for the desk, oldest first."""
    found = _present()
    if structure_id:
        found = found.filter(habilitation__structure__national_id=structure_id)
    if state:
        found = found.filter(habilitation__state=state)
    last = HabilitationVersion.objects.filter(habilitation__reference=after).first() if after else None
    if last is not None:
        found = found.filter(habilitation_id__gt=last.habilitation_id)
    return _lines(found.order_by("habilitation_id")[:limit], at)


def habilitation_file(reference: str, *, at: datetime) -> HabilitationFile | None:
    """A right with its history, for the desk."""
    return _file(_present().filter(habilitation__reference=reference), at)


def habilitation_for(reference: str, *, viewer: str, at: datetime) -> HabilitationFile | None:
    """The right if it belongs to `viewer`, or to a structure whose contract names `viewer`."""
    if not viewer:
        return None
    theirs = Q(habilitation__person__national_id=viewer) | Q(contract_id__in=contracts_naming(viewer, at=at))
    return _file(_present().filter(theirs, habilitation__reference=reference), at)


def _present() -> QuerySet[HabilitationVersion]:
    """The present version of each right."""
    return HabilitationVersion.objects.filter(number=F("habilitation__current_version")).select_related(
        "habilitation__person",
        "habilitation__structure",
        "order",
        "contract",
        "designation__designation__contract",
        "designation__designation__third_party__contract",
    )


def _lines(versions: Iterable[HabilitationVersion], at: datetime) -> tuple[HabilitationLine, ...]:
    return tuple(_line(version, at) for version in versions)


def _line(version: HabilitationVersion, at: datetime) -> HabilitationLine:
    right = version.habilitation
    scope = version.scope()
    stored = version.structure
    return HabilitationLine(
        reference=right.reference,
        version=version.number,
        state=right.state,
        usable=str(_usable(version, at)),
        product=right.product,
        scope_kind=version.scope_kind,
        scope_name="" if scope is None else scope.declared,
        scope_restricted=version.scope_restricted,
        scope_words="" if scope is None else scope.words,
        structure=StructureLine(
            national_id=stored["national_id"],
            name=stored["name"],
            department=stored["department"],
            postcode=stored["postcode"],
            commune=stored["commune"],
            siret=stored["siret"],
            finess=stored["finess"],
        ),
        person_id=right.person.national_id,
        person=f"{right.person.given_names} {right.person.surname}".strip(),
        card_number=version.card_number,
        order_reference=version.order.reference,
        order_version=version.order_version,
        contract_number=version.contract.number,
        valid_until=version.valid_until,
        designation="" if version.designation is None else version.designation.designation.reference,
        designation_version=0 if version.designation is None else version.designation.number,
    )


def _usable(version: HabilitationVersion, at: datetime) -> HabilitationStatus:
    """The right's status; *expired* too when its contract no longer lets anything be ordered."""
    status = version.status(at)
    if status is HabilitationStatus.APPROVED and version.contract.state_at(at) is not ContractState.ACTIVE:
        return HabilitationStatus.EXPIRED
    return status


def _latest(right: Habilitation) -> tuple[str, ...]:
    rows = right.certificates.order_by("-habilitation_id", "-id")
    return tuple(rows.values_list("reference", flat=True)[:_MOST_LISTED])


def _file(found: QuerySet[HabilitationVersion], at: datetime) -> HabilitationFile | None:
    version = found.first()
    if version is None:
        return None
    right = version.habilitation
    return HabilitationFile(
        line=_line(version, at),
        versions=tuple(right.versions.order_by("number").values_list("number", flat=True)),
        certificates=_latest(right),
        reason=right.reason,
        events=tuple(str(event) for event in HABILITATION_LIFE.events(HabilitationState(right.state))),
    )
