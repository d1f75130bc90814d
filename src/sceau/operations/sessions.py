"""Sessions of the portal: noted when one is opened, ended by whose they are. Never by anybody else's hand.

Who may open one, the portal decides at its door; this keeps the list and tells the journal of an end that was
asked for.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session

from sceau.operations.acts import Act, acting, writing
from sceau.operations.machine import Actor
from sceau.operations.standing import require_person
from sceau.records import session_reference
from sceau.records.models import OpenSession
from sceau.vocabulary import Finding, Refused

_KEPT = timedelta(days=2)  # no session lasts so long


def note_session(actor: Actor, *, session_key: str, means: str, place: str, device: str) -> datetime:
    """Put a session that was just opened on its owner's list; gives when. `place` is an address, `device` the
    browser's own word: both are shown, neither is believed.
    """
    with writing() as at:
        OpenSession.objects.filter(opened_at__lt=at - _KEPT).delete()
        Session.objects.filter(expire_date__lt=at).delete()
        OpenSession.objects.create(
            session_key=session_key,
            person_id=actor.person_id,
            means=means,
            card_number=actor.card or "",
            opened_at=at,
            place=_harmless(place, 60),
            device=_harmless(device, 160),
        )
    return at


def spend(session_key: str) -> bool:
    """Take away what is kept under this key; whether it was there. Of two who ask at once, one is told so."""
    taken, _ = Session.objects.filter(session_key=session_key).delete()
    return taken == 1


def end_session(actor: Actor, *, reference: str) -> None:
    """End one of the actor's own sessions, at once. Raises `Refused` for any other."""
    with acting(actor, "session.ended") as act:
        person = require_person(act)
        act.about(f"person/{person.pk}")
        rows = [one for one in _own(person.national_id) if session_reference(one.session_key) == reference]
        if not _end(act, rows):
            raise Refused([Finding.error("session.ended-elsewhere", "session")])


def end_every_session(actor: Actor, *, but: str = "") -> int:
    """End all the actor's sessions, but the one with the key `but`; gives how many there were."""
    with acting(actor, "session.ended") as act:
        person = require_person(act)
        act.about(f"person/{person.pk}")
        ended = _end(act, [one for one in _own(person.national_id) if one.session_key != but])
        if not ended:
            act.unchanged()
    return ended


def _own(person_id: str) -> list[OpenSession]:
    return list(OpenSession.objects.select_for_update().filter(person_id=person_id))


def _end(act: Act, rows: list[OpenSession]) -> int:
    keys = [one.session_key for one in rows]
    ended, _ = Session.objects.filter(session_key__in=keys).delete()
    OpenSession.objects.filter(session_key__in=keys).delete()
    act.tell(count=ended)
    return ended


def _harmless(text: str, most: int) -> str:
    return "".join(one if one.isprintable() else " " for one in text)[:most].strip()
