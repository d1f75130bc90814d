"""Somebody leaves a third party's team: what they looked after, for every client, gets one decision each,
within the team. The list is a departure like an administrator's; the rights went with the removal.
"""

from __future__ import annotations

from sceau.operations.acts import Act
from sceau.operations.references import DEPARTURE, draw_reference
from sceau.records import left_to_team
from sceau.records.models import Departure, DepartureLine, TeamMember, ThirdParty
from sceau.registration import DepartureState

_SLICE = 500


def open_team_departure(act: Act, row: TeamMember, party: ThirdParty) -> str:
    """The list of the certificates in service that a member who is being removed looks after; its reference,
    empty when there is none.
    """
    certificates = list(left_to_team(row.person.national_id, party.pk, at=act.at))
    if not certificates:
        return ""
    made = Departure.objects.create(
        reference=draw_reference(DEPARTURE, act.machine.random),
        structure=party.structure,
        person=row.person,
        member=row,
        state=DepartureState.OPEN,
        reason=row.reason,
        opened_by=act.actor.person_id,
        opened_card=act.actor.in_hand,
        opened_at=act.at,
    )
    lines = [DepartureLine(departure=made, certificate=one) for one in certificates]
    DepartureLine.objects.bulk_create(lines, batch_size=_SLICE)
    public = {"member": row.reference, "certificates": len(certificates)}
    about = made.reference, row.reference, party.reference
    act.also("team.left", *about, public=public, personal={"person": row.person.national_id})
    return made.reference
