"""What ends with an officer's leave: their passkeys, and the sessions they opened. Inside the ending act."""

from __future__ import annotations

from django.contrib.sessions.models import Session

from sceau.operations.acts import Act
from sceau.records.models import OpenSession, Passkey, PasskeyInvitation, Person


def end_passkeys(act: Act, person: Person, *, why: str) -> int:
    """Revoke every passkey of this person that still opens something, with what it opened, and tell the
    journal of each; gives how many there were.
    """
    rows = list(Passkey.objects.select_for_update().filter(person=person, ended_at=None))
    for row in rows:
        end_passkey(act, row, person, why=why)
    return len(rows)


def end_passkey(act: Act, row: Passkey, person: Person, *, why: str) -> None:
    """Revoke one, for good, and end the sessions that it opened."""
    row.ended_at, row.ended_by, row.ended_why = act.at, act.actor.person_id, why
    row.save(update_fields=["ended_at", "ended_by", "ended_why"])
    sessions = _end_sessions(person.national_id, row.reference)
    act.also("passkey.revoked", row.reference, f"person/{person.pk}", public={"sessions": sessions})


def drop_invitations(person: Person) -> None:
    """Drop the invitations of this person that are not used yet."""
    waiting = PasskeyInvitation.objects.select_for_update().filter(person=person, state__in=("asked", "open"))
    for invitation in waiting:
        invitation.state = "dropped"
        invitation.save(update_fields=["state"])


def _end_sessions(person_id: str, opened_with: str) -> int:
    rows = OpenSession.objects.filter(person_id=person_id, card_number=opened_with)
    keys = [one.session_key for one in rows]
    ended, _ = Session.objects.filter(session_key__in=keys).delete()
    OpenSession.objects.filter(session_key__in=keys).delete()
    return ended
