"""Who is to have which role, and which passkeys open the door."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sceau.records.models import Passkey, PasskeyInvitation, Person, RoleProposal
from sceau.records.officer_views import InvitationLine, PasskeyFacts, PasskeyLine, ProposalLine
from sceau.records.queries.people import as_person_line

_SHOWN = 100
_LOOKED_BACK = timedelta(days=90)


def role_proposals(*, at: datetime) -> tuple[ProposalLine, ...]:
    """What waits for its second person, then what was decided in the last ninety days, newest first."""
    rows = RoleProposal.objects.filter(asked_at__gt=at - _LOOKED_BACK) | RoleProposal.objects.filter(
        state="asked"
    )
    found = rows.select_related("person").prefetch_related("person__roles").order_by("-asked_at", "-id")
    several = list(found[:_SHOWN])
    names = _names([one.asked_by for one in several] + [one.decided_by for one in several])
    lines = (
        ProposalLine(
            reference=row.reference,
            person=as_person_line(row.person),
            quality=row.quality,
            event=row.event,
            reason=row.reason,
            state=row.state,
            asked_by=row.asked_by,
            asked_by_name=names.get(row.asked_by, row.asked_by),
            asked_at=row.asked_at,
            decided_by_name=names.get(row.decided_by, row.decided_by),
            decided_at=row.decided_at,
        )
        for row in several
    )
    return tuple(sorted(lines, key=lambda one: one.state != "asked"))


def passkey_invitations(*, at: datetime) -> tuple[InvitationLine, ...]:
    """Invitations of the last ninety days, those that wait first, then newest first."""
    rows = PasskeyInvitation.objects.filter(asked_at__gt=at - _LOOKED_BACK).select_related("person")
    several = list(rows.prefetch_related("person__roles").order_by("-asked_at", "-id")[:_SHOWN])
    names = _names([one.asked_by for one in several] + [one.decided_by for one in several])
    lines = (
        InvitationLine(
            reference=row.reference,
            person=as_person_line(row.person),
            recovers=row.recovers,
            reason=row.reason,
            state=_standing(row, at),
            asked_by=row.asked_by,
            asked_by_name=names.get(row.asked_by, row.asked_by),
            asked_at=row.asked_at,
            decided_by_name=names.get(row.decided_by, row.decided_by),
            valid_until=row.valid_until,
        )
        for row in several
    )
    return tuple(sorted(lines, key=lambda one: one.state != "asked"))


def passkeys_of(person_id: str = "") -> tuple[PasskeyLine, ...]:
    """Somebody's passkeys, or everybody's that still open something; those that hold first, then by date."""
    rows = Passkey.objects.select_related("person").prefetch_related("person__roles")
    rows = rows.filter(person__national_id=person_id) if person_id else rows.filter(ended_at=None)
    lines = (
        PasskeyLine(
            reference=row.reference,
            person=as_person_line(row.person),
            name=row.name,
            backed_up=row.backed_up,
            made_at=row.made_at,
            used_at=row.used_at,
            ended_at=row.ended_at,
            ended_why=row.ended_why,
        )
        for row in rows.order_by("person__surname", "person__given_names", "made_at", "id")[:500]
    )
    return tuple(sorted(lines, key=lambda one: one.ended_at is not None))


def passkey_facts(*, credential: bytes = b"", reference: str = "") -> PasskeyFacts | None:
    """The passkey of that credential or reference, if it has not ended."""
    rows = Passkey.objects.select_related("person").filter(ended_at=None)
    if credential:
        rows = rows.filter(credential_sha256=hashlib.sha256(credential).hexdigest())
    row = rows.filter(reference=reference).first() if reference else (rows.first() if credential else None)
    if row is None:
        return None
    return PasskeyFacts(
        reference=row.reference,
        person_id=row.person.national_id,
        credential=bytes(row.credential),
        public_key=bytes(row.public_key),
        user_handle=bytes(row.user_handle),
        sign_count=row.sign_count,
    )


def _standing(row: PasskeyInvitation, at: datetime) -> str:
    past = row.state == "open" and row.valid_until is not None and row.valid_until < at
    return "over" if past else row.state


def _names(identifiers: list[str]) -> dict[str, str]:
    people = Person.objects.filter(national_id__in=[one for one in set(identifiers) if one])
    return {one.national_id: f"{one.given_names} {one.surname}".strip() for one in people}
