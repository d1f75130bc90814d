"""Technical parts put in other hands, as the draft's owner, who has them in hand, and the order's readers see
them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from sceau.records.designation_views import DesignationLine
from sceau.records.draft_views import EntrustedLine
from sceau.records.models import Contract, Designation, DesignationVersion, Entrusting, ThirdParty
from sceau.records.queries.designations import designation_lines
from sceau.records.queries.people import cards_of, contracts_naming
from sceau.records.queries.teams import names_of_people, parties_of_viewer
from sceau.registration import DesignationState


def in_hands_of(viewer: str, *, at: datetime) -> QuerySet[Entrusting]:
    """Those that this person has in hand now: named themselves, or of the team of a designation that stands
    and lets it fill section 4.
    """
    named = Q(person_id=viewer) | Q(card_number__in=cards_of(viewer), card_number__gt="")
    parties = list(ThirdParty.objects.filter(parties_of_viewer(viewer, at=at)).values_list("pk", flat=True))
    teams = Entrusting.objects.none()
    if parties:
        teams = Entrusting.objects.filter(
            ended_at=None,
            designation__third_party__in=parties,
            designation__state=DesignationState.ACTIVE,
        ).select_related("designation__contract", "designation__third_party__contract")
    standing = [row.pk for row in teams if _may_fill(row, at)]
    return Entrusting.objects.filter(Q(designation=None) & named | Q(pk__in=standing), ended_at=None)


def fillers_for(contract: str, *, at: datetime) -> tuple[DesignationLine, ...]:
    """The designations under this contract whose third party may fill section 4 today."""
    rows = Designation.objects.select_related(
        "structure", "contract", "third_party__structure", "third_party__contract"
    ).filter(contract__number=contract, state=DesignationState.ACTIVE)
    lines = designation_lines(rows.order_by("third_party__structure__name", "id")[:50], at=at)
    return tuple(one for one in lines if one.is_in_force and one.terms is not None and one.terms.may_fill)


def speaks_under(viewer: str, contract: str, *, at: datetime) -> bool:
    """Whether the contract of this number names this person today."""
    return (
        bool(viewer)
        and Contract.objects.filter(pk__in=contracts_naming(viewer, at=at), number=contract).exists()
    )


def entrusted_lines(rows: Iterable[Entrusting]) -> tuple[EntrustedLine, ...]:
    """In whose hands, since when, until when, and how it came back; in a fixed number of statements."""
    kept = list(rows)
    writers = names_of_people(one for row in kept for one in row.writers)
    names = names_of_people(row.draft.owner for row in kept)
    return tuple(
        EntrustedLine(
            draft=row.draft.reference,
            state=row.draft.state,
            order=row.draft.became.reference if row.draft.became else "",
            owner=names.get(row.draft.owner, row.draft.owner),
            helper=row.card_number or row.person_id,
            designation="" if row.designation is None else row.designation.reference,
            third_party="" if row.designation is None else row.designation.third_party.structure.name,
            writers=tuple(writers.get(one, one) for one in row.writers),
            at=row.at,
            ended_at=row.ended_at,
            returned=row.returned,
            word=row.word,
            answer=row.answer,
        )
        for row in kept
    )


def entrusted_of(*, draft: str = "", order: str = "", designation: str = "") -> tuple[EntrustedLine, ...]:
    """Every time that section 4 of a draft, of an order (by all the drafts that became it), or under a
    designation, was put in other hands; oldest first, the last hundred.
    """
    rows = Entrusting.objects.select_related("draft__became", "designation__third_party__structure")
    if draft:
        rows = rows.filter(draft__reference=draft)
    if order:
        rows = rows.filter(draft__became__reference=order)
    if designation:
        rows = rows.filter(designation__reference=designation)
    return entrusted_lines(reversed(rows.order_by("-id")[:100])) if draft or order or designation else ()


def terms_of_hands(draft: str, *, at: datetime) -> DesignationLine | None:
    """The designation under which a draft's section 4 is in a team's hands now."""
    row = Entrusting.objects.filter(draft__reference=draft, ended_at=None).exclude(designation=None).first()
    if row is None or row.designation_id is None:
        return None
    rows = Designation.objects.select_related(
        "structure", "contract", "third_party__structure", "third_party__contract"
    )
    return designation_lines(rows.filter(pk=row.designation_id), at=at)[0]


def _may_fill(row: Entrusting, at: datetime) -> bool:
    designation = row.designation
    if designation is None:
        return False
    version = DesignationVersion.objects.filter(
        designation=designation, number=designation.current_version
    ).first()
    if version is None:
        return False
    version.designation = designation
    return version.may_fill and version.is_in_force(at)
