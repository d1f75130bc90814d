"""The designations of a structure that changes, on its plan: those it made and, of a third party, those made
of it. What is answered for each is checked when the plan is decided, and done on the day of the change.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Q, QuerySet

from sceau.operations.acts import Act
from sceau.operations.delegation.following import (
    end_with_change,
    follow_with_change,
    move_third_party,
)
from sceau.operations.delegation.team_rights import team_rights_of
from sceau.records.models import (
    Designation,
    Structure,
    StructureChange,
    StructureChangeLine,
    ThirdParty,
)
from sceau.registration import (
    ChangeThing,
    DesignationState,
    PlannedDesignation,
    check_designation,
)
from sceau.vocabulary import Finding

_OPEN = (DesignationState.PREPARED, DesignationState.OFFERED, DesignationState.ACTIVE)


def designations_of(structure: Structure) -> QuerySet[Designation]:
    """Those that are not over and that this structure made, or that were made of it."""
    either = Q(structure=structure) | Q(third_party__structure=structure)
    return Designation.objects.filter(either, state__in=_OPEN).order_by("id")


def check_designations(row: StructureChange) -> list[Finding]:
    """Why the designations that are to follow cannot, as the plan stands."""
    answers = dict(row.lines.filter(thing=ChangeThing.CONTRACT).values_list("reference", "answer"))
    wanted = row.lines.filter(thing=ChangeThing.DESIGNATION, answer="follow").values("reference")
    rows = Designation.objects.filter(reference__in=wanted, state__in=_OPEN)
    becomes = row.becomes.get("national_id", "")
    found: list[Finding] = []
    for one in rows.select_related(
        "contract", "structure", "third_party__structure", "third_party__contract"
    ):
        found += check_designation(_planned(row, one, answers, becomes))
    return found


def _planned(
    row: StructureChange, one: Designation, answers: Mapping[str, str], becomes: str
) -> PlannedDesignation:
    is_client = one.structure_id == row.structure_id
    contract = one.contract if is_client else one.third_party.contract
    other = one.third_party.structure if is_client else one.structure
    moves = becomes != row.structure.national_id
    known = ThirdParty.objects.filter(structure__national_id=becomes).exclude(pk=one.third_party_id)
    return PlannedDesignation(
        reference=one.reference,
        contract=contract.number,
        contract_follows=answers.get(contract.number) == "follow",
        is_self=other.national_id == becomes,
        has_team=not is_client and moves and known.exists(),
    )


def settle_designations(
    act: Act, row: StructureChange, lines: Mapping[str, StructureChangeLine], why: str
) -> dict[str, str]:
    """Do what the plan answers for each of these designations (by reference); what came of each."""
    move_third_party(act, row)
    rows = Designation.objects.select_for_update(of=("self",)).select_related(
        "structure", "contract", "third_party__structure", "third_party__contract"
    )
    done = {}
    for one in rows.filter(reference__in=list(lines)).order_by("id"):
        is_to_follow = lines[one.reference].answer == "follow"
        done[one.reference] = (
            follow_with_change(act, row, one, why) if is_to_follow else end_with_change(act, one, why)
        )
    return done


def team_rights_under(references: list[str], *, of: int) -> list[str]:
    """The rights (references) that teams hold under those of these designations that a structure (its key)
    made.
    """
    rows = Designation.objects.filter(reference__in=references, structure_id=of)
    keys = rows.values_list("pk", flat=True)
    return [text.habilitation.reference for text in team_rights_of(list(keys))]
