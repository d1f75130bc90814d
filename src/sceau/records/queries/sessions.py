"""Whose sessions are open, and since when."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.contrib.sessions.models import Session

from sceau.records.models import OpenSession
from sceau.records.session_views import SessionLine


def sessions_of(person_id: str, *, at: datetime) -> tuple[SessionLine, ...]:
    """The sessions of this person that can still serve at `at`, newest first."""
    if not person_id:
        return ()
    rows = list(OpenSession.objects.filter(person_id=person_id).order_by("-opened_at", "-id")[:200])
    keys = [row.session_key for row in rows]
    alive = Session.objects.filter(session_key__in=keys, expire_date__gt=at).values_list(
        "session_key", "expire_date"
    )
    until = dict(alive)
    return tuple(
        SessionLine(
            reference=session_reference(row.session_key),
            means=row.means,
            card_number=row.card_number,
            opened_at=row.opened_at,
            silent_until=until[row.session_key],
            place=row.place,
            device=row.device,
        )
        for row in rows
        if row.session_key in until
    )


def who_had_session(session_key: str) -> str:
    """Whose session this was, over or not; empty for one that nobody had, or that was ended on purpose."""
    if not session_key:
        return ""
    found = OpenSession.objects.filter(session_key=session_key).values_list("person_id", flat=True)
    return found.first() or ""


def session_reference(session_key: str) -> str:
    """How a session is named to its owner: its key itself opens it, and is shown to nobody."""
    return hashlib.sha256(b"session\0" + session_key.encode()).hexdigest()[:20]
