"""A form that was sent and waits for its sender's proof: kept sealed for a few minutes, taken once, by whom
it is of only. What is in it, and with which key it is sealed, this room does not know.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from sceau.operations.acts import writing
from sceau.operations.machine import Actor, machine
from sceau.records.models import KeptForm

_MOST_KEPT = 3
"""Of one person at a time: a fourth form takes the oldest one's place."""


def keep_form(person_id: str, *, reference: str, session_key: str, path: str, sealed: bytes) -> datetime:
    """Keep what was sealed under `reference`, for this person in this session (empty: theirs is over, and the
    next one that they begin takes it along); gives until when (UTC).
    """
    with writing() as at:
        until = at + machine().catalogue.entrance.session.kept
        KeptForm.objects.filter(until__lt=at).delete()
        own = KeptForm.objects.filter(person_id=person_id).order_by("-until", "-id")
        KeptForm.objects.filter(pk__in=[one.pk for one in own[_MOST_KEPT - 1 :]]).delete()
        KeptForm.objects.create(
            reference=reference,
            session=_digest(session_key),
            person_id=person_id,
            path=path[:500],
            sealed=sealed,
            until=until,
        )
    return until


def hand_on_form(actor: Actor, *, reference: str, session_key: str) -> str:
    """The same person came in anew: what they had kept goes along to their new session. Gives the path that
    the form is for, empty when nothing is kept.
    """
    with writing() as at:
        row = KeptForm.objects.filter(reference=reference, person_id=actor.person_id, until__gte=at).first()
        if row is None:
            return ""
        row.session = _digest(session_key)
        row.save(update_fields=["session"])
    return row.path


def take_form(actor: Actor, *, reference: str, session_key: str, path: str) -> bytes | None:
    """What was sealed, gone with it: for the same person, session and path, in time. None for any other."""
    with writing() as at:
        found = KeptForm.objects.select_for_update().filter(
            reference=reference,
            person_id=actor.person_id,
            session=_digest(session_key),
            path=path[:500],
            until__gte=at,
        )
        row = found.first()
        if row is None:
            return None
        sealed = bytes(row.sealed)
        row.delete()
    return sealed


def _digest(session_key: str) -> str:
    return hashlib.sha256(b"kept form\0" + session_key.encode()).hexdigest()
