"""Who is visiting: nobody known, the holder of a card, or whom Pro Santé Connect named, for as long as the
session and what it was made with stand.

A session made with a card is bound to that very certificate: it only lives on the listener that asks for
cards, on connections that prove the same certificate [ASSURANCE T07]. The card is read again at each request,
under the lists and the register of that moment, so that a card opposed in mid-session opens nothing more
[T03]. A session of Pro Santé Connect lives on the public listener, wears no hat but the holder's, and ends
when none of the person's cards is valid any more [decision 16]. A session of a passkey lives there too, wears
an officer's hat only, and ends with the passkey or the last role. Who has several hats wears one at a time.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from sceau.identity import CardHolder
from sceau.operations import Actor, machine, note_session
from sceau.portal.door import TlsFacts, doorkeeper, tls_facts
from sceau.portal.hats import CHOICES, Hat
from sceau.portal.psc_door import psc_door
from sceau.records import card_line, passkey_facts, roles_of, valid_cards_of
from sceau.vocabulary import Finding, errors

_STORED = "visitor"


class Means(StrEnum):
    """How a visitor was recognised."""

    CARD = "card"
    DRAWER = "drawer"
    PSC = "psc"
    PASSKEY = "passkey"


ON_PUBLIC_LISTENER = frozenset({Means.PSC, Means.PASSKEY})


@dataclass(frozen=True, slots=True)
class Visitor:
    """A visitor at this request. `actor` is None for nobody known; `finding` says why a session has just
    ended. `hat` is the one worn, `choices` those that could be; `roles` what the worn one is at the desk.
    """

    hats: frozenset[Hat]
    actor: Actor | None = None
    display: str = ""
    card_type: str = ""
    card_number: str = ""
    by_drawer: bool = False
    finding: Finding | None = None
    elsewhere: bool = False
    roles: frozenset[str] = field(default_factory=frozenset)
    means: Means | None = None
    proven_at: datetime | None = None
    hat: Hat | None = None
    choices: tuple[Hat, ...] = ()

    @property
    def known(self) -> bool:
        """Whether somebody recognised is behind this request."""
        return self.actor is not None

    @property
    def person_id(self) -> str:
        """The national identifier of who asks; empty for nobody, and then nothing is anybody's."""
        return self.actor.person_id if self.actor else ""


NOBODY = Visitor(frozenset({Hat.ANYBODY}))


class PortalRequest(HttpRequest):
    """A request that went through `VisitorMiddleware`."""

    visitor: Visitor
    scope: dict[str, Any]


def facts_of(request: HttpRequest) -> TlsFacts:
    """What the TLS layer knows of the connection behind this request."""
    return tls_facts(getattr(request, "scope", {}))


def actor_of(request: PortalRequest) -> Actor:
    """Who acts. Only for pages whose hats need a card; without one this is a defect, never a right."""
    if request.visitor.actor is None:
        raise LookupError("a page for card holders was opened without one")
    return request.visitor.actor


def let_in(
    request: HttpRequest, *, actor: Actor, holder: CardHolder, card_type: str, by_drawer: bool
) -> None:
    """Begin a session for `actor`, under a new key, with nothing kept of a session before."""
    named = actor if actor.display else replace(actor, display=f"{holder.given_names} {holder.surname}")
    stored = {"type": card_type, "certificate": holder.certificate_sha256, "drawer": by_drawer}
    means = Means.DRAWER if by_drawer else Means.CARD
    _begin(request, named, means, {**stored, "until": holder.not_after})


def let_in_by_psc(request: HttpRequest, *, actor: Actor, proven_at: datetime) -> None:
    """Begin a session for whom Pro Santé Connect named at `proven_at`, as `let_in` does for a card."""
    _begin(request, actor, Means.PSC, {"proven": proven_at.isoformat()})


def let_in_by_passkey(request: HttpRequest, *, actor: Actor) -> None:
    """Begin a session for the officer whose passkey has just been verified."""
    _begin(request, actor, Means.PASSKEY, {"passkey": actor.passkey})


def _begin(request: HttpRequest, actor: Actor, means: Means, stored: dict[str, Any]) -> None:
    """`until` in `stored` is when what the session was made with ends."""
    request.session.flush()
    request.session.cycle_key()
    now, longest = machine().clock(), machine().catalogue.entrance.session.longest
    until = min(now + longest, stored.pop("until", now + longest))
    request.session[_STORED] = {
        "means": means.value,
        "person": actor.person_id,
        "card": actor.card or "",
        "type": "",
        "display": actor.display,
        "certificate": "",
        "drawer": False,
        "passkey": "",
        "hat": "",
        "seen": now.isoformat(),
        "proven": now.isoformat(),
        **stored,
        "until": until.isoformat(),
    }
    request.session.save()
    note_session(
        actor,
        session_key=request.session.session_key or "",
        means=means.value,
        place=request.META.get("REMOTE_ADDR") or "",
        device=request.META.get("HTTP_USER_AGENT", ""),
    )


def prove_again(request: PortalRequest) -> None:
    """Note that who visits has just been recognised anew."""
    stored = request.session[_STORED]
    request.session[_STORED] = {**stored, "proven": machine().clock().isoformat()}


def wear(request: PortalRequest, hat: str) -> bool:
    """Put on one of the hats that the visitor has; whether it is one of them."""
    if hat not in request.visitor.choices:
        return False
    request.session[_STORED] = {**request.session[_STORED], "hat": hat}
    return True


