"""Third parties and their teams, as people see them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from sceau.records.designation_views import (
    MemberLine,
    ThirdPartyLine,
)
from sceau.records.models import Person, TeamMember, ThirdParty
from sceau.records.queries.people import contracts_naming
from sceau.registration import ContractState, MemberState


def third_party_line(reference: str, *, at: datetime | None = None) -> ThirdPartyLine | None:
    """A third party by its reference; without `at` its contract is taken as in force."""
    found = _party_lines(ThirdParty.objects.filter(reference=reference), at)
    return found[0] if found else None


def list_third_parties(
    *, at: datetime, text: str = "", in_force: bool = False, after: str = "", limit: int = 200
) -> tuple[ThirdPartyLine, ...]:
    """Third parties by name, for those who choose one, and for the desk."""
    rows = ThirdParty.objects.order_by("structure__name", "id")
    if text:
        rows = rows.filter(Q(structure__name__icontains=text) | Q(reference=text))
    if after:
        rows = rows.filter(structure__name__gt=after)
    lines = _party_lines(rows[:limit], at)
    return tuple(line for line in lines if line.is_in_force or not in_force)


def parties_of_viewer(viewer: str, *, at: datetime) -> Q:
    """The condition on third parties: their contract names this person, or they are on the team."""
    on_team = Q(members__person__national_id=viewer, members__state=MemberState.ACTIVE)
    return on_team | Q(contract__in=contracts_naming(viewer, at=at))


def is_representative(reference: str, *, viewer: str, at: datetime) -> bool:
    """Whether this person speaks for the third party, as its contract says."""
    found = ThirdParty.objects.filter(reference=reference, contract__in=contracts_naming(viewer, at=at))
    return found.exists()


def member_line(reference: str) -> MemberLine | None:
    """A member by reference."""
    found = member_lines(TeamMember.objects.filter(reference=reference))
    return found[0] if found else None


def team_of(third_party: str, *, states: Iterable[str] = ()) -> tuple[MemberLine, ...]:
    """A third party's team, in the order they came; everybody ever proposed when `states` is empty."""
    rows = TeamMember.objects.filter(third_party__reference=third_party)
    wanted = list(states)
    return member_lines(rows.filter(state__in=wanted) if wanted else rows)


def members_to_check(*, limit: int = 50) -> tuple[MemberLine, ...]:
    """Who waits for the desk, oldest first."""
    return member_lines(TeamMember.objects.filter(state=MemberState.PROPOSED), limit=limit)


def member_lines(rows: QuerySet[TeamMember], *, limit: int = 500) -> tuple[MemberLine, ...]:
    """Members as lines, oldest first, in a fixed number of statements."""
    kept = list(
        rows.select_related("person", "third_party__structure", "departure")
        .prefetch_related("checks")
        .order_by("id")[:limit]
    )
    names = names_of_people(
        person for row in kept for person in (row.proposed_by, *(one.officer for one in row.checks.all()))
    )
    return tuple(
        MemberLine(
            reference=row.reference,
            third_party=row.third_party.reference,
            third_party_name=row.third_party.structure.name,
            person_id=row.person.national_id,
            person=f"{row.person.given_names} {row.person.surname}".strip(),
            card_number=row.card_number,
            email=row.email,
            state=row.state,
            proposed_by=names.get(row.proposed_by, row.proposed_by),
            proposed_at=row.proposed_at,
            changed_at=row.changed_at,
            checks=tuple(names.get(one.officer, one.officer) for one in row.checks.all()),
            checked_by=tuple(one.officer for one in row.checks.all()),
            reason=row.reason,
            departure=row.departure.reference if hasattr(row, "departure") else "",
        )
        for row in kept
    )


def names_of_people(ids: Iterable[str]) -> dict[str, str]:
    """How these people (national identifiers) are called."""
    wanted = {one for one in ids if one}
    rows = Person.objects.filter(national_id__in=wanted) if wanted else Person.objects.none()
    return {row.national_id: f"{row.given_names} {row.surname}".strip() for row in rows}


def _party_lines(rows: QuerySet[ThirdParty], at: datetime | None) -> list[ThirdPartyLine]:
    counted = rows.select_related("structure", "contract").annotate(
        clients=Count("designations", filter=Q(designations__state="active"), distinct=True),
        active=Count("members", filter=Q(members__state="active"), distinct=True),
        waiting=Count("members", filter=Q(members__state="proposed"), distinct=True),
    )
    return [
        ThirdPartyLine(
            reference=row.reference,
            name=row.structure.name,
            structure_id=row.structure.national_id,
            kind=row.kind,
            contract=row.contract.number,
            is_in_force=at is None or row.contract.state_at(at) is ContractState.ACTIVE,
            clients=row.clients,
            members=row.active,
            waiting=row.waiting,
        )
        for row in counted
    ]