def show_out(session: SessionBase) -> None:
    """End the session, here and in the database."""
    session.flush()


def visitor_of(request: HttpRequest) -> Visitor:
    """Who is behind this request. A session that no longer holds is ended, and the visitor carries why."""
    stored = request.session.get(_STORED)
    if not isinstance(stored, dict):
        return NOBODY
    now = machine().clock()
    means = Means(stored["means"])
    if facts_of(request).asks_for_cards and means in ON_PUBLIC_LISTENER:
        return NOBODY
    if not facts_of(request).asks_for_cards and means is Means.CARD:
        return Visitor(NOBODY.hats, elsewhere=True)
    finding = _WHY.get(means, _why_it_ended)(request, stored, now)
    if finding is not None:
        show_out(request.session)
        return Visitor(NOBODY.hats, finding=finding)
    _touch(request.session, stored, now)
    return _known(stored, means)


def _why_psc_ended(_request: HttpRequest, stored: dict[str, Any], now: datetime) -> Finding | None:
    if psc_door() is None or _is_over(stored, now):
        return Finding.error("session.ended", "session")
    return None if valid_cards_of(stored["person"], at=now) else Finding.error("psc.no-card", "session")


def _why_passkey_ended(_request: HttpRequest, stored: dict[str, Any], now: datetime) -> Finding | None:
    if _is_over(stored, now):
        return Finding.error("session.ended", "session")
    held = passkey_facts(reference=stored["passkey"])
    if held is None or held.person_id != stored["person"] or not roles_of(stored["person"]):
        return Finding.error("session.passkey-ended", "session")
    return None


_WHY = {Means.PSC: _why_psc_ended, Means.PASSKEY: _why_passkey_ended}


def _is_over(stored: dict[str, Any], now: datetime) -> bool:
    seen, until = (datetime.fromisoformat(stored[key]) for key in ("seen", "until"))
    idle = machine().catalogue.entrance.session.idle
    return now > until or now - seen > idle or now < seen - timedelta(minutes=5)


def _why_it_ended(request: HttpRequest, stored: dict[str, Any], now: datetime) -> Finding | None:
    """The card first: who stole a cookie learns nothing of the session's age."""
    certificate = _certificate_of(request, stored)
    if isinstance(certificate, Finding):
        return certificate
    if _is_over(stored, now):
        return Finding.error("session.ended", "session")
    card = card_line(stored["card"], at=now)
    if card is None or card.status != "valid" or card.person.national_id != stored["person"]:
        return Finding.error("session.card-no-longer-valid", "session")
    return next(iter(errors(doorkeeper().read(certificate, at=now).findings)), None)


def _certificate_of(request: HttpRequest, stored: dict[str, Any]) -> bytes | Finding:
    """The certificate (DER) that this session was made with, as the connection proves it now (or as the
    drawer holds it); else why the session ends.
    """
    if stored["drawer"]:
        cards = doorkeeper().drawer if settings.SCEAU_TEST_CARDS else ()
        held = (one.certificate for one in cards if _digest(one.certificate) == stored["certificate"])
        return next(held, None) or Finding.error("session.ended", "session")
    presented = facts_of(request).peer_certificate
    if presented is None:
        return Finding.error("session.card-removed", "session")
    if _digest(presented) != stored["certificate"]:
        return Finding.error("session.other-card", "session")
    return presented


def _digest(certificate: bytes) -> str:
    return hashlib.sha256(certificate).hexdigest()


def _touch(session: SessionBase, stored: dict[str, Any], now: datetime) -> None:
    """Push the idle limit, writing at most once a minute."""
    if now - datetime.fromisoformat(stored["seen"]) > timedelta(minutes=1):
        session[_STORED] = {**stored, "seen": now.astimezone(UTC).isoformat()}


def _known(stored: dict[str, Any], means: Means) -> Visitor:
    choices = _choices(stored, means)
    hat = next((one for one in choices if one == stored.get("hat")), choices[0])
    roles = frozenset({hat.value}) - {Hat.HOLDER.value}
    hats = {Hat.ANYBODY, hat}
    if hat is Hat.HOLDER and stored["type"] == "CPS":
        hats.add(Hat.PROFESSIONAL)
    actor = Actor(
        stored["person"],
        stored["card"] or None,
        roles,
        stored["display"],
        passkey=stored.get("passkey", ""),
        hat=hat.value if roles or len(choices) > 1 else "",
    )
    return Visitor(
        hats=frozenset(hats),
        actor=actor,
        display=stored["display"],
        card_type=stored["type"],
        card_number=stored["card"],
        by_drawer=stored["drawer"],
        roles=roles,
        means=means,
        proven_at=datetime.fromisoformat(stored["proven"]),
        hat=hat,
        choices=choices,
    )


def _choices(stored: dict[str, Any], means: Means) -> tuple[Hat, ...]:
    """The hats this visitor may wear: the holder's with a card or Pro Santé Connect, those of the roles held
    now with a card or a passkey.
    """
    roles = frozenset() if means is Means.PSC else roles_of(stored["person"])
    is_holder = means is not Means.PASSKEY
    return tuple(one for one in CHOICES if one.value in roles or (one is Hat.HOLDER and is_holder))
